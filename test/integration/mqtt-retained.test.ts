import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../connector/clock.ts';
import { openMapping } from '../../connector/mapping/open-mapping.ts';
import type { EventRecord, NotificationRecord, StatusRecord } from '../../connector/normalize/record.ts';
import { type MqttSinkOptions, mqttSink } from '../../connector/sink/mqtt-sink.ts';
import { currentStates, STATES_READER } from '../../connector/spool/current-states.ts';
import type { Spool } from '../../connector/spool/spool.ts';
import { type Departures, departures } from '../../connector/supervision/departures.ts';
import { SinkWorker } from '../../connector/supervision/sink-worker.ts';
import type { WorkerObserver } from '../../connector/supervision/worker-observer.ts';
import { mosquittoAvailable } from '../support/mosquitto.ts';
import { mqttObserver } from '../support/mqtt-observer.ts';
import { broker } from '../support/mqtt-rig.ts';
import { open } from '../support/stored-spool.ts';

const AT = '2026-11-23T08:00:00Z';
let sequence = 0;

function state(token: string, value: unknown, over: Partial<NotificationRecord> = {}): NotificationRecord {
  sequence += 1;
  return {
    ...{ kind: 'notification', id: `n${sequence}`, device: 'door', sequence, epoch: 1 },
    ...{ topic: 'tns1:Door/State', utcTime: AT, time: AT, receivedAt: AT, provenance: 'live' },
    ...{ propertyOperation: 'Changed', source: { Token: token }, key: {}, data: { State: value as string } },
    ...over,
  };
}

function status(device: string, word: StatusRecord['status']): StatusRecord {
  sequence += 1;
  return { kind: 'status', id: `s${sequence}`, device, sequence, epoch: 1, status: word, since: AT, receivedAt: AT };
}

async function put(spool: Spool, ...records: EventRecord[]): Promise<void> {
  const checkpoint = { sequence, epoch: 1, lastAnswerAt: 0, subscription: null, stoppedInOrder: false };
  const { device } = records[0]!;
  await spool.append({ device, records, checkpoint: { ...checkpoint, deviceDigest: null }, properties: [] });
}

/** What a subscriber who comes is told of as retained, once it is so many topics. */
async function retainedAt(url: string, count: number, filter = 'door/#'): Promise<Record<string, string>> {
  for (const deadline = Date.now() + 10_000; ; ) {
    const observing = await mqttObserver(url, filter);
    try {
      const told = await observing.count(count);
      const retained = told.filter(({ packet }) => packet.retain);
      if (retained.length >= count) return Object.fromEntries(retained.map(({ topic, payload }) => [topic, payload]));
      // It came too early, and was told as it happened.
      if (Date.now() > deadline) throw new Error(`not retained: ${told.map(({ topic }) => topic).join(', ')}`);
    } finally {
      await observing.close();
    }
  }
}

interface Rig {
  readonly spool: Spool;
  readonly restored: [messages: number, why: string][];
  readonly departing: Departures;
  readonly forgotten: string[];
  /** Of the sink. */
  readonly troubles: string[];
}

/** A connector from its spool on, which has delivered `before`. */
async function connector(
  url: string,
  sink: Partial<MqttSinkOptions> = {},
  before: readonly EventRecord[] = [],
): Promise<Rig> {
  const spool = await open({ sinks: ['broker', STATES_READER] });
  for (const record of before) await put(spool, record);
  spool.reader('broker').acknowledge(spool.states.lastOffset());
  const states = currentStates({ spool, clock: systemClock });
  const restored: Rig['restored'] = [];
  const forgotten: string[] = [];
  const troubles: string[] = [];
  const departing = departures(
    () => ['broker'],
    (device) => {
      states.forget(device);
      forgotten.push(device);
    },
  );
  const observer = new Proxy({} as WorkerObserver, {
    get: (_, name) => {
      if (name === 'sinkTrouble') return (...told: unknown[]) => troubles.push(String(told.at(-1)));
      if (name !== 'statesRestored') return () => {};
      return (_sink: string, messages: number, _refused: number, why: string) => restored.push([messages, why]);
    },
  });
  const mapping = openMapping('onvif-ej', { devices: new Map(), mappingsDirectory: 'mappings' });
  const worker = new SinkWorker({
    ...{ mapping, spool, states, departures: departing, clock: systemClock, observer },
    sink: mqttSink({ name: 'broker', url, clientId: 'c', retainedToken: 'form-1', ...sink }),
  });
  onTestFinished(async () => {
    await worker.stop(0);
    await states.close();
  });
  return { spool, restored, departing, forgotten, troubles };
}

