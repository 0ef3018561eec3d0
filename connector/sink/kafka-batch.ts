import type { KafkaRecord } from './kafka-port.ts';

/** A record on its way, and what becomes of it. */
export interface Consignment {
  readonly record: KafkaRecord;
  /** In a batch of its own, not compressed, at most. */
  readonly bytes: number;
  settled: boolean;
  /** Why it will never be taken; null where it was. */
  refusal: string | null;
}

/**
 * How many of `waiting`, from the front, go together: at least one. All of them are small enough for one batch of one
 * partition, since brokers measure batches (max.message.bytes): a record that is too large by itself goes alone, and is judged alone.
 */
export function batchLength(waiting: readonly Consignment[], most: number, largestBytes: number): number {
  let bytes = 0;
  let count = 0;
  for (const consignment of waiting) {
    bytes += consignment.bytes;
    if (count === most || (count > 0 && bytes > largestBytes)) break;
    count++;
  }
  return count;
}

/** Smaller groups of a batch that was refused: by topic where there are several, else halves. Records of one key keep their order. */
export function parted(batch: readonly Consignment[]): readonly (readonly Consignment[])[] {
  const byTopic = new Map<string, Consignment[]>();
  for (const consignment of batch) {
    const { topic } = consignment.record;
    const group = byTopic.get(topic);
    if (group === undefined) byTopic.set(topic, [consignment]);
    else group.push(consignment);
  }
  if (byTopic.size > 1) return [...byTopic.values()];
  const half = Math.ceil(batch.length / 2);
  return [batch.slice(0, half), batch.slice(half)];
}
