import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { connectAsync, type IClientOptions, type IPublishPacket } from 'mqtt';
import { describe, expect, it, type TestContext, vi } from 'vitest';
import { runProgram } from '../../connector/cli/program.ts';
import { startConnector } from '../../connector/compose.ts';
import { startSimulator } from '../../connector/simulator/simulator.ts';
import { createLog } from '../../connector/telemetry/log.ts';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.ts';
import { mqttObserver } from '../support/mqtt-observer.ts';
import { settingsFromText } from '../support/settings-from-text.ts';

const RELAY = 'deviceio.SetRelayOutputState';
const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 20 });

interface Wishes {
  readonly allow?: readonly string[];
  readonly sink?: object;
  /** Requests that wait at the broker before the connector starts. */
  readonly retained?: Readonly<Record<string, object>>;
}

/** A connector between a simulated device and a real broker, with somebody who asks. */
async function rig(t: TestContext, { allow = [RELAY], sink = {}, retained = {} }: Wishes = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'commands-'));
  const [simulator, broker] = await Promise.all([startSimulator(), startMosquitto()]);
  const device = simulator.devices[0]!;
  const written = {
    dataDir: directory,
    devices: [{ id: 'front-door', name: 'Front door', address: device.address, pullTimeout: '60s', allow }],
    sinks: [
      { name: 'broker', type: 'mqtt', url: broker.url, mapping: 'envelope', commands: { enabled: true }, ...sink },
    ],
    http: { listen: '127.0.0.1:0' },
  };
  const stderr = new PassThrough();
  let log = '';
  stderr.on('data', (chunk) => {
    log += chunk;
  });
  const { settings } = await settingsFromText(JSON.stringify(written));
  const observer = await mqttObserver(broker.url);
  for (const [verb, content] of Object.entries(retained))
    await observer.client.publishAsync(`onvif/bridge/request/${verb}`, JSON.stringify(content), {
      qos: 1,
      retain: true,
    });
  const connector = await startConnector({
    ...{ settings, log: createLog('info', 'json', stderr), version: '0', setAsideDamagedSpool: false },
  });
  t.onTestFinished(async () => {
    await connector.stop();
    await observer.close();
    await Promise.all([simulator.close(), broker.close()]);
    await rm(directory, { recursive: true, force: true });
  });
  await observer.first(({ payload }) => payload.includes('"kind":"synchronized"'), 15_000);
  const asker = async (options: IClientOptions = {}) => {
    const client = await connectAsync(broker.url, { protocolVersion: 5, ...options });
    t.onTestFinished(() => client.endAsync(true));
    return client;
  };
  const ask = (verb: string, content: unknown, options = {}) =>
    observer.client.publishAsync(`onvif/bridge/request/${verb}`, JSON.stringify(content), { qos: 1, ...options });
  const answer = async (verb: string, transaction: unknown) => {
    const found = await observer.first(
      ({ topic, payload }) =>
        topic === `onvif/bridge/response/${verb}` && JSON.parse(payload).transaction === transaction,
    );
    return JSON.parse(found.payload);
  };
  const relay = () => device.propertyList.find(({ source }) => source.RelayToken === 'Relay_1')?.data.LogicalState;
  return { observer, device, simulator, broker, connector, asker, ask, answer, relay, log: () => log };
}

const switchOn = {
  device: 'front-door',
  operation: RELAY,
  arguments: { RelayOutputToken: 'Relay_1', LogicalState: 'active' },
};

