import { FatalError } from '../errors.ts';
import { sealJson, unsealJson } from './sealed-json.ts';
import { MAX_NAME_BYTES, type Store, type Write } from './store.ts';

/**
 * How far each sink is.
 *
 *     offsets       key = "sink " name (UTF-8)     value = sealed { acknowledged }
 *
 * `acknowledged` is the offset up to and including which the sink (or its dead letters) has everything.
 */
export interface SinkPlaces {
  names(): readonly string[];
  /** Those of them that are sinks, and not readers of our own. */
  sinks(): readonly string[];
  /** It has a place from an earlier run. */
  isKnown(sink: string): boolean;
  /** The place of a sink; one that was never seen starts before the oldest record kept. */
  open(sink: string): void;
  acknowledged(sink: string): number;
  /** False where nothing moved. */
  acknowledge(sink: string, offset: number): boolean;
  /** The sink holds nothing up any more. */
  forget(sink: string): void;
  /** Offset up to and including which every sink has everything; Infinity without sinks. */
  floor(): number;
  takeWrites(): Write[];
}

const PREFIX = 'sink ';

/** Readers of our own: no sink can have such a name. */
export const isOwnReader = (name: string): boolean => name.startsWith('#');

/**
 * Reads the places; sinks that are not among `sinks` are forgotten.
 *
 * @param oldest tells the offset of the oldest record kept
 * @param last offset of the last durable record
 */
export function loadSinkPlaces(store: Store, sinks: readonly string[], oldest: () => number, last: number): SinkPlaces {
  const places = new Map<string, number>();
  // Sealed when they are taken only: a sink may acknowledge each record by itself.
  const changed = new Set<string>();
  const known = new Set<string>();

  function open(sink: string): void {
    if (places.has(sink)) return;
    sinkKey(sink);
    places.set(sink, oldest() - 1);
    changed.add(sink);
  }

  for (const { key, value } of store.entries('offsets')) {
    const name = key.toString();
    if (!name.startsWith(PREFIX)) continue;
    const sink = name.slice(PREFIX.length);
    const place = unsealJson(value) as { acknowledged: number } | undefined;
    if (place === undefined) throw new FatalError('spool-damaged', `the offset of sink ${sink} cannot be read`);
    if (sinks.includes(sink)) {
      places.set(sink, Math.min(Math.max(place.acknowledged, oldest() - 1), last));
      known.add(sink);
    } else changed.add(sink);
  }
  for (const sink of sinks) open(sink);

  return {
    names: () => [...places.keys()],
    sinks: () => [...places.keys()].filter((name) => !isOwnReader(name)),
    isKnown: (sink) => known.has(sink),
    open,
    acknowledged: (sink) => places.get(sink) ?? 0,
    acknowledge(sink, offset) {
      if (offset <= (places.get(sink) ?? Number.POSITIVE_INFINITY)) return false;
      places.set(sink, offset);
      changed.add(sink);
      return true;
    },
    forget(sink) {
      if (places.delete(sink)) changed.add(sink);
    },
    floor: () => Math.min(...places.values()),
    takeWrites() {
      const writes: Write[] = [];
      for (const sink of changed) {
        const acknowledged = places.get(sink);
        const value = acknowledged === undefined ? null : sealJson({ acknowledged });
        writes.push({ table: 'offsets', key: sinkKey(sink), value });
      }
      changed.clear();
      return writes;
    },
  };
}

function sinkKey(sink: string): Buffer {
  const key = Buffer.from(PREFIX + sink);
  if (sink === '' || key.length > MAX_NAME_BYTES)
    throw new FatalError(
      'spool-bad-name',
      `A sink's name must have 1 to ${MAX_NAME_BYTES} bytes: ${sink.slice(0, 80)}`,
    );
  return key;
}
