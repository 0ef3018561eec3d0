import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { type RunningConnector, startConnector } from '../../connector/compose.ts';
import type { SimulatedDevice } from '../../connector/simulator/simulated-device.ts';
import { startSimulator } from '../../connector/simulator/simulator.ts';
import { createLog } from '../../connector/telemetry/log.ts';
import { type HomeAssistantView, homeAssistantView, type Published } from './home-assistant-rules.ts';
import { startMosquitto } from './mosquitto.ts';
import { settingsFromText } from './settings-from-text.ts';

/** A subscriber that sees whether a message was published to be retained, as Home Assistant may not. */
export interface Listener {
  readonly client: MqttClient;
  readonly messages: readonly Published[];
  view(): HomeAssistantView;
  /** The last message to the topic. */
  last(topic: string): Published | undefined;
}

/** A door controller and a camera, the connector with the mapping home-assistant, and a real broker that is listened to. */
export interface HomeAssistantWorld {
  readonly heard: Listener;
  device(id: 'controller' | 'camera'): SimulatedDevice;
  /** Somebody who comes later. */
  listen(): Promise<Listener>;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** From now on with these devices alone. */
  reload(...ids: string[]): Promise<void>;
  close(): Promise<void>;
}

export async function homeAssistantWorld(): Promise<HomeAssistantWorld> {
  const broker = await startMosquitto();
  const simulator = await startSimulator({
    devices: ['controller', 'camera'],
    presets: ['access-controller', 'camera'],
    portPerDevice: true,
  });
  const directory = await mkdtemp(join(tmpdir(), 'home-assistant-'));
  const heard = await listener(broker.url);
  let connector: RunningConnector;
  const settings = async (ids: readonly string[]) => {
    const devices = simulator.devices
      .filter(({ id }) => ids.includes(id))
      .map(({ id, address }) => ({ id, address, name: NAMES[id], site: 'Hall', pullTimeout: '1s' }));
    const sinks = [{ name: 'house', type: 'mqtt', url: broker.url, mapping: 'home-assistant' }];
    const http = { listen: '127.0.0.1:0' };
    return (
      await settingsFromText(JSON.stringify({ dataDir: directory, devices, sinks, http, log: { level: 'silent' } }))
    ).settings;
  };
  const start = async () => {
    const log = createLog('silent', 'json');
    const both = await settings(['controller', 'camera']);
    connector = await startConnector({ settings: both, log, version: '1.2.3', setAsideDamagedSpool: false });
  };
  await start();
  return {
    heard,
    device: (id) => simulator.devices.find((one) => one.id === id)!,
    listen: () => listener(broker.url),
    start,
    stop: () => connector.stop(),
    reload: async (...ids) => void (await connector.reload(await settings(ids))),
    async close() {
      await heard.client.endAsync(true);
      await connector.stop();
      await simulator.close();
      await broker.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const NAMES: Readonly<Record<string, string>> = { controller: 'Main door', camera: 'Yard' };

async function listener(url: string): Promise<Listener> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
  const messages: Published[] = [];
  client.on('message', (topic, payload, { retain }) => {
    messages.push({ topic, payload: payload.toString(), retain });
  });
  await client.subscribeAsync('#', { qos: 1, rap: true });
  return {
    client,
    messages,
    view: () => homeAssistantView(messages.filter(isOfTheMapping)),
    last: (topic) => messages.findLast((message) => message.topic === topic),
  };
}

/** Not what the connector tells of itself, nor what happens once to a device. */
function isOfTheMapping({ topic }: Published): boolean {
  return !topic.startsWith('onvif/bridge/') && !/\/(gap|synchronized)$/.test(topic);
}
