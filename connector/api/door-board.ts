import type { AccessPointReport, DoorBoard, DoorReport, TransactionReport } from './api-report.ts';

/** What of a record the board is made of; any kind of record has these or has them not. */
export interface BoardRecord {
  readonly kind: string;
  readonly device: string;
  readonly topic?: string;
  readonly time?: string | null;
  readonly receivedAt: string;
  readonly source?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The member of a door each state is (Door Control 6.2); values are taken as they come, whatever their type (devices.md: 33). */
const DOOR_STATES: Readonly<Record<string, keyof DoorReport>> = {
  'tns1:Door/State/DoorMode': 'mode',
  'tns1:Door/State/DoorPhysicalState': 'position',
  'tns1:Door/State/LockPhysicalState': 'lock',
  'tns1:Door/State/DoubleLockPhysicalState': 'doubleLock',
  'tns1:Door/State/DoorAlarm': 'alarm',
  'tns1:Door/State/DoorTamper': 'tamper',
  'tns1:Door/State/DoorFault': 'fault',
};
const ENABLED = 'tns1:AccessPoint/State/Enabled';
/** Access Control 6.3 to 6.8: what happens at an access point. */
export const TRANSACTIONS = 'tns1:AccessControl/';

type Door = { -readonly [K in keyof DoorReport]: DoorReport[K] };
type AccessPoint = { -readonly [K in keyof AccessPointReport]: AccessPointReport[K] };

/**
 * @param states the properties in force
 * @param transactions the last of each access point
 */
export function doorBoard(states: Iterable<BoardRecord>, transactions: Iterable<BoardRecord>): DoorBoard {
  const doors = new Map<string, Door>();
  const points = new Map<string, AccessPoint>();
  for (const record of states) {
    const { device, topic = '', source = {}, data = {} } = record;
    const member = Object.hasOwn(DOOR_STATES, topic) ? DOOR_STATES[topic] : undefined;
    if (member !== undefined) {
      const door = found(doors, device, token(source.DoorToken), unknownDoor);
      Object.assign(door, { [member]: word(data.State) });
      const at = record.time ?? record.receivedAt;
      if (door.changedAt === null || at > door.changedAt) door.changedAt = at;
    } else if (topic === ENABLED) {
      const point = found(points, device, token(source.AccessPointToken), unknownPoint);
      point.enabled = typeof data.State === 'boolean' ? data.State : null;
    }
  }
  for (const record of transactions) {
    const point = found(points, record.device, accessPointOf(record), unknownPoint);
    point.lastTransaction = transaction(record);
  }
  return { doors: inOrder(doors), accessPoints: inOrder(points) };
}

/** The access point a transaction is of. */
export function accessPointOf({ source = {} }: Pick<BoardRecord, 'source'>): string {
  return token(source.AccessPointToken);
}

function transaction({ topic = '', time, receivedAt, data = {} }: BoardRecord): TransactionReport {
  return { what: topic.slice(TRANSACTIONS.length), at: time ?? receivedAt, data };
}

function unknownDoor(device: string, token: string): Door {
  const unknown = { mode: null, position: null, lock: null, doubleLock: null, alarm: null, tamper: null, fault: null };
  return { device, token, ...unknown, changedAt: null };
}

function unknownPoint(device: string, token: string): AccessPoint {
  return { device, token, enabled: null, lastTransaction: null };
}

function found<T>(known: Map<string, T>, device: string, token: string, make: (device: string, token: string) => T): T {
  const key = `${device} ${token}`;
  const there = known.get(key);
  if (there !== undefined) return there;
  const made = make(device, token);
  known.set(key, made);
  return made;
}

function token(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function word(value: unknown): string | null {
  return value === undefined || value === null ? null : String(value).slice(0, 64);
}

function inOrder<T extends { readonly device: string; readonly token: string }>(known: Map<string, T>): T[] {
  const collator = new Intl.Collator('en', { numeric: true });
  return [...known.values()].sort(
    (one, other) => collator.compare(one.device, other.device) || collator.compare(one.token, other.token),
  );
}
