import { expect, it } from 'vitest';
import { keyedTopics } from './rules-keyed-topics.ts';

it('topics of messages with a key are known as far as they are written out', () => {
  const defaults = { topic: ['siem'] };
  const key = ['{device}'];
  expect(
    keyedTopics({
      format: 'rules',
      defaults,
      rules: [
        { name: 'by default', key },
        { name: 'without a key, so on the usual topics', topic: ['unkeyed'] },
        { name: 'the first that can be made', key, topic: ['siem.{data.State}', 'siem.other'] },
        { name: 'several', emit: [{ key, topic: ['doors'] }, { topic: ['unkeyed'] }, { key, topic: ['doors'] }] },
        { name: 'no name for Kafka', key, topic: ['a/b'] },
        { name: 'dropped', drop: true, key },
      ],
    }),
  ).toEqual(['siem', 'siem.other', 'doors']);
  expect(keyedTopics({ format: 'rules', defaults: { ...defaults, key }, rules: [{ name: 'all' }] })).toEqual(['siem']);
});
