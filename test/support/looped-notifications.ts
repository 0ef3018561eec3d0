import {
  BasicNotificationLoop,
  type NotifiedSubscription,
} from '../../connector/subscription/basic-notification-loop.ts';
import type { NotificationBatch } from '../../connector/subscription/notification-batch.ts';
import { NOTIFY_LIMITS } from '../../connector/subscription/notify-limits.ts';
import { NotifyMailbox, type NotifyOutcome } from '../../connector/subscription/notify-mailbox.ts';
import { fakeClock } from './fake-clock.ts';

export const SILENCE_MS = 300_000;

/** A loop over a subscription that notes what it is asked, at a mailbox that a test fills. */
export function looped({ proven = false, synchronizes = true, silenceTips = false, timeoutMs = 2_000 } = {}) {
  const clock = fakeClock();
  const abort = new AbortController();
  const asked: string[] = [];
  const silences: Error[] = [];
  const mailbox = new NotifyMailbox('http://192.0.2.1:8081/path', clock, NOTIFY_LIMITS);
  mailbox.attach({ device: 'd', addresses: { known: () => true, include: async () => true } });
  let leaseMs = 10 * SILENCE_MS;
  const state = { synchronizeFails: null as Error | null, proveFails: null as Error | null };
  const subscription: NotifiedSubscription = {
    lost: null,
    onLost: () => {},
    lease: {
      remaining: () => leaseMs - clock.monotonic(),
      until: () => 0,
      told: () => {},
      end: () => void asked.push('lease ended'),
    },
    async prove() {
      asked.push('Renew');
      if (state.proveFails) throw state.proveFails;
    },
    async synchronize() {
      asked.push('SetSynchronizationPoint');
      if (state.synchronizeFails) throw state.synchronizeFails;
    },
    unsubscribe: async () => void asked.push('Unsubscribe'),
  };
  const loop = new BasicNotificationLoop(
    subscription,
    mailbox,
    {
      ...{ clock, signal: abort.signal, timeoutMs: () => timeoutMs, farewellMs: 2_000, silenceMs: SILENCE_MS },
      synchronizes: () => synchronizes,
      onSilence(error) {
        silences.push(error);
        return silenceTips;
      },
    },
    proven,
  );
  const batches = loop[Symbol.asyncIterator]();
  const outcomes: NotifyOutcome[] = [];
  return {
    ...{ clock, abort, asked, silences, mailbox, state, subscription, loop, batches, outcomes },
    endLeaseIn: (ms: number) => {
      leaseMs = clock.monotonic() + ms;
    },
    send: (body: string) => void mailbox.offer(Buffer.from(body)).then((outcome) => outcomes.push(outcome)),
    /** The next batch, with time moving on as long as nothing happens. */
    async next(stepMs = 1_000): Promise<NotificationBatch> {
      let done = false;
      const result = batches.next();
      const over = () => {
        done = true;
      };
      result.then(over, over);
      for (let step = 0; !done && step < 2_000; step++) {
        await new Promise((resolve) => setImmediate(resolve));
        if (!done) clock.advance(stepMs);
      }
      return (await result).value as NotificationBatch;
    },
  };
}

export const settled = () => new Promise((resolve) => setImmediate(resolve));