describe.skipIf(!mosquittoAvailable()).concurrent('requests by MQTT', () => {
  it('switch a relay, are answered where they want it, and its event comes back', async (t) => {
    const { asker, relay, observer, simulator, log } = await rig(t);
    const client = await asker();
    const answered = new Promise<[string, IPublishPacket]>((resolve) => {
      client.on('message', (_, payload, packet) => resolve([payload.toString(), packet]));
    });
    await client.subscribeAsync('ada/answers');
    const correlationData = Buffer.from([1, 0, 255]);
    await client.publishAsync('onvif/bridge/request/call', JSON.stringify({ ...switchOn, transaction: 'on-1' }), {
      ...{ qos: 1, properties: { responseTopic: 'ada/answers', correlationData } },
    });
    const [text, packet] = await answered;
    expect(JSON.parse(text)).toEqual({ data: {}, status: 'ok', transaction: 'on-1' });
    expect(packet.properties?.correlationData).toEqual(correlationData);
    expect(packet.retain).toBe(false);
    expect(relay()).toBe('active');
    const event = await observer.first(
      ({ topic, payload }) => topic.endsWith('Device/Trigger/Relay') && payload.includes('"active"'),
    );
    expect(JSON.parse(event.payload)).toMatchObject({ device: 'front-door', source: { RelayToken: 'Relay_1' } });
    expect(observer.messages.filter(({ topic }) => topic.startsWith('onvif/bridge/response/'))).toEqual([]);
    expect(log()).toMatch(
      /"verb":"call","device":"front-door","operation":"deviceio.SetRelayOutputState","transaction":"on-1"/,
    );
    expect(log()).not.toContain('RelayOutputToken');
    expect(simulator.violations).toEqual([]);
  });

  it('work over MQTT 3.1.1, with the answer at the response topic', async (t) => {
    const { ask, answer, relay } = await rig(t, { sink: { protocol: '3.1.1' } });
    await ask('call', { ...switchOn, transaction: 1 });
    expect(await answer('call', 1)).toEqual({ data: {}, status: 'ok', transaction: 1 });
    expect(relay()).toBe('active');
  });

  it('call nothing that the device does not allow', async (t) => {
    const { ask, answer, relay, device } = await rig(t, { allow: [] });
    const before = device.requests.get('SetRelayOutputState');
    await ask('call', { ...switchOn, transaction: 1 });
    expect(await answer('call', 1)).toMatchObject({
      ...{ status: 'error', data: { code: 'operation-not-allowed' } },
      error: expect.stringContaining('add it to "allow" of this device (devices[].allow)'),
    });
    expect([relay(), device.requests.get('SetRelayOutputState')]).toEqual(['inactive', before]);
  });

  it('give the fault of the device', async (t) => {
    const { ask, answer } = await rig(t);
    await ask('call', {
      ...switchOn,
      arguments: { RelayOutputToken: 'Relay_9', LogicalState: 'active' },
      transaction: 1,
    });
    expect(await answer('call', 1)).toMatchObject({
      data: { code: 'arguments-refused', fault: expect.stringContaining('ter:RelayToken') },
      error: 'SetRelayOutputState: the device answered with a fault: No relay output "Relay_9"',
    });
  });
});

describe.skipIf(!mosquittoAvailable()).concurrent('the connector, asked by MQTT,', () => {
  it('ignores what is retained, at each start', async (t) => {
    const { ask, answer, relay, observer, log } = await rig(t, { retained: { call: switchOn } });
    await until(() => expect(log()).toContain('a retained request is ignored'));
    await ask('devices', { transaction: 'after' });
    await answer('devices', 'after');
    expect(observer.messages.filter(({ topic }) => topic.startsWith('onvif/bridge/response/'))).toHaveLength(1);
    expect(relay()).toBe('inactive');
  });

  it('makes a device tell its states anew', async (t) => {
    const { ask, answer, observer } = await rig(t);
    await ask('resync', { device: 'front-door', transaction: 1 });
    expect(await answer('resync', 1)).toEqual({ data: { asked: 1, failed: [] }, status: 'ok', transaction: 1 });
    const set = await observer.first(({ payload }) => payload.includes('"cause":"request"'), 10_000);
    expect(JSON.parse(set.payload)).toMatchObject({
      kind: 'synchronized',
      device: 'front-door',
      gap: 'none',
      changed: 0,
    });
  });

  it('lists the devices', async (t) => {
    const { ask, answer } = await rig(t);
    await ask('devices', { transaction: 1 });
    expect((await answer('devices', 1)).data).toEqual([
      { id: 'front-door', name: 'Front door', status: 'online', allow: [RELAY] },
    ]);
  });

  it('does not listen unless that is enabled', async (t) => {
    const { ask, observer, relay, connector } = await rig(t, { sink: { commands: {} } });
    await ask('call', switchOn);
    await ask('devices', {});
    // Whoever asks the connector itself still can: the API does.
    const origin = { via: 'test', timeoutMs: 1_000 };
    expect(await connector.requests.handle('devices', Buffer.from(''), origin)).toMatchObject({ status: 'ok' });
    await observer.first(({ topic }) => topic === 'onvif/bridge/request/devices');
    expect(observer.messages.filter(({ topic }) => topic.startsWith('onvif/bridge/response/'))).toEqual([]);
    expect(relay()).toBe('inactive');
  });
});

/** A verb of the command line, and what it printed. */
async function verb(...argv: string[]) {
  const said = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof said) => {
    const through = new PassThrough();
    through.on('data', (chunk) => {
      said[name] += chunk;
    });
    return through;
  };
  const { signal } = new AbortController();
  const streams = { stdout: stream('stdout'), stderr: stream('stderr'), env: {}, signal, readerGone: signal };
  const exit = await runProgram(argv, streams);
  return { exit, ...said };
}

async function configured(t: TestContext, settings: object): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'verbs-'));
  t.onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'connector.yaml');
  await writeFile(file, JSON.stringify({ dataDir: join(directory, 'data'), ...settings }));
  return file;
}

