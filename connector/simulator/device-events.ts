import { ConfigurationError } from '../errors.ts';
import type { LedgerBook } from './ledger.ts';
import type { PropertyStore } from './property-store.ts';
import type { EventDetails, Items, PropertyOperation, SimulatedEvent } from './simulated-event.ts';
import { ownTopicLevels } from './topic-path.ts';
import { writeMilliseconds } from './wire-time.ts';

/** How something happens on a device: numbered, entered into store and ledger, offered to every pull point. */
export interface DeviceEvents {
  emit(topic: string, details?: EventDetails): number;
  setProperty(topic: string, details: EventDetails): number;
  deleteProperty(topic: string, details: EventDetails): number;
}

export function deviceEvents(of: {
  readonly id: string;
  readonly ledger: LedgerBook;
  readonly properties: PropertyStore;
  readonly now: () => number;
  readonly offer: (events: readonly SimulatedEvent[]) => void;
  /** Keeps the event in the persistent store, where there is one. */
  readonly store: (event: SimulatedEvent) => void;
}): DeviceEvents {
  const { ledger, properties } = of;
  const raise = (topic: string, operation: PropertyOperation | null, details: EventDetails): number => {
    // Throws for a topic that cannot be written, before anything is counted.
    ownTopicLevels(topic);
    const { source = {}, key = {}, data = {}, utcTime = writeMilliseconds(of.now()) } = details;
    const number = ledger.nextNumber();
    const event: SimulatedEvent = { number, topic, operation, utcTime, source, key, data: numbered(data, number) };
    if (operation === 'Deleted') properties.delete(topic, source, key);
    else if (operation !== null) properties.set({ topic, source, key, data: event.data, utcTime });
    ledger.record(event);
    of.store(event);
    of.offer([event]);
    return event.number;
  };
  const known = (topic: string, { source = {}, key = {} }: EventDetails) => properties.get(topic, source, key);
  return {
    emit: (topic, details = {}) => raise(topic, details.operation ?? null, details),
    setProperty: (topic, details) => raise(topic, known(topic, details) ? 'Changed' : 'Initialized', details),
    deleteProperty(topic, details) {
      const state = known(topic, details);
      if (!state) throw new ConfigurationError('simulator-property', `${of.id} has no such property of ${topic}`);
      return raise(topic, 'Deleted', { ...details, data: state.data });
    },
  };
}

/** `{number}` in a text stands for the event's running number, so that one order raises events that differ. */
function numbered(data: Items, number: number): Items {
  const marked = Object.entries(data).some(([, value]) => typeof value === 'string' && value.includes('{number}'));
  if (!marked) return data;
  const filled = (value: Items[string]) =>
    typeof value === 'string' ? value.replaceAll('{number}', String(number)) : value;
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, filled(value)]));
}
