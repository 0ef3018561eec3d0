import type { DeviceSession } from '../device/device-session.ts';
import {
  ConnectorError,
  isAbort,
  messageOf,
  RetryNowError,
  RetrySlowlyError,
  SubscriptionLostError,
  UnsupportedError,
} from '../errors.ts';
import type { EventRecord, Gravity } from '../normalize/record.ts';
import { type ReplayRun, replayRun } from '../normalize/replay-run.ts';
import type { PullPointOptions } from '../subscription/pull-point.ts';
import type { PlannedReplay, SuspectedGap } from '../subscription/recovery.ts';
import { replay } from '../subscription/replay.ts';
import type { CommitOrder } from './commit-order.ts';
import type { ConnectedDevice } from './connected-device.ts';
import type { ReplayPosition } from './replay-position.ts';

/** What a device stored while it was not heard, on its way to the spool. */
export interface DeviceReplay {
  /** Resolves when it is over: complete, given up with a gap, or stopped. Rejects only where storing failed. */
  readonly ended: Promise<void>;
  /** What it turned out not to bring. */
  readonly loss: Gravity;
  /** There was another loss: what happened until now is to be told too. False where it is over, and cannot. */
  extend(): boolean;
  /** Resolves when its pull point was ended. What is missing stays owed. */
  stop(): Promise<void>;
}

export interface DeviceReplayOptions {
  readonly to: ConnectedDevice;
  readonly session: DeviceSession;
  readonly position: ReplayPosition;
  readonly commit: CommitOrder;
  readonly pullPointOptions: Omit<PullPointOptions, 'signal'>;
  /** Ends it. */
  readonly signal: AbortSignal;
}

interface InnerOptions extends DeviceReplayOptions {
  /** Told of what the replay does not bring. */
  readonly onLoss: (loss: Gravity) => void;
  /** Device time (ms) up to which the replay is to tell. */
  readonly until: () => number;
  /** Wall time (ms) of the last answer before the loss. */
  readonly since: number;
  /** It can still be extended. */
  isOpen: boolean;
}

/** A store of millions must not keep the device busy for ever. */
const MAX_MESSAGES = 250_000;
const TRIES = 4;
const MAX_DETAIL = 300;
const PAUSE_MS = 1_000;
/** The device's own time is known to the second; the live subscription had begun by then, ms. */
const OVERLAP_MS = 2_000;
/** Clocks that differ by less are told apart by whole seconds only, ms. */
const SAME_CLOCK_MS = 2_000;

export function startReplay(planned: PlannedReplay, options: DeviceReplayOptions): DeviceReplay {
  const { session, signal, position, to } = options;
  const abort = new AbortController();
  const stop = () => abort.abort();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const now = () => session.clock.now() + OVERLAP_MS;
  let until = now();
  let loss: Gravity = 'none';
  const inner: InnerOptions = {
    ...options,
    signal: abort.signal,
    until: () => until,
    since: planned.gap.since,
    onLoss(graver) {
      if (loss !== 'proven') loss = graver;
      to.normalizer.synchronization.worsen(graver);
    },
    isOpen: true,
  };
  position.owe(planned.gap.since, planned.from);
  const ended = run(planned, inner).finally(() => {
    inner.isOpen = false;
    signal.removeEventListener('abort', stop);
  });
  ended.catch(() => {});
  return {
    ended,
    get loss() {
      return loss;
    },
    extend() {
      if (inner.isOpen) until = now();
      return inner.isOpen;
    },
    async stop() {
      abort.abort();
      await ended.catch(() => {});
    },
  };
}

