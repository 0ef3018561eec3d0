import { ConfigurationError } from '../errors.ts';
import { type NotificationStyle, notificationsText } from './notification-text.ts';
import type { SimulatedEvent } from './simulated-event.ts';

export interface LoadOptions {
  /** Notifications in each answer, never more than the pull's MessageLimit. */
  readonly batch: number;
  /** Events to produce over the device's life; then pulls block as ever. Default: no end. */
  readonly total?: number;
  /** `access`: AccessGranted/Credential with CredentialToken E0000001…; `motion`: MotionAlarm, Changed, Sequence E0000001…. */
  readonly kind: LoadKind;
  /** One batch an interval, with `SentAt` (ms since 1970, three decimals) in its Data, instead of as fast as asked. */
  readonly intervalMs?: number;
}

export type LoadKind = 'access' | 'motion';

/** A device's endless supply of notifications; text and bytes prepared so that one costs next to nothing. */
export interface Load {
  /** An event as they all are, to be held against a subscription's filter. */
  readonly sample: SimulatedEvent;
  readonly left: number;
  /** Milliseconds until the next batch is due; 0 without `intervalMs`. */
  dueIn(): number;
  /** The notifications of one batch of `min(batch, limit, left)`; `takeNumbers` hands out running numbers. */
  next(limit: number, utcTime: string, takeNumbers: (count: number) => number): LoadBatch;
}

export interface LoadBatch {
  readonly text: Buffer;
  readonly first: number;
  readonly last: number;
}

const DIGITS = 7;
const UTC = '0000-00-00T00:00:00.000Z';
const SENT = '0000000000000.000';

export function sampleOf(kind: LoadKind, timed: boolean, digits = DIGITS): SimulatedEvent {
  const sent = timed ? { SentAt: SENT } : {};
  const token = `E${'0'.repeat(digits)}`;
  const rest = { number: 0, utcTime: UTC, key: {} };
  if (kind === 'motion') {
    const data = { State: true, Sequence: token, ...sent };
    return {
      ...rest,
      topic: 'tns1:VideoSource/MotionAlarm',
      operation: 'Changed',
      source: { Source: 'VideoSource_1' },
      data,
    };
  }
  const data = { External: false, CredentialToken: token, CredentialHolderName: 'Holder of the credential', ...sent };
  const topic = 'tns1:AccessControl/AccessGranted/Credential';
  return { ...rest, topic, operation: null, source: { AccessPointToken: 'AccessPoint_1' }, data };
}

/** Throws ConfigurationError where the options make no sense. `monotonic` in ms. */
export function deviceLoad(options: LoadOptions, style: NotificationStyle, monotonic: () => number): Load {
  if (!Number.isInteger(options.batch) || options.batch < 1) {
    throw new ConfigurationError('simulator-load', `Load batch is a whole number from 1, not ${options.batch}`);
  }
  const interval = options.intervalMs ?? 0;
  const timed = interval > 0;
  let template = templateOf(options, style, timed, DIGITS);
  let left = options.total ?? Number.POSITIVE_INFINITY;
  let due: number | null = null;
  return {
    sample: template.sample,
    get left() {
      return left;
    },
    dueIn() {
      if (!timed) return 0;
      due ??= monotonic();
      return Math.max(0, due - monotonic());
    },
    next(limit, utcTime, takeNumbers) {
      const count = Math.min(options.batch, limit, left);
      const first = takeNumbers(count);
      left -= count;
      if (String(first + count).length > template.digits) {
        template = templateOf(options, style, timed, String(first + count).length);
      }
      if (timed) {
        // The grid stays fixed while the client keeps up; a client that fell behind starts a new one.
        const now = monotonic();
        due = Math.max((due ?? now) + interval, now);
      }
      return { text: fill(template, count, first, utcTime), first, last: first + count - 1 };
    },
  };
}

interface Template {
  readonly sample: SimulatedEvent;
  readonly digits: number;
  /** `batch` notifications one after the other, each `stride` bytes long. */
  readonly bytes: Buffer;
  readonly stride: number;
  /** Where in a notification the changing parts stand. */
  readonly numberAt: number;
  readonly utcAt: number;
  readonly sentAt: number;
}

function templateOf(options: LoadOptions, style: NotificationStyle, timed: boolean, digits: number): Template {
  const sample = sampleOf(options.kind, timed, digits);
  const one = Buffer.from(notificationsText([sample], style));
  const bytes = Buffer.alloc(one.length * options.batch);
  for (let index = 0; index < options.batch; index++) one.copy(bytes, index * one.length);
  return {
    ...{ sample, digits, bytes, stride: one.length },
    ...{ numberAt: one.indexOf(`E${'0'.repeat(digits)}`) + 1, utcAt: one.indexOf(UTC), sentAt: one.indexOf(SENT) },
  };
}

/** A copy of the template with numbers and times written over the zeros. */
function fill(template: Template, count: number, first: number, utcTime: string): Buffer {
  const { stride, digits, numberAt, utcAt, sentAt } = template;
  const bytes = Buffer.allocUnsafe(stride * count);
  template.bytes.copy(bytes, 0, 0, stride * count);
  const sent = sentAt < 0 ? '' : (performance.timeOrigin + performance.now()).toFixed(3);
  for (let index = 0, at = 0; index < count; index++, at += stride) {
    bytes.write(utcTime, at + utcAt, 'latin1');
    if (sentAt >= 0) bytes.write(sent, at + sentAt, 'latin1');
    for (let number = first + index, place = at + numberAt + digits - 1; number > 0; place--) {
      const rest = Math.floor(number / 10);
      bytes[place] = 48 + number - rest * 10;
      number = rest;
    }
  }
  return bytes;
}
