import { describe, expect, it } from 'vitest';
import { type FakeKafka, fakeKafka } from '../../test/support/fake-kafka.ts';
import { connected, messages, passing, sent, values } from '../../test/support/kafka-sink-rig.ts';
import type { KafkaFailureKind } from './kafka-port.ts';

describe('a topic that a mapping made the name of', () => {
  it('has its records refused while it is missing, told once, and is looked for again after a while', async () => {
    const kafka = fakeKafka('t');
    const { time, clock } = passing();
    const { connection, notices } = await connected(kafka, { clock });
    const both = () => connection.publish([...messages('made', '1'), ...messages('t', '2')]);
    const refused = [{ index: 0, reason: 'topic-missing' }];
    for (const index of [0, 1]) {
      const publishing = both();
      const send = await sent(kafka, index);
      expect(values(send)).toEqual(['2']);
      send.resolve();
      expect(await publishing).toEqual(refused);
      time.ms += 31_000;
    }
    kafka.topics.set('made', {});
    const publishing = both();
    const whole = await sent(kafka, 2);
    expect(values(whole)).toEqual(['1', '2']);
    whole.resolve();
    expect(await publishing).toEqual([]);
    expect(notices).toEqual(['topic-missing', 'going-on']);
  });

  it('is not asked for again before that', async () => {
    const kafka = fakeKafka('t');
    const { connection } = await connected(kafka);
    await connection.publish(messages('made', '1'));
    kafka.topics.set('made', {});
    expect(await connection.publish(messages('made', '2'))).toEqual([{ index: 0, reason: 'topic-missing' }]);
    expect(kafka.sends).toEqual([]);
  });

  it('has its records refused when it is deleted, and nothing else is', async () => {
    const kafka = fakeKafka('t', 'made');
    const { connection } = await connected(kafka, { topics: ['t'] });
    const publishing = connection.publish([...messages('made', '1'), ...messages('t', '2')]);
    const whole = await sent(kafka, 0);
    kafka.topics.delete('made');
    whole.fail('topic-missing');
    (await sent(kafka, 1)).fail('topic-missing');
    const other = await sent(kafka, 2);
    expect(values(other)).toEqual(['2']);
    other.resolve();
    expect(await publishing).toEqual([{ index: 0, reason: 'topic-missing' }]);
  });

  it('has its records refused without the right to write, where those of the configuration wait for theirs', async () => {
    const kafka = fakeKafka('t', 'made');
    const { connection, notices } = await connected(kafka, { topics: ['t'] });
    const publishing = connection.publish([...messages('made', '1'), ...messages('t', '2')]);
    for (const index of [0, 1, 2]) (await sent(kafka, index)).fail('topic-forbidden');
    const again = await sent(kafka, 3);
    expect(values(again)).toEqual(['2']);
    again.resolve();
    expect(await publishing).toEqual([{ index: 0, reason: 'topic-authorization-failed' }]);
    expect(notices).toEqual(['topic-forbidden', 'holding', 'going-on']);
  });
});

describe('a topic of the configuration', () => {
  it('is waited for without a connection when it is deleted', async () => {
    const kafka = fakeKafka('t');
    const { connection } = await connected(kafka);
    const publishing = connection.publish(messages('t', '1'));
    const first = await sent(kafka, 0);
    kafka.topics.delete('t');
    first.fail('topic-missing');
    await expect(publishing).rejects.toMatchObject({ code: 'kafka-topic-missing', facts: { topics: 't' } });
  });
});

/** Settles what is sent as long as somebody waits for it: all goes well, but for letters. */
function failingLetters(kafka: FakeKafka, kind: KafkaFailureKind) {
  let index = 0;
  /** @returns how often letters were tried until `done` */
  const failing = async (done: Promise<unknown>) => {
    const state = { done: false, letters: 0 };
    void done.finally(() => {
      state.done = true;
    });
    while (!state.done) {
      const send = kafka.sends[index];
      await new Promise(setImmediate);
      if (send === undefined) continue;
      index++;
      const topics = new Set(send.records.map(({ topic }) => topic));
      expect(topics.size).toBe(1);
      if (!topics.has('graves')) {
        send.resolve();
        continue;
      }
      state.letters++;
      send.fail(kind);
    }
    return state.letters;
  };
  return { failing, count: () => index };
}

describe('dead letters of a Kafka sink', () => {
  const letter = { sink: 'lake', offset: 7, reason: 'a rule threw', at: 5, json: '{"device":"d","big":1}' };

  it.each(['topic-forbidden', 'not-now', 'unavailable', 'timestamp'] as const)(
    'hold nothing up where their topic fails with %s: they stay in the spool, which is told once',
    async (kind) => {
      const kafka = fakeKafka('t', 'graves');
      const { time, clock } = passing();
      const { connection, notices } = await connected(kafka, { clock, topics: ['t'], deadLetterTopic: 'graves' });
      const { failing, count } = failingLetters(kafka, kind);
      const first = Promise.all([connection.bury(letter), connection.publish(messages('t', '1'))]);
      const tries = await failing(first);
      expect([(await first)[1], tries > 1]).toEqual([[], kind !== 'topic-forbidden']);
      expect(time.ms).toBeLessThan(30_000);
      await connection.bury(letter);
      expect(kafka.sends).toHaveLength(count());
      time.ms += 31_000;
      // Tried again, and given up sooner.
      expect(await failing(connection.bury(letter))).toBe(kind === 'timestamp' ? 2 : 1);
      expect(notices).toEqual(['dead-letters-unavailable']);
      time.ms += 31_000;
      const burying = connection.bury(letter);
      (await sent(kafka, count())).resolve();
      await burying;
      expect(notices).toEqual(['dead-letters-unavailable', 'going-on']);
    },
  );

  it('are copied over the next connection where all brokers are gone', async () => {
    const kafka = fakeKafka('t', 'graves');
    const { connection } = await connected(kafka, { topics: ['t'], deadLetterTopic: 'graves' });
    const burying = connection.bury(letter);
    const send = await sent(kafka, 0);
    kafka.lose();
    send.fail('unavailable');
    await expect(burying).rejects.toMatchObject({ code: 'kafka-unavailable' });
  });
});
