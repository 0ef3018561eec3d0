import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { type Gate, startGate } from '../support/gate.ts';
import { type Mosquitto, mosquittoAvailable, startMosquitto } from '../support/mosquitto.ts';
import { type Program, startProgram } from '../support/program.ts';

const DEVICES = 20;
const EVENTS_PER_DEVICE = 5_000;
const BATCH = 20;
const CONNECTOR_KILLS = 5;
const BROKER_KILLS = 2;

/** What the device side says it produced and sent. */
interface LedgerAnswer {
  readonly answer: number;
  readonly events: readonly (readonly [first: number, last: number])[];
  readonly connection: number;
  readonly at: number;
}
interface DeviceLedger {
  readonly device: string;
  readonly produced: number;
  readonly answers: readonly LedgerAnswer[];
}

/** Everything a subscriber got, checked as it comes. */
class Received {
  total = 0;
  /** Event number → id, by device. */
  readonly ids = new Map<string, Map<number, string>>();
  readonly faults: string[] = [];
  readonly gaps = new Map<string, { since: string; until: string; reason: string }[]>();
  readonly #last = new Map<string, number>();

  take(topic: string, payload: string, id: string): void {
    const gap = /^onvif\/([^/]+)\/gap$/.exec(topic)?.[1];
    if (gap !== undefined) this.gaps.set(gap, [...(this.gaps.get(gap) ?? []), JSON.parse(payload)]);
    const number = Number(/"CredentialToken":"E(\d+)"/.exec(payload)?.[1] ?? Number.NaN);
    if (Number.isNaN(number)) return;
    this.total++;
    const device = topic.slice(0, topic.indexOf('/'));
    const ids = this.ids.get(device) ?? new Map<number, string>();
    this.ids.set(device, ids);
    const known = ids.get(number);
    if (known !== undefined) {
      if (known !== id) this.faults.push(`${device}: event ${number} came as ${known} and as ${id}`);
      return;
    }
    ids.set(number, id);
    const last = this.#last.get(device) ?? 0;
    if (number <= last) this.faults.push(`${device}: event ${number} came first after ${last}`);
    this.#last.set(device, Math.max(last, number));
  }

  get distinct(): number {
    let count = 0;
    for (const ids of this.ids.values()) count += ids.size;
    return count;
  }
}

describe.skipIf(!mosquittoAvailable())('kill -9', () => {
  test(`${DEVICES} devices, ${DEVICES * EVENTS_PER_DEVICE} events, connector killed ${CONNECTOR_KILLS} times, broker ${BROKER_KILLS} times: nothing is lost but what was in flight`, {
    timeout: 240_000,
  }, async () => {
    const world = await startWorld();
    try {
      await live(world);
      await check(world);
    } finally {
      await endWorld(world);
    }
  });
});

interface World {
  readonly directory: string;
  readonly broker: Mosquitto;
  readonly gate: Gate;
  readonly simulator: Program;
  readonly control: string;
  readonly config: string;
  readonly received: Received;
  subscriber: MqttClient;
  connector: Program;
  /** Connections of the devices that belonged to a connector that was killed. */
  kills: number;
}

async function startWorld(): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'kill-'));
  const broker = await startMosquitto({
    settings: ['max_inflight_messages 0', 'max_queued_messages 0', 'log_type none'],
  });
  const gate = await startGate(broker.port);
  const load = ['--load-batch', String(BATCH), '--load-total', String(EVENTS_PER_DEVICE)];
  const simulator = startProgram(['simulate', '--port', '0', '--devices', String(DEVICES), '--rate', '0', ...load]);
  const [, control] = await simulator.says(/control API: (\S+)stats/);
  const addresses = [...simulator.stdout().matchAll(/address: (\S+)/g)].map((match) => match[1]);
  expect(addresses).toHaveLength(DEVICES);
  const config = join(directory, 'connector.json');
  const settings = {
    dataDir: join(directory, 'data'),
    deviceDefaults: { pullTimeout: '5s' },
    devices: addresses.map((address, index) => ({ id: `sim-${index + 1}`, address })),
    sinks: [{ name: 'broker', type: 'mqtt', url: `mqtt://127.0.0.1:${gate.port}` }],
    http: { listen: '127.0.0.1:0' },
  };
  await writeFile(config, JSON.stringify(settings));
  const received = new Received();
  const subscriber = await subscribe(broker, received);
  const connector = startProgram(['run', '--config', config]);
  return { directory, broker, gate, simulator, control: control!, config, received, subscriber, connector, kills: 0 };
}

async function endWorld(world: World): Promise<void> {
  await world.connector.end('SIGKILL');
  await world.subscriber.endAsync(true);
  await world.gate.close();
  await world.simulator.end('SIGTERM');
  await world.broker.close();
  await rm(world.directory, { recursive: true, force: true });
}

