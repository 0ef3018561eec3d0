import { Partitioners } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { murmur2, partitionOf } from './kafka-partition.ts';

describe('the partition of a key', () => {
  it('is the one Java clients choose', () => {
    // The vectors of org.apache.kafka.common.utils.UtilsTest.
    const vectors = { '21': -973932308, foobar: -790332482, 'a-little-bit-long-string': -985981536 };
    for (const [text, hash] of Object.entries(vectors)) expect(murmur2(Buffer.from(text))).toBe(hash);
  });

  it('is the one kafkajs chooses, whatever the length and the letters', () => {
    const theirs = Partitioners.DefaultPartitioner();
    for (let length = 0; length < 70; length++) {
      const key = 'front-door|tns1:Device/Tür/DigitalInput|門%2F1|0123456789abcdefghijklmnopqrst'.slice(0, length);
      for (const partitions of [1, 6, 50]) {
        const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
          ...{ partitionId, leader: 1, partitionErrorCode: 0, replicas: [1], isr: [1] },
        }));
        const expected = theirs({ topic: 't', partitionMetadata, message: { key, value: '' } });
        expect(partitionOf(key, partitions)).toBe(expected);
      }
    }
  });
});
