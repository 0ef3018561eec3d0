import type { MessageContent } from '../device/notification-message.ts';
import { digest, itemsText, propertyText } from './record-id.ts';

/**
 * The property ledger: what state each property of a device is known to be in (Core 9.4.2 Properties).
 * The rules are here and pure; the spool stores the entries.
 */

/** One property state. The identity of a property is topic + all Source items + all Key items. */
export interface PropertyState {
  /** Stable text of the identity. */
  readonly identity: string;
  /** The Data items, digested where long; equal texts mean equal states. */
  readonly data: string;
  /** Epoch in which the state was last confirmed by the device. */
  readonly epoch: number;
  /** The device told it as Initialized at least once: where it tells its states, this one is among them. */
  readonly initialized?: boolean | undefined;
  /** PropertySubject as JSON text: one string takes a fifth of the memory. Absent in entries of before there was one. */
  readonly subject?: string | undefined;
}

/** A change to be stored in the same transaction as the records that caused it; `data: null` removes the property. */
export interface PropertyChange extends Omit<PropertyState, 'data'> {
  readonly data: string | null;
}

/** States by identity, moved on by the messages that pass. */
export interface PropertyLedger {
  /**
   * What a property message does to the ledger, and whether it says anything new.
   *
   * @param subject what the record names, as JSON; asked for where the state has none, or one of another description
   */
  apply(topic: string, message: MessageContent, operation: string, epoch: number, subject: () => string): PropertyNews;
  /** The device is described anew: names and types of items may be others. */
  redescribed(): void;
  /** From here on it is remembered which properties a message passed for. */
  beginSet(): void;
  /** The states of which nothing was heard since `beginSet`; none where some had to be forgotten meanwhile. */
  unheard(): readonly PropertyState[];
  /** Whether a state of this topic is known, by the topic's name in records. */
  knows(topic: string): boolean;
  /** Forgets a state. */
  remove(state: PropertyState, epoch: number): PropertyChange;
  readonly size: number;
}

export interface PropertyNews {
  /** To be stored; none where nothing is new. */
  readonly changes: readonly PropertyChange[];
  /** The state is another one than stored, or was not known. */
  readonly changed: boolean;
  /** Not heard of since `beginSet` until now. */
  readonly firstOfSet: boolean;
}

/**
 * States remembered per device. Some devices make a property for every object they see and never delete it (devices: 38):
 * then the one that was quiet longest is forgotten, and counts as new should it come again.
 */
const MAX_STATES = 20_000;

const NOTHING: readonly PropertyChange[] = [];

interface Entry extends PropertyState {
  /** The set it was last heard of in. */
  set: number;
  /** The description that `subject` was made by. */
  readonly description: number;
}

export function propertyLedger(stored: readonly PropertyState[]): PropertyLedger {
  const states = new Map<string, Entry>();
  let set = 0;
  let description = 0;
  let forgotten = false;
  for (const state of stored) states.set(state.identity, { ...state, set: -1, description: -1 });
  const put = (entry: Entry): readonly PropertyChange[] => {
    // Behind all others: the order of the map is the order of the last word.
    states.delete(entry.identity);
    states.set(entry.identity, entry);
    const change = changeOf(entry);
    if (states.size <= MAX_STATES) return [change];
    const [quietest] = states.keys();
    states.delete(quietest!);
    forgotten = true;
    return [change, { identity: quietest!, data: null, epoch: entry.epoch }];
  };
  return {
    get size() {
      return states.size;
    },
    redescribed() {
      description++;
    },
    beginSet() {
      set++;
      forgotten = false;
    },
    unheard: () => (forgotten ? [] : [...states.values()].filter((entry) => entry.set !== set)),
    knows(topic) {
      const named = `"topic":${JSON.stringify(topic)}`;
      for (const { subject } of states.values()) if (subject?.includes(named)) return true;
      return false;
    },
    remove({ identity }, epoch) {
      states.delete(identity);
      return { identity, data: null, epoch };
    },
    apply(topic, message, operation, epoch, subjectOf) {
      const identity = bounded(propertyText(topic, message));
      const before = states.get(identity);
      const firstOfSet = before?.set !== set;
      if (operation === 'Deleted') {
        states.delete(identity);
        return { changes: [{ identity, data: null, epoch }], changed: before !== undefined, firstOfSet };
      }
      const data = shortened(itemsText(message.data));
      const changed = before?.data !== data;
      const initialized = operation === 'Initialized' || before?.initialized === true;
      if (!changed && before?.epoch === epoch && before.initialized === initialized) {
        before.set = set;
        return { changes: NOTHING, changed, firstOfSet };
      }
      // What is not told anew keeps the names it was told under.
      const keep = before?.subject !== undefined && (!changed || before.description === description);
      const entry = {
        ...{ identity, data, epoch, initialized, set },
        subject: keep ? before.subject : kept(subjectOf()),
        description: keep ? before.description : description,
      };
      return { changes: put(entry), changed, firstOfSet };
    },
  };
}

function changeOf({ identity, data, epoch, initialized, subject }: Entry): PropertyChange {
  return { identity, data, epoch, initialized, subject };
}

/** A device names its sources as long as it likes, twenty thousand times: what is longer than any name is remembered by its digest. */
const LONGEST_IDENTITY = 1_024;
const LONGEST_SUBJECT = 4_096;

function bounded(identity: string): string {
  return identity.length <= LONGEST_IDENTITY ? identity : `digest:${digest(identity)}`;
}

function kept(subject: string): string | undefined {
  return subject.length <= LONGEST_SUBJECT ? subject : undefined;
}

/** Most states are a word or two: the text itself is shorter than its digest, and cheaper. */
function shortened(text: string): string {
  return text.length <= 64 ? text : digest(text);
}