/** QoS 1 and no limits: Mosquitto writes a message to the subscriber before it acknowledges it to the publisher. */
async function subscribe(broker: Mosquitto, received: Received): Promise<MqttClient> {
  const client = await mqtt.connectAsync(broker.url, { protocolVersion: 5, clientId: 'oracle', reconnectPeriod: 0 });
  client.on('message', (topic, payload, { properties }) => {
    received.take(topic, payload.toString('utf8'), String(properties?.userProperties?.id ?? ''));
  });
  client.on('error', () => {});
  await client.subscribeAsync('#', { qos: 1 });
  return client;
}

/** Lets events flow and strikes at random amounts of them. */
async function live(world: World): Promise<void> {
  const total = DEVICES * EVENTS_PER_DEVICE;
  const strikes = [
    ...Array.from({ length: CONNECTOR_KILLS }, () => 'connector' as const),
    ...Array.from({ length: BROKER_KILLS }, () => 'broker' as const),
  ]
    .map((victim) => ({ victim, at: Math.floor(total * (0.02 + Math.random() * 0.85)) }))
    .sort((a, b) => a.at - b.at);
  console.info(`kill -9: ${strikes.map(({ victim, at }) => `${victim} at ${at}`).join(', ')}`);
  for (const { victim, at } of strikes) {
    await until(world, `${at} events`, () => world.received.distinct >= at);
    await (victim === 'connector' ? killConnector(world) : killBroker(world));
  }
  // A fresh event after all of it: what was in flight may be lost, but nothing stands still.
  await until(
    world,
    'the last event of every device',
    () => [...world.received.ids.values()].filter((ids) => ids.has(EVENTS_PER_DEVICE)).length === DEVICES,
  );
}

async function killConnector(world: World): Promise<void> {
  world.kills++;
  await world.connector.end('SIGKILL');
  world.connector = startProgram(['run', '--config', world.config]);
  await world.connector.says(/"msg":"started"/);
}

async function killBroker(world: World): Promise<void> {
  await world.broker.kill();
  // The connector waits outside until the oracle listens again: what it never heard it could not compare.
  world.gate.shut();
  await world.subscriber.endAsync(true);
  await world.broker.start();
  world.subscriber = await subscribe(world.broker, world.received);
  world.gate.open();
}

async function until(world: World, what: string, holds: () => boolean, withinMs = 90_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!holds()) {
    if (world.connector.child.exitCode !== null) throw new Error(`the connector ended: ${world.connector.stderr()}`);
    if (Date.now() > deadline) {
      throw new Error(
        `${what}: not within ${withinMs} ms; ${world.received.distinct} received\n${world.connector.stderr().slice(-3000)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function check(world: World): Promise<void> {
  const { received } = world;
  const ledger = (await (await fetch(`${world.control}ledger`)).json()) as { devices: DeviceLedger[] };
  const lost: string[] = [];
  let missing = 0;
  for (const device of ledger.devices) {
    expect(device.produced).toBeGreaterThanOrEqual(EVENTS_PER_DEVICE);
    const ids = received.ids.get(device.device)!;
    const answers = answersWithMissing(device, ids);
    expect(answers.length, `${device.device}: answers lost`).toBeLessThanOrEqual(world.kills);
    for (const { answer, numbers } of answers) {
      missing += numbers.length;
      lost.push(`${device.device} answer ${answer.answer} (events ${numbers[0]} to ${numbers.at(-1)})`);
      expect(diedInFlight(device, answer), `${device.device}: answer ${answer.answer} was lost but not in flight`).toBe(
        true,
      );
      expect(
        coveredByGap(received, device.device, answer),
        `${device.device}: no gap record covers answer ${answer.answer}`,
      ).toBe(true);
    }
  }
  console.info(
    `received ${received.total}, distinct ${received.distinct}, duplicates ${received.total - received.distinct}`,
  );
  console.info(`in flight at a kill, so lost and told: ${lost.length === 0 ? 'none' : lost.join(', ')}`);
  expect(received.faults).toEqual([]);
  expect(received.distinct + missing).toBe(DEVICES * EVENTS_PER_DEVICE);
  for (const ids of received.ids.values()) expect(new Set(ids.values()).size).toBe(ids.size);
}

function answersWithMissing(device: DeviceLedger, ids: ReadonlyMap<number, string>) {
  return device.answers.flatMap((answer) => {
    const numbers = answer.events.flatMap(([first, last]) =>
      Array.from({ length: last - first + 1 }, (_, index) => first + index).filter((number) => !ids.has(number)),
    );
    return numbers.length === 0 ? [] : [{ answer, numbers }];
  });
}

/** The last answer that a killed connector's connection was given: nothing it asked for came after it. */
function diedInFlight(device: DeviceLedger, answer: LedgerAnswer): boolean {
  const same = device.answers.filter(({ connection }) => connection === answer.connection);
  const later = device.answers.some(({ connection, at }) => connection !== answer.connection && at >= answer.at);
  return same.at(-1)!.answer === answer.answer && later;
}

function coveredByGap(received: Received, device: string, answer: LedgerAnswer): boolean {
  // A device's clock and ours are the same here, to the second that an answer took.
  return (received.gaps.get(device) ?? []).some(
    ({ since, until }) => Date.parse(since) <= answer.at + 1_000 && Date.parse(until) >= answer.at,
  );
}
