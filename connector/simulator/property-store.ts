import type { Items } from './simulated-event.ts';

/** Core 9.4.2: a property's identity is its topic with all Source and Key items, its state the Data items. */
export interface PropertyState {
  readonly topic: string;
  readonly source: Items;
  readonly key: Items;
  readonly data: Items;
  /** UtcTime of its last change. */
  readonly utcTime: string;
}

export interface PropertyStore {
  /** Says whether the property is new (`Initialized`) or had a state before (`Changed`). */
  set(state: PropertyState): 'Initialized' | 'Changed';
  /** The state it had; undefined where there was no such property. */
  delete(topic: string, source: Items, key: Items): PropertyState | undefined;
  get(topic: string, source: Items, key: Items): PropertyState | undefined;
  /** All live properties in the order of their creation. */
  all(): readonly PropertyState[];
  clear(): void;
}

export function propertyStore(): PropertyStore {
  const states = new Map<string, PropertyState>();
  return {
    set(state) {
      const identity = identityOf(state.topic, state.source, state.key);
      const operation = states.has(identity) ? 'Changed' : 'Initialized';
      states.set(identity, state);
      return operation;
    },
    delete(topic, source, key) {
      const identity = identityOf(topic, source, key);
      const state = states.get(identity);
      states.delete(identity);
      return state;
    },
    get: (topic, source, key) => states.get(identityOf(topic, source, key)),
    all: () => [...states.values()],
    clear: () => states.clear(),
  };
}

function identityOf(topic: string, source: Items, key: Items): string {
  return JSON.stringify([topic, sorted(source), sorted(key)]);
}

function sorted(items: Items): [string, unknown][] {
  return Object.entries(items)
    .map(([name, value]): [string, unknown] => [name, typeof value === 'object' ? value : String(value)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
