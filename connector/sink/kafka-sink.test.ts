import { describe, expect, it, vi } from 'vitest';
import { fakeKafka } from '../../test/support/fake-kafka.ts';
import { connected, messages, sent, values } from '../../test/support/kafka-sink-rig.ts';
import { systemClock } from '../clock.ts';
import { RetryNowError, RetrySlowlyError } from '../errors.ts';
import type { Settled } from './sink.ts';

describe('a Kafka sink', () => {
  it('sends one batch at a time, and together what waits meanwhile', async () => {
    const kafka = fakeKafka('t', 'u');
    const { connection } = await connected(kafka);
    const first = connection.publish(messages('t', '1'));
    await sent(kafka, 0);
    const others = [connection.publish(messages('t', '2', '3')), connection.publish(messages('u', '4'))];
    kafka.sends[0]!.resolve();
    expect(await first).toEqual([]);
    expect(values(await sent(kafka, 1))).toEqual(['2', '3', '4']);
    kafka.sends[1]!.resolve();
    expect(await Promise.all(others)).toEqual([[], []]);
  });

  it('keeps a batch within what the topics take, and sends alone what is larger', async () => {
    const kafka = fakeKafka('t');
    kafka.topics.set('t', { 'max.message.bytes': '1000' });
    const { connection } = await connected(kafka);
    const big = 'x'.repeat(2_000);
    const publishing = connection.publish(messages('t', 'a'.repeat(400), 'b'.repeat(400), 'c', big, 'd'));
    for (const [index, lengths] of [[400, 400], [1], [2_000], [1]].entries()) {
      const send = await sent(kafka, index);
      expect(values(send).map((value) => value!.length)).toEqual(lengths);
      send.resolve();
    }
    expect(await publishing).toEqual([]);
  });
});

describe('a Kafka sink whose batch failed', () => {
  it('goes on with a new producer after a sequence error, once', async () => {
    const kafka = fakeKafka('t');
    const { connection } = await connected(kafka);
    const publishing = connection.publish(messages('t', '1', '2'));
    (await sent(kafka, 0)).fail('sequence');
    const again = await sent(kafka, 1);
    expect([again.producer, values(again)]).toEqual([2, ['1', '2']]);
    again.fail('sequence');
    await expect(publishing).rejects.toBeInstanceOf(RetryNowError);
    expect(await connection.broken).toMatchObject({ code: 'kafka-sequence' });
    await connection.close();
    expect(kafka.openProducers).toBe(0);
  });

  it('finds the refused one by halves, in order, with a new producer after each refusal', async () => {
    const kafka = fakeKafka('t');
    const { connection } = await connected(kafka);
    const publishing = connection.publish(messages('t', '1', '2', 'bad', '4'));
    const taken: (string | null)[] = [];
    for (let index = 0; index < 5; index++) {
      const send = await sent(kafka, index);
      if (values(send).includes('bad')) send.fail('invalid-record');
      else {
        taken.push(...values(send));
        send.resolve();
      }
    }
    expect(await publishing).toEqual([{ index: 2, reason: 'invalid-record' }]);
    expect(taken).toEqual(['1', '2', '4']);
    expect(kafka.openProducers).toBe(1);
  });

  it('tells what was settled when the brokers are lost', async () => {
    const kafka = fakeKafka('t');
    const { connection } = await connected(kafka, { window: 2 });
    const settled: Settled[] = [];
    const publishing = connection.publish(messages('t', '1', '2', '3'), (known) => settled.push(known));
    (await sent(kafka, 0)).resolve();
    (await sent(kafka, 1)).fail('unavailable', 'ECONNRESET');
    await expect(publishing).rejects.toBeInstanceOf(RetrySlowlyError);
    expect(settled).toEqual([{ count: 2, refusals: [] }]);
    await expect(connection.publish(messages('t', '4'))).rejects.toMatchObject({ code: 'kafka-unavailable' });
  });

  it('finds out while nothing is sent', async () => {
    const kafka = fakeKafka('t');
    const { connection } = await connected(kafka);
    kafka.lose();
    expect(await connection.broken).toMatchObject({ code: 'kafka-unavailable', facts: { sink: 'lake' } });
    await vi.waitFor(() => expect(kafka.openProducers).toBe(0));
  });

  it('gives up a batch that nobody answers', async () => {
    const kafka = fakeKafka('t');
    const { connection } = await connected(kafka, { clock: systemClock, deliveryTimeoutMs: 20 });
    await expect(connection.publish(messages('t', '1'))).rejects.toMatchObject({ facts: { code: 'no-answer' } });
  });
});

