import type { NotificationRecord } from '../../../connector/normalize/record.ts';
import type { Items } from '../../../connector/simulator/simulated-event.ts';
import { type Delivery, firstDeliveries, type Law, MARK, markOf, type TruthEvent, type TruthState } from './history.ts';

/**
 * 2. Everything delivered was produced by the device, as it was produced, and one occurrence has one id however often and on
 * whatever way it came.
 */
export const produced: Law = ({ envelope, truth, states }) => {
  const violations: string[] = [];
  const byMark = new Map(truth.map((event) => [event.mark, event]));
  const properties = new Map<string, TruthState[]>();
  for (const state of states) {
    const key = place(state.topic, state.source);
    properties.set(key, [...(properties.get(key) ?? []), state]);
  }
  const known = new Set(truth.filter(({ operation }) => operation !== null).map((e) => place(e.topic, e.source)));
  const ids = new Map<string, Set<string>>();
  let checked = 0;
  for (const delivery of firstDeliveries(envelope)) {
    const { record } = delivery;
    if (record?.kind !== 'notification') continue;
    checked++;
    if (record.inferred !== undefined) {
      const fault = inferenceFault(record, truth, properties);
      if (fault !== null) violations.push(`${described(delivery)}: ${fault}`);
      continue;
    }
    const mark = markOf(delivery);
    if (mark === undefined) {
      const fault = stateFault(record, properties, known);
      if (fault !== null) violations.push(`${described(delivery)}: ${fault}`);
      continue;
    }
    const event = byMark.get(mark);
    if (event === undefined) {
      violations.push(`${described(delivery)}: the device never produced ${mark}`);
      continue;
    }
    const fault = differs(record, event);
    if (fault !== null) violations.push(`${described(delivery)}: ${fault}`);
    if (record.provenance === 'synchronization') continue;
    ids.set(mark, (ids.get(mark) ?? new Set()).add(record.id));
  }
  for (const [mark, set] of ids) {
    if (set.size > 1) violations.push(`${mark} came under ${set.size} ids: ${[...set].join(', ')}`);
  }
  return { checked, violations };
};

function described({ sequence, record }: Delivery): string {
  const { topic, provenance } = record as NotificationRecord;
  return `record ${sequence} (${provenance} ${topic})`;
}

function place(topic: string, source: Readonly<Record<string, unknown>>): string {
  return `${topic} ${text(source)}`;
}

/** Items by name, in no order of their own: values as text, as they stand on the wire. */
function text(items: Readonly<Record<string, unknown>>): string {
  return Object.entries(items)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? '{}' : String(value)}`)
    .sort()
    .join('&');
}

function differs(record: NotificationRecord, event: TruthEvent): string | null {
  if (record.topic !== event.topic) return `topic is ${record.topic}, was ${event.topic}`;
  if (text(record.source) !== text(event.source)) return `source is ${text(record.source)}, was ${text(event.source)}`;
  if (text(record.data) !== text(event.data)) return `data is ${text(record.data)}, was ${text(event.data)}`;
  if (record.utcTime !== event.utcTime) return `UtcTime is ${record.utcTime}, was ${event.utcTime}`;
  if (record.provenance === 'synchronization') return null;
  const told = record.derived?.includes('propertyOperation') ? undefined : record.propertyOperation;
  if (told !== undefined && told !== event.operation) return `is ${told}, was ${event.operation}`;
  return null;
}

/** A state without a mark is one the device starts with; a Deleted may also end one that the judge had set. */
function stateFault(
  record: NotificationRecord,
  properties: ReadonlyMap<string, readonly TruthState[]>,
  known: ReadonlySet<string>,
): string | null {
  const key = place(record.topic, record.source);
  const found = properties.get(key);
  if (record.propertyOperation === 'Deleted' && known.has(key)) return null;
  if (found === undefined) return `the device has no such property and the event bears no ${MARK}: ${key}`;
  const fits = found.some(({ data }: { data?: Items | undefined }) => !data || text(data) === text(record.data));
  return fits ? null : `the device never was in the state ${text(record.data)} of ${key}`;
}

/** A Deleted that the device did not send: the property has to be gone in truth, or its state untold. */
function inferenceFault(
  record: NotificationRecord,
  truth: readonly TruthEvent[],
  properties: ReadonlyMap<string, readonly TruthState[]>,
): string | null {
  const key = place(record.topic, record.source);
  if (record.propertyOperation !== 'Deleted') return `inferred, and ${record.propertyOperation}`;
  if (record.inferred === 'unknown') return null;
  const last = truth.findLast((event) => event.operation !== null && place(event.topic, event.source) === key);
  if (last?.operation === 'Deleted') return null;
  // One that a power cycle took along is none of those the device starts with.
  return properties.has(key) || last === undefined ? `${key} is told to be gone, and lives` : null;
}