/** Tries until the replay is complete, or is no use. */
async function run(planned: PlannedReplay, options: InnerOptions): Promise<void> {
  const { to, session, signal, until } = options;
  const toWall = (deviceTime: number) => {
    const skew = session.clock.skew();
    return Math.abs(skew) < SAME_CLOCK_MS ? deviceTime : deviceTime - skew;
  };
  let from = planned.from;
  let gap: SuspectedGap = planned.gap;
  let doubtful = false;
  for (let attempt = 1; ; attempt++) {
    const part = replayRun({ from, until, now: () => session.clock.now(), since: gap.since, toWall });
    const upTo = until();
    try {
      await passOn(part, from, options);
      // There was another loss meanwhile.
      if (until() !== upTo && part.told < MAX_MESSAGES) {
        attempt = 0;
        continue;
      }
      return await end(part, missing(part), options);
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      if (!(error instanceof ConnectorError)) throw error;
      to.observer.deviceTrouble(to.device.id, 'the replay of what the device stored broke off', error);
      if (error instanceof UnsupportedError) to.habits.learn('seeks', false, error.message);
      if (error.code === 'device-exhausted') to.habits.learn('severalPullPoints', false, error.message);
      if (!isWorthAnother(error) || attempt === TRIES) {
        return await end(part, { ...left(part), detail: messageOf(error) }, options);
      }
      await to.clock.sleep(PAUSE_MS * attempt, signal).catch(() => {});
      if (signal.aborted) return;
    } finally {
      gap = left(part);
      from = part.reached;
      doubtful ||= part.doubtful;
    }
  }

  /** What it does not bring though it came to its end. */
  function missing(part: ReplayRun): SuspectedGap | null {
    // Its times say nothing: neither where it had come to.
    if (doubtful || part.doubtful) return { ...planned.gap, detail: AHEAD };
    return part.told < MAX_MESSAGES ? null : { ...left(part), detail: TOO_MUCH };
  }

  function left(part: ReplayRun): SuspectedGap {
    return part.told === 0 ? gap : { ...gap, since: Math.max(gap.since, toWall(part.reached)) };
  }
}

const AHEAD = 'times in what the device stores are ahead of its clock: some of it may not have come';
const TOO_MUCH = 'the device stores too much to replay it all';

/** The line broke, or the pull point ran out; not where the device said no. */
function isWorthAnother(error: ConnectorError): boolean {
  if (error instanceof RetryNowError || error instanceof SubscriptionLostError) return true;
  return error instanceof RetrySlowlyError && error.code === 'unreachable';
}

async function passOn(part: ReplayRun, from: number, options: InnerOptions): Promise<void> {
  const { to, position, commit, pullPointOptions, session, signal } = options;
  const onOpened = async (replaySubscription: NonNullable<typeof to.log.checkpoint.replaySubscription>) => {
    to.log.update({ replaySubscription });
    await commit(() => to.log.append([]));
  };
  for await (const batch of replay(to.filter, from, { ...pullPointOptions, session, signal, onOpened })) {
    await to.spool.whenRoom(signal);
    await commit(async () => {
      const records = [...to.normalizer.replay(batch, part)];
      if (batch.damage !== null) {
        const { message } = batch.damage;
        records.push(to.log.records.gap(options.since, batch.receivedAt, 'undecodable', message.slice(0, MAX_DETAIL)));
      }
      position.replayed(part.reached);
      part.answered(batch.notifications.length);
      await store(records, options);
    });
    if (part.complete || part.told >= MAX_MESSAGES) return;
  }
}

/** The replay is over; `gap` is what it leaves. A store that was empty is proof of a loss only by its own word. */
async function end(part: ReplayRun, gap: SuspectedGap | null, options: InnerOptions): Promise<void> {
  const { to, position, commit } = options;
  options.isOpen = false;
  await commit(async () => {
    const now = to.clock.now();
    const proven = part.provenGap(to.log.records, now);
    const records: EventRecord[] = proven === null ? [] : [proven];
    if (gap !== null && proven === null) records.push(to.log.records.gap(gap.since, now, gap.reason, gap.detail));
    position.settle();
    await store(records, options);
  });
}

async function store(records: readonly EventRecord[], { to, onLoss }: InnerOptions): Promise<void> {
  for (const record of records) {
    if (record.kind !== 'gap') continue;
    to.observer.gap(to.device.id, record.reason, record.detail);
    onLoss(record.reason === 'begin-of-buffer' ? 'proven' : 'possible');
  }
  await to.log.append(records);
}