describe('a Kafka that cannot take records now', () => {
  it('is waited for, and nothing is refused', async () => {
    const kafka = fakeKafka('t');
    const { connection, notices } = await connected(kafka);
    const publishing = connection.publish(messages('t', '1'));
    for (const index of [0, 1, 2]) (await sent(kafka, index)).fail('not-now', 'NOT_ENOUGH_REPLICAS');
    (await sent(kafka, 3)).resolve();
    expect(await publishing).toEqual([]);
    expect(notices).toEqual(['holding', 'going-on']);
  });

  it('is no longer waited for when the sink is closed', async () => {
    const kafka = fakeKafka('t');
    const { connection, notices } = await connected(kafka, { clock: systemClock, closeTimeoutMs: 10 });
    const rejected = expect(connection.publish(messages('t', '1'))).rejects.toMatchObject({ code: 'sink-closed' });
    (await sent(kafka, 0)).fail('not-now');
    await vi.waitFor(() => expect(notices).toEqual(['holding']));
    await connection.close();
    await rejected;
    await vi.waitFor(() => expect([kafka.openProducers, kafka.openAdmins]).toEqual([0, 0]));
  });

  it('gets the time of the event first, then ours, and is then waited for', async () => {
    const kafka = fakeKafka('t');
    const { connection, notices } = await connected(kafka);
    const told = messages('t', '1').map((message) => ({ ...message, key: 'd', timestamp: 1_000 }));
    const publishing = connection.publish(told);
    const first = await sent(kafka, 0);
    expect(first.records[0]!.timestamp).toBe(1_000);
    first.fail('timestamp');
    const second = await sent(kafka, 1);
    expect(Math.abs(second.records[0]!.timestamp - Date.now())).toBeLessThan(5_000);
    expect(notices).toEqual([]);
    second.fail('timestamp');
    (await sent(kafka, 2)).resolve();
    expect(await publishing).toEqual([]);
    expect(notices).toEqual(['holding', 'going-on']);
  });
});

describe('dead letters of a Kafka sink', () => {
  const letter = { sink: 'lake', offset: 7, reason: 'a rule threw', at: 5, json: '{"device":"d","big":1}' };

  it('go to their topic, without the record where that is too large even there', async () => {
    const kafka = fakeKafka('t', 'graves');
    const { connection } = await connected(kafka, { deadLetterTopic: 'graves' });
    const burying = connection.bury(letter);
    const whole = await sent(kafka, 0);
    expect(whole.records).toMatchObject([{ topic: 'graves', key: 'd', value: letter.json, timestamp: 5 }]);
    expect(whole.records[0]!.headers).toMatchObject({
      '__connect.errors.stage': 'TRANSFORMATION',
      '__connect.errors.exception.message': 'a rule threw',
    });
    whole.fail('record-too-large');
    const small = await sent(kafka, 1);
    expect(small.records).toMatchObject([{ topic: 'graves', value: null }]);
    small.resolve();
    await burying;
  });

  it('stay in the spool where there is no such topic', async () => {
    const kafka = fakeKafka('t');
    const { connection, notices } = await connected(kafka, { topics: ['t'], deadLetterTopic: 'graves' });
    await connection.bury(letter);
    expect([kafka.sends.length, notices]).toEqual([0, ['dead-letters-unavailable']]);
  });
});
