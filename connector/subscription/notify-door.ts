import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.ts';
import { readNotifyBody } from './notify-body.ts';
import type { NotifyLimits } from './notify-limits.ts';
import type { NotifyMailbox } from './notify-mailbox.ts';
import { notifyPathOf } from './notify-path.ts';
import { notifyRate, ratePerSource } from './notify-rate.ts';

/** Counts since the start. */
export interface NotifyStatistics {
  readonly stored: number;
  /** Turned away: nobody was there to store it, or too much came. */
  readonly refused: number;
  /** For no subscription of ours. */
  readonly unknown: number;
  /** From an address that is not the device's. */
  readonly foreign: number;
}

export interface NotifyNotice {
  readonly code: 'unknown-path' | 'foreign-source' | 'overrun';
  readonly message: string;
  readonly facts: Readonly<Record<string, string | number>>;
}

export interface NotifyDoorOptions {
  readonly limits: NotifyLimits;
  readonly clock: Clock;
  readonly mailboxOf: (path: string) => NotifyMailbox | undefined;
  /** Whether any device's Notify may come from there. */
  readonly allowed: (source: string) => boolean;
  /** Told of what was turned away, at most once a minute for each code. */
  readonly onNotice: (notice: NotifyNotice) => void;
}

export interface NotifyDoor {
  readonly statistics: NotifyStatistics;
  /** The HTTP status for a request, once what it brought is on disk or will not be. */
  answer(request: IncomingMessage, source: string): Promise<number>;
  notice(notice: NotifyNotice): void;
}

const NOTICE_PAUSE_MS = 60_000;

/** Who comes in: by the path first, then by the address it comes from, then within bounds (standard.md 5.9). */
export function notifyDoor(options: NotifyDoorOptions): NotifyDoor {
  const { limits, clock, mailboxOf, allowed } = options;
  const statistics = { stored: 0, refused: 0, unknown: 0, foreign: 0 };
  const notice = noticesNowAndThen(options);
  const withinStrangers = ratePerSource(limits.strangerRate, clock);
  const rates = new WeakMap<NotifyMailbox, () => boolean>();
  let bytes = 0;

  const withinRate = (mailbox: NotifyMailbox): boolean => {
    const within = rates.get(mailbox) ?? notifyRate(limits.rate, clock);
    rates.set(mailbox, within);
    return within();
  };

  /** 200, whatever it is: a subscription of before may still send, and nobody learns which paths there are. */
  const stranger = async (request: IncomingMessage, source: string): Promise<number> => {
    statistics.unknown++;
    const message = `a Notify from ${source} is for no subscription: one that was given up still lives there, or somebody is looking around`;
    notice({ code: 'unknown-path', message, facts: { source } });
    if (!withinStrangers(source)) return 429;
    await readNotifyBody(request, limits.bodyBytes, false);
    return 200;
  };

  const refuse = (mailbox: NotifyMailbox, status: number, why: string): number => {
    statistics.refused++;
    mailbox.refusals.note(why);
    const device = mailbox.owner?.device ?? 'unknown';
    notice({ code: 'overrun', message: `a Notify of ${device} was turned away: ${why}`, facts: { device } });
    return status;
  };

  const foreign = (mailbox: NotifyMailbox, source: string): number => {
    statistics.foreign++;
    const device = mailbox.owner?.device ?? 'unknown';
    const message = `a Notify of ${device} came from ${source}, which is not the device's address, and was turned away; where that is right, add it to baseNotification.allowFrom`;
    mailbox.refusals.note(`a Notify from ${source} was turned away`);
    notice({ code: 'foreign-source', message, facts: { device, source } });
    return 403;
  };

  const store = async (request: IncomingMessage, mailbox: NotifyMailbox): Promise<number> => {
    const body = await readNotifyBody(request, limits.bodyBytes);
    if (body.kind === 'too-large') return refuse(mailbox, 413, `it had more than ${limits.bodyBytes} bytes`);
    if (body.bytes.length === 0) {
      if (body.kind === 'cut') mailbox.refusals.note('a Notify broke off');
      return 200;
    }
    if (bytes + body.bytes.length > limits.totalBytes) return refuse(mailbox, 503, 'too much was waiting to be stored');
    bytes += body.bytes.length;
    try {
      // One that broke off too: what of it is readable is kept, the rest is told as damage.
      const outcome = await mailbox.offer(body.bytes);
      if (outcome === 'stored') statistics.stored++;
      else statistics.refused++;
      return outcome === 'stored' ? 200 : 503;
    } finally {
      bytes -= body.bytes.length;
    }
  };

  return {
    statistics,
    notice,
    async answer(request, source) {
      if (request.method !== 'POST') return 405;
      const mailbox = mailboxOf(notifyPathOf(request.url ?? ''));
      if (mailbox === undefined) return stranger(request, source);
      if (!(await mailbox.whenAttached())) {
        statistics.refused++;
        return 503;
      }
      if (!allowed(source) && !(await mailbox.owner?.addresses.include(source))) return foreign(mailbox, source);
      if (!withinRate(mailbox)) return refuse(mailbox, 429, `more than ${limits.rate.perSecond} a second came`);
      const coding = request.headers['content-encoding'] ?? 'identity';
      return coding === 'identity' ? store(request, mailbox) : refuse(mailbox, 415, 'its content is encoded');
    },
  };
}

/** At most one a minute of each code, with the number of those before it that were not told. */
function noticesNowAndThen({ clock, onNotice }: NotifyDoorOptions): (notice: NotifyNotice) => void {
  const told = new Map<string, { at: number; untold: number }>();
  return (notice) => {
    const now = clock.monotonic();
    const last = told.get(notice.code);
    if (last !== undefined && now - last.at < NOTICE_PAUSE_MS) {
      last.untold++;
      return;
    }
    const before = last?.untold ?? 0;
    told.set(notice.code, { at: now, untold: 0 });
    onNotice(before === 0 ? notice : { ...notice, facts: { ...notice.facts, untold: before } });
  };
}
