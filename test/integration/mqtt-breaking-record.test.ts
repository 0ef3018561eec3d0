import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../connector/clock.ts';
import type { Mapping } from '../../connector/mapping/mapping.ts';
import type { StatusRecord } from '../../connector/normalize/record.ts';
import { mqttSink } from '../../connector/sink/mqtt-sink.ts';
import { SinkWorker } from '../../connector/supervision/sink-worker.ts';
import { memorySpool } from '../support/memory-spool.ts';
import { type MosquittoOptions, mosquittoAvailable, startMosquitto } from '../support/mosquitto.ts';
import { mqttObserver } from '../support/mqtt-observer.ts';
import { observed } from '../support/observed.ts';

const record = (sequence: number): StatusRecord => ({
  ...{ kind: 'status', id: `${sequence}`, device: 'd', sequence, epoch: 1, status: 'online' },
  ...{ since: '2026-01-01T00:00:00Z', receivedAt: '2026-01-01T00:00:00Z' },
});

/** Records 1, 2 and 3 to mosquitto, the second of which it hangs up on. */
async function deliver(options: MosquittoOptions, protocol: 4 | 5, second: { topic: string; payload: string }) {
  const mosquitto = await startMosquitto(options);
  onTestFinished(() => mosquitto.close());
  const observing = await mqttObserver(mosquitto.url, 'good/#');
  onTestFinished(() => observing.close());
  const mapping: Mapping = {
    name: 'test',
    map: ({ offset }) => {
      const { topic, payload } = offset === 2 ? second : { topic: `good/${offset}`, payload: '{}' };
      return [{ topic, payload, retain: false, contentType: '', attributes: [] }];
    },
  };
  const spool = memorySpool();
  spool.put(record(1), record(2), record(3));
  const sink = mqttSink({ name: 'broker', url: mosquitto.url, clientId: 'connector', protocol });
  const observer = observed();
  const worker = new SinkWorker({ sink, mapping, spool, observer, clock: systemClock });
  onTestFinished(() => worker.stop(0));
  await vi.waitFor(() => expect(spool.acknowledged('broker')).toBe(3), { timeout: 15_000, interval: 50 });
  return { spool, observer, observing };
}

describe.skipIf(!mosquittoAvailable())('a record mosquitto hangs up on', () => {
  it.each([
    [4, 'max_packet_size 1000'],
    [5, 'message_size_limit 500'],
  ] as const)(
    'for its size does not hold up the others (MQTT version %i, %s)',
    async (protocol, setting) => {
      const second = { topic: 'good/2', payload: 'x'.repeat(2_000) };
      const { spool, observing } = await deliver({ settings: [setting] }, protocol, second);
      const reason = protocol === 4 ? 'connection-broken-by-record' : 'packet-too-large';
      expect(spool.letters).toMatchObject([{ offset: 2, reason }]);
      // The first one once: what was acknowledged is not sent again.
      expect((await observing.count(2)).map(({ topic }) => topic)).toEqual(['good/1', 'good/3']);
    },
    20_000,
  );

  it('for its topic is named, tried again, and in the end buried; others go on', async () => {
    const acl = ['topic write good/#', 'topic read #'];
    const { spool, observer, observing } = await deliver({ acl }, 5, { topic: 'bad/2', payload: '{}' });
    expect(spool.letters).toMatchObject([{ offset: 2, reason: 'connection-broken-by-record' }]);
    const losses = observer.lines.filter((line) => line.startsWith('sinkTrouble connection lost'));
    expect(losses.length).toBeGreaterThanOrEqual(6);
    for (const line of losses) expect(line).toContain("'bad/2'");
    // Only what was behind it when the connection broke comes more than once.
    const topics = (await observing.count(2)).map(({ topic }) => topic);
    expect(topics.filter((topic) => topic === 'good/1')).toHaveLength(1);
    expect(topics.at(-1)).toBe('good/3');
  }, 20_000);
});
