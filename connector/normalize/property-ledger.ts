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
}

/** A change to be stored in the same transaction as the records that caused it; `data: null` removes the property. */
export interface PropertyChange {
  readonly identity: string;
  readonly data: string | null;
  readonly epoch: number;
}

/** States by identity, moved on by the messages that pass. */
export interface PropertyLedger {
  /** What a property message does to the ledger, and whether it says anything new. */
  apply(topic: string, message: MessageContent, deleted: boolean, epoch: number): PropertyNews;
  readonly size: number;
}

export interface PropertyNews {
  /** To be stored; none where nothing is new. */
  readonly changes: readonly PropertyChange[];
  /** The state is another one than stored, or was not known. */
  readonly changed: boolean;
}

/**
 * States remembered per device. Some devices make a property for every object they see and never delete it (devices: 38):
 * then the one that was quiet longest is forgotten, and counts as new should it come again.
 */
const MAX_STATES = 20_000;

const NOTHING: readonly PropertyChange[] = [];

export function propertyLedger(stored: readonly PropertyState[]): PropertyLedger {
  const states = new Map<string, { data: string; epoch: number }>();
  for (const { identity, data, epoch } of stored) states.set(identity, { data, epoch });
  return {
    get size() {
      return states.size;
    },
    apply(topic, message, deleted, epoch) {
      const identity = propertyText(topic, message);
      const before = states.get(identity);
      if (deleted) {
        states.delete(identity);
        return { changes: [{ identity, data: null, epoch }], changed: before !== undefined };
      }
      const data = shortened(itemsText(message.data));
      const changed = before?.data !== data;
      if (!changed && before?.epoch === epoch) return { changes: NOTHING, changed };
      // Behind all others: the order of the map is the order of the last word.
      states.delete(identity);
      states.set(identity, { data, epoch });
      const change = { identity, data, epoch };
      if (states.size <= MAX_STATES) return { changes: [change], changed };
      const [quietest] = states.keys();
      states.delete(quietest!);
      return { changes: [change, { identity: quietest!, data: null, epoch }], changed };
    },
  };
}

/** Most states are a word or two: the text itself is shorter than its digest, and cheaper. */
function shortened(text: string): string {
  return text.length <= 64 ? text : digest(text);
}