describe.skipIf(!mosquittoAvailable())('what mosquitto retains', () => {
  it.each([5, 4] as const)(
    'is all there again after it was lost (MQTT version %i)',
    { timeout: 20_000 },
    async (protocol) => {
      const mosquitto = await broker();
      const { spool, restored } = await connector(mosquitto.url, { protocol });
      await put(spool, status('door', 'online'));
      await put(spool, state('a', 'old'), state('b', 'open'), state('c', 'open'), state('a', 'new'));
      await put(
        spool,
        state('c', '', { propertyOperation: 'Deleted' }),
        state('event', '1', { propertyOperation: undefined }),
      );
      const expected = await retainedAt(mosquitto.url, 2);
      expect(Object.keys(expected).sort()).toEqual(['door/onvif-ej/Door/State/&a', 'door/onvif-ej/Door/State/&b']);
      // The first time there was no marker either.
      await expect.poll(() => restored.length, { timeout: 10_000 }).toBe(1);

      // Mosquitto without persistence keeps nothing over this.
      await mosquitto.stop();
      await mosquitto.start();
      await expect.poll(() => restored.length, { timeout: 15_000 }).toBe(2);
      expect(restored[1]).toEqual([3, 'it retains nothing of ours']);
      expect(await retainedAt(mosquitto.url, 2)).toEqual(expected);
      expect(await retainedAt(mosquitto.url, 1, 'onvif/door/availability')).toEqual({
        'onvif/door/availability': `{"state":"online","status":"online","since":"${AT}"}`,
      });
    },
  );

  it('is not given again where it is still there, and is where its form is another one', {
    timeout: 20_000,
  }, async () => {
    const mosquitto = await broker();
    const retainedToken = 'form-1';
    const marker = { topic: 'onvif/bridge/retained/broker', payload: JSON.stringify({ token: retainedToken }) };
    const other = await mqttObserver(mosquitto.url, marker.topic);
    await other.client.publishAsync(marker.topic, marker.payload, { retain: true, qos: 1 });
    const first = await connector(mosquitto.url, { retainedToken });
    await put(first.spool, state('a', '1'));
    await retainedAt(mosquitto.url, 1);
    // Asked for by hand: the marker removed.
    await other.client.publishAsync(marker.topic, '', { retain: true, qos: 1 });
    await expect.poll(() => first.restored, { timeout: 10_000 }).toEqual([[1, 'its marker was removed']]);
    await other.close();
    expect(await retainedAt(mosquitto.url, 1, marker.topic)).toEqual({ [marker.topic]: marker.payload });
  });
});

describe.skipIf(!mosquittoAvailable())('what mosquitto retains of a device that is gone', () => {
  it('is taken back after its last record', { timeout: 20_000 }, async () => {
    const mosquitto = await broker();
    const { spool, departing, forgotten } = await connector(mosquitto.url);
    await put(spool, status('door', 'online'));
    expect(Object.keys(await retainedAt(mosquitto.url, 1, 'onvif/door/#'))).toEqual(['onvif/door/availability']);
    const watching = await mqttObserver(mosquitto.url, 'onvif/door/#');
    onTestFinished(() => watching.close());
    await put(spool, status('door', 'stopped'));
    departing.add('door', spool.states.lastOffset());
    const ended = await watching.first(({ payload }) => payload === '');
    expect(ended.topic).toBe('onvif/door/availability');
    expect(watching.messages.map(({ payload }) => payload.slice(0, 17))).toEqual([
      '{"state":"online"',
      '{"state":"offline',
      '',
    ]);
    await expect.poll(() => forgotten).toEqual(['door']);
  });

  it('stays where the broker refuses to let it go; that is told, and records go on', {
    timeout: 20_000,
  }, async () => {
    const mosquitto = await broker({ acl: ['topic readwrite onvif/bridge/#', 'topic readwrite onvif/gate/#'] });
    // It was delivered when the rights were others.
    const { spool, departing, forgotten, troubles } = await connector(mosquitto.url, {}, [status('door', 'stopped')]);
    departing.add('door', spool.states.lastOffset());
    await put(spool, status('gate', 'online'));
    expect(Object.keys(await retainedAt(mosquitto.url, 1, 'onvif/gate/#'))).toEqual(['onvif/gate/availability']);
    expect(forgotten).toEqual(['door']);
    expect(troubles).toEqual([expect.stringMatching(/'door'.*'onvif\/door\/availability'.*not-authorized/)]);
  });
});
