import { describe, expect, it } from 'vitest';
import { mosquittoAvailable } from '../support/mosquitto.ts';
import type { MqttObserver } from '../support/mqtt-observer.ts';
import { broker, cable, connected, observer } from '../support/mqtt-rig.ts';

const TOPIC = 'onvif/bridge/state';

const told = ({ messages }: MqttObserver) => messages.map(({ payload }) => JSON.parse(payload).state);

/** What a reader who comes now is told. */
async function retained(url: string): Promise<string> {
  const { first } = await observer(url, TOPIC);
  return JSON.parse((await first(({ packet }) => packet.retain)).payload).state;
}

describe.skipIf(!mosquittoAvailable()).each([5, 4] as const)('the bridge state, MQTT version %i', (protocol) => {
  const sink = (url: string, name: string) => connected(url, { name, clientId: name, protocol });

  it('is online again when one of two sinks of the broker goes', async () => {
    const { url } = await broker();
    const watching = await observer(url, TOPIC);
    const [one] = [await sink(url, 'one'), await sink(url, 'other')];
    await one.close();
    await expect.poll(() => told(watching)).toEqual(['online', 'online', 'offline', 'online']);
    expect(await retained(url)).toBe('online');
  });

  it('is online again when one of two sinks breaks, and its will is published', async () => {
    const { url, port } = await broker();
    const watching = await observer(url, TOPIC);
    const wire = await cable(port);
    const broken = await sink(wire.url, 'one');
    await sink(url, 'other');
    wire.cut();
    await broken.broken;
    await expect.poll(() => told(watching)).toEqual(['online', 'online', 'offline', 'online']);
  });

  it('is offline in the end when all go, at once or one after the other', async () => {
    const { url } = await broker();
    for (const atOnce of [true, false]) {
      const all = [await sink(url, 'a'), await sink(url, 'b'), await sink(url, 'c')];
      if (atOnce) await Promise.all(all.map((each) => each.close()));
      else for (const each of all) await each.close();
      expect(await retained(url)).toBe('offline');
    }
  });

  it('that was retained as offline before a sink comes is answered once, by its greeting', async () => {
    const { url } = await broker();
    await (await sink(url, 'a')).close();
    const watching = await observer(url, TOPIC);
    const back = await sink(url, 'a');
    // What it may have said besides the greeting goes out before this.
    await back.publish([{ topic: TOPIC, payload: '{"state":"end"}', retain: false, contentType: '', attributes: [] }]);
    await expect.poll(() => told(watching)).toEqual(['offline', 'online', 'end']);
  });
});