describe.concurrent('the verb call', () => {
  it('calls an operation of a configured device or an address, JSON in, JSON out', async (t) => {
    const simulator = await startSimulator();
    t.onTestFinished(() => simulator.close());
    const { address } = simulator.devices[0]!;
    const file = await configured(t, { devices: [{ id: 'front-door', address }] });
    const json = '{"RelayOutputToken":"Relay_1","LogicalState":"active"}';
    expect(await verb('call', '-c', file, 'front-door', RELAY, json)).toEqual({ exit: 0, stdout: '{}\n', stderr: '' });
    expect(simulator.devices[0]!.propertyList.find(({ source }) => source.RelayToken === 'Relay_1')?.data).toEqual({
      LogicalState: 'active',
    });
    const relays = await verb('call', '--json', address, 'deviceio.GetRelayOutputs');
    expect(JSON.parse(relays.stdout).RelayOutputs).toMatchObject([{ '@token': 'Relay_1' }, { '@token': 'Relay_2' }]);
    const refused = await verb('call', address, RELAY, json.replace('Relay_1', 'Relay_9'));
    expect(refused).toMatchObject({ exit: 1, stdout: '' });
    expect(refused.stderr).toMatch(/No relay output "Relay_9" \(\S+:Sender ter:InvalidArgVal ter:RelayToken\)\n$/);
    expect(await verb('call', '-c', file, 'frontdoor', RELAY)).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('did you mean "front-door"?'),
    });
  });
});

describe.skipIf(!mosquittoAvailable()).concurrent('the verb check', () => {
  it('says what each device and broker can do, and touches neither', async (t) => {
    const [simulator, broker] = await Promise.all([
      startSimulator(),
      startMosquitto({ settings: ['max_topic_alias 7'] }),
    ]);
    t.onTestFinished(async () => void (await Promise.all([simulator.close(), broker.close()])));
    const observer = await mqttObserver(broker.url);
    t.onTestFinished(() => observer.close());
    const { address, ledger } = simulator.devices[0]!;
    const sinks = [
      { name: 'broker', type: 'mqtt', url: broker.url },
      { name: 'out', type: 'stdout' },
    ];
    const file = await configured(t, { devices: [{ id: 'front-door', address }], sinks });
    const { exit, stdout, stderr } = await verb('check', '-c', file);
    expect([exit, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/: ok; to be reached: 1 device, 2 sinks\n/);
    expect(stdout).toMatch(
      /device {2}front-door {2}ok +\d+ ms .*Simulated Door Controller.*; login none; clock agrees; \d services; pull points 10, stores no events; \d+ topics\n/,
    );
    expect(stdout).toMatch(
      /sink {4}broker {6}ok +\d+ ms {2}MQTT 5\.0 at mqtt:\/\/127\.0\.0\.1:\d+; QoS 1; keeps retained messages; \d+ messages at once; .*; 7 topic aliases\n/,
    );
    expect(ledger.subscriptions).toEqual([]);
    await observer.client.publishAsync('end', 'x');
    await observer.first(({ topic }) => topic === 'end');
    expect(observer.messages).toHaveLength(1);
  });

  it('ends with 1 where one of them is not there, and says which and why', async (t) => {
    const simulator = await startSimulator();
    t.onTestFinished(() => simulator.close());
    const { address } = simulator.devices[0]!;
    const devices = [
      { id: 'front-door', address },
      { id: 'gate', address: '127.0.0.1:1' },
    ];
    const file = await configured(t, { devices, sinks: [{ name: 'broker', type: 'mqtt', url: 'mqtt://127.0.0.1:1' }] });
    const { exit, stdout, stderr } = await verb('check', '-c', file);
    expect([exit, stderr]).toEqual([1, '2 of 3 failed\n']);
    expect(stdout).toMatch(/device {2}front-door {2}ok /);
    expect(stdout).toMatch(/device {2}gate {8}FAILED +\d+ ms .*ECONNREFUSED/);
    expect(stdout).toMatch(/sink {4}broker {6}FAILED +\d+ ms .*127\.0\.0\.1:1/);
    const json = await verb('check', '-c', file, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      ...{ ok: false, configuration: { ok: true } },
      devices: [
        { name: 'front-door', ok: true, facts: { login: 'none' } },
        { name: 'gate', ok: false, code: 'unreachable' },
      ],
      sinks: [{ name: 'broker', ok: false }],
    });
  });

  it('reaches nobody with a bad configuration', async (t) => {
    const devices = [
      { id: 'gate', address: '127.0.0.1:1', allow: ['deviceio.SetRelayOutputStat', 'devicio.GetDigitalInputs'] },
    ];
    const file = await configured(t, { devices });
    const { exit, stdout } = await verb('check', '-c', file);
    expect(exit).toBe(78);
    expect(stdout).toContain(
      'devices.0.allow.0: unknown operation, got "deviceio.SetRelayOutputStat" (did you mean "deviceio.SetRelayOutputState"?)',
    );
    expect(stdout).toContain('(did you mean "deviceio.GetDigitalInputs"?)');
  });
});
