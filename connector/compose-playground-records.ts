import type { Clock } from './clock.ts';
import type { Knowledge } from './compose-knowledge.ts';
import { parseDateTime } from './device/date-time.ts';
import { NS } from './device/namespaces.ts';
import { readNotifications } from './device/notification-reader.ts';
import type { TopicSet } from './device/topic-set.ts';
import { messageOf, QuarantineError } from './errors.ts';
import { deviceRecords } from './normalize/device-records.ts';
import { Normalizer } from './normalize/normalizer.ts';
import type { EventRecord } from './normalize/record.ts';
import type { SpooledRecord } from './spool/spool.ts';

export interface InputContext {
  /** Whose events they are taken for. */
  readonly device: string;
  /** What that device says of its topics; null where it is not there to say. */
  readonly topicSet: TopicSet | null;
  readonly knowledge: Knowledge;
  readonly clock: Clock;
}

const MOST_RECORDS = 200;

/** Records of what somebody pasted. @throws QuarantineError `bad-input` */
export function playgroundRecords(
  input: string,
  context: InputContext,
): { readonly records: readonly SpooledRecord[]; readonly notes: readonly string[] } {
  const text = input.trim();
  const { records, notes } = text.startsWith('<') ? fromXml(text, context) : fromJson(text, context);
  if (records.length === 0) throw badInput('there is no notification in it');
  const kept = records.slice(0, MOST_RECORDS);
  const cut = records.length > kept.length ? [`only the first ${MOST_RECORDS} of ${records.length} records`] : [];
  return {
    records: kept.map((record, index) => ({ offset: index + 1, record, json: JSON.stringify(record) })),
    notes: [...notes, ...cut],
  };
}

interface Read {
  readonly records: readonly EventRecord[];
  readonly notes: readonly string[];
}

function fromXml(text: string, { device, topicSet, knowledge, clock }: InputContext): Read {
  const notes: string[] = [];
  const { notifications, currentTime, damage } = readNotifications(Buffer.from(framed(text)));
  if (damage !== null) notes.push(damage.message);
  const normalizer = new Normalizer({ records: deviceRecords(device, 0, 1), properties: [], ...knowledge });
  if (topicSet === null) notes.push(`${device} is not connected: values are typed by the standard's topics`);
  else normalizer.describe(topicSet);
  const deviceTime = currentTime === null ? null : parseDateTime(currentTime);
  const batch = { notifications, deviceTime, receivedAt: clock.now(), pullMs: 0, interruption: null, damage: null };
  return { records: normalizer.normalize(batch).records, notes };
}

const KNOWN_PREFIXES = { wsnt: 'http://docs.oasis-open.org/wsn/b-2', tt: NS.tt, tns1: NS.tns1, tev: NS.tev };

/** A NotificationMessage, or several, as people cut them out of an answer: what was around them declared their prefixes. */
function framed(text: string): string {
  const content = text.replace(/^<\?xml[^>]*\?>\s*/, '');
  const root = /^<(?:[\w.-]+:)?([\w.-]+)/.exec(content)?.[1];
  if (root !== 'NotificationMessage' && root !== 'Message') return text;
  const declared = Object.entries(KNOWN_PREFIXES).map(([prefix, uri]) => `xmlns:${prefix}="${uri}"`);
  const messages = root === 'Message' ? `<wsnt:NotificationMessage>${content}</wsnt:NotificationMessage>` : content;
  return `<wsnt:Notify ${declared.join(' ')}>${messages}</wsnt:Notify>`;
}

const KINDS: ReadonlySet<unknown> = new Set(['notification', 'gap', 'synchronized', 'device', 'status']);
const ITEM_GROUPS = ['source', 'key', 'data'];

/** What a record written by hand may leave out. */
const REST: Readonly<Record<string, object>> = {
  notification: { topic: '', provenance: 'live', source: {}, key: {}, data: {} },
  gap: { since: null, reason: 'unknown' },
  synchronized: { properties: 0, changed: 0, deleted: 0, gap: 'none', cause: 'start', since: null },
  device: { identity: {}, capabilities: {}, topics: [] },
  status: { status: 'online' },
};

function fromJson(text: string, { device, clock }: InputContext): Read {
  const value = parsed(text);
  const now = new Date(clock.now()).toISOString();
  const records = (Array.isArray(value) ? value : [value]).map((written: unknown, index): EventRecord => {
    if (!isObject(written)) throw badInput('a record is a JSON object');
    const { kind = 'notification' } = written;
    if (!KINDS.has(kind)) throw badInput(`kind must be one of ${[...KINDS].join(', ')}`);
    const times = kind === 'notification' ? { utcTime: now, time: now } : { until: now, since: now };
    const own = { kind, id: `playground-${index + 1}`, device, sequence: index + 1, epoch: 1, receivedAt: now };
    return soundRecord({ ...own, ...times, ...REST[kind as string], ...written });
  });
  return { records, notes: [] };
}

function soundRecord(record: Record<string, unknown>): EventRecord {
  const texts = ['id', 'device', 'receivedAt', ...(record.kind === 'notification' ? ['topic'] : [])];
  for (const name of texts) if (typeof record[name] !== 'string') throw badInput(`${name} must be text`);
  if (record.kind !== 'notification') return record as unknown as EventRecord;
  for (const name of ITEM_GROUPS) if (!isObject(record[name])) throw badInput(`${name} must be an object of items`);
  return record as unknown as EventRecord;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badInput(`it starts as neither XML nor JSON does: ${messageOf(error)}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function badInput(message: string): QuarantineError {
  return new QuarantineError('bad-input', message);
}
