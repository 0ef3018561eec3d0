import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MqttNotice, mqttSink } from '../../connector/sink/mqtt-sink.ts';
import { type Gate, startGate } from '../support/gate.ts';
import { type Mosquitto, mosquittoAvailable, startMosquitto } from '../support/mosquitto.ts';

describe.skipIf(!mosquittoAvailable())('a broker that spoke MQTT 5 and hangs up', () => {
  let mosquitto: Mosquitto;
  let gate: Gate;
  beforeAll(async () => {
    mosquitto = await startMosquitto();
    gate = await startGate(mosquitto.port);
  });
  afterAll(async () => {
    await gate.close();
    await mosquitto.close();
  });

  it('is still spoken to in MQTT 5 when it is back', async () => {
    const notices: MqttNotice['code'][] = [];
    const sink = mqttSink({
      name: 'broker',
      url: `mqtt://127.0.0.1:${gate.port}`,
      clientId: 'restart',
      onNotice: ({ code }) => notices.push(code),
    });
    const { signal } = new AbortController();
    const first = await sink.connect(signal);
    gate.shut();
    await first.broken;
    await expect(sink.connect(signal)).rejects.toMatchObject({ code: 'mqtt-closed-unanswered' });
    gate.open();
    const second = await sink.connect(signal);
    await second.close();
    expect(notices).toEqual([]);
  });
});
