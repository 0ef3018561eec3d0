/**
 * Devices that are no longer configured, until every sink that keeps states was told: then nothing tells of them as if they were
 * still there.
 */
export interface Departures {
  /** Those a sink has not told of yet, and whose last record (at the offset given, or before) it has delivered up to `reached`. */
  due(sink: string, reached: number): readonly string[];
  told(sink: string, devices: readonly string[]): void;
  /** @param lastOffset of the log when the device's worker had ended */
  add(device: string, lastOffset: number): void;
  /** The device is configured again, and its worker not started yet: a sink may have told of it, so it is done with. */
  remove(device: string): void;
  /** Called when something was added. Returns how to end that. */
  onAdded(listener: () => void): () => void;
}

/**
 * @param sinks names of the sinks there are
 * @param done called once every sink has told of a device, or when it comes back before
 */
export function departures(sinks: () => Iterable<string>, done: (device: string) => void): Departures {
  const gone = new Map<string, { readonly lastOffset: number; readonly toldBy: Set<string> }>();
  const listeners = new Set<() => void>();
  return {
    due(sink, reached) {
      if (gone.size === 0) return NONE;
      return [...gone].flatMap(([device, { lastOffset, toldBy }]) =>
        lastOffset <= reached && !toldBy.has(sink) ? [device] : [],
      );
    },
    told(sink, devices) {
      for (const device of devices) {
        const departure = gone.get(device);
        if (departure === undefined) continue;
        departure.toldBy.add(sink);
        if (![...sinks()].every((name) => departure.toldBy.has(name))) continue;
        gone.delete(device);
        done(device);
      }
    },
    add(device, lastOffset) {
      gone.set(device, { lastOffset, toldBy: new Set() });
      for (const listener of listeners) listener();
    },
    remove(device) {
      if (gone.delete(device)) done(device);
    },
    onAdded(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

const NONE: readonly string[] = [];
