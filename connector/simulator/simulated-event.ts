/** An item's value; `xml` makes an ElementItem of it, an array repeats the item (Core 9.4.1). */
export type ItemValue = string | number | boolean | { readonly xml: string };
export type Items = Readonly<Record<string, ItemValue | readonly ItemValue[]>>;

/** Core 9.4.2. */
export type PropertyOperation = 'Initialized' | 'Changed' | 'Deleted';

/** One occurrence on a device, before it is text. */
export interface SimulatedEvent {
  /** The device's running number of it, from 1; 0 for a message that only repeats a property's state. */
  readonly number: number;
  /** Path with the prefixes of TOPIC_PREFIXES, e.g. `tns1:Device/Trigger/Relay`. */
  readonly topic: string;
  /** null: an event, not a property. */
  readonly operation: PropertyOperation | null;
  /** Written as it stands into UtcTime. */
  readonly utcTime: string;
  readonly source: Items;
  readonly key: Items;
  readonly data: Items;
  /** Comes out of the store after a Seek. */
  readonly replayed?: true;
}

/** The parts of an event a caller may give; the rest has defaults. */
export interface EventDetails {
  readonly source?: Items;
  readonly key?: Items;
  readonly data?: Items;
  readonly operation?: PropertyOperation;
  /** Verbatim; default is the device's clock. */
  readonly utcTime?: string;
}

/** Every single value of a group, repeated names one by one. */
export function* itemsOf(items: Items): Generator<readonly [string, ItemValue]> {
  for (const [name, value] of Object.entries(items)) {
    if (Array.isArray(value)) for (const one of value) yield [name, one];
    else yield [name, value as ItemValue];
  }
}

/** Core 9.11.1: the beginning of the store was reached; no items, not a property. */
export const BUFFER_BEGIN = 'tns1:EventBuffer/Begin';
