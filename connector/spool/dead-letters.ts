import { offsetKey, offsetOfKey } from './record-page.ts';
import { sealJson, unsealJson } from './sealed-json.ts';
import type { DeadLetter } from './spool.ts';
import type { Store, Write } from './store.ts';

/**
 * Records that a sink can never take, kept for a person. One a record and sink: burying again replaces.
 *
 *     deadLetters   key = sink (UTF-8) %x00 offset:u64be     value = sealed DeadLetter
 */
export interface DeadLetters {
  /** Stored with the next `takeWrites`. */
  bury(letter: DeadLetter): void;
  /** The durable ones of a sink, oldest first. */
  of(sink: string): readonly DeadLetter[];
  takeWrites(): Write[];
}

const SEPARATOR = Buffer.from([0]);
const AFTER_SEPARATOR = Buffer.from([1]);

export function createDeadLetters(store: Store): DeadLetters {
  let buried: Write[] = [];
  return {
    bury(letter) {
      const key = Buffer.concat([Buffer.from(letter.sink), SEPARATOR, offsetKey(letter.offset)]);
      buried.push({ table: 'deadLetters', key, value: sealJson(letter) });
    },
    of(sink) {
      const letters: DeadLetter[] = [];
      const name = Buffer.from(sink);
      const range = { start: Buffer.concat([name, SEPARATOR]), end: Buffer.concat([name, AFTER_SEPARATOR]) };
      for (const { key, value } of store.entries('deadLetters', range)) {
        const letter = unsealJson(value) as DeadLetter | undefined;
        letters.push(letter ?? { sink, offset: offsetOfKey(key), reason: 'damaged dead letter', at: 0, json: '' });
      }
      return letters;
    },
    takeWrites() {
      const writes = buried;
      buried = [];
      return writes;
    },
  };
}
