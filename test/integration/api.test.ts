import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type {
  DeviceDetail,
  DeviceReport,
  DoorBoard,
  PlaygroundAnswer,
  SinkReport,
} from '../../connector/api/api-report.ts';
import { type EmbeddedBroker, startEmbeddedBroker } from '../../connector/cli/embedded-broker.ts';
import { type Simulator, startSimulator } from '../../connector/simulator/simulator.ts';
import { type Program, startProgram } from '../support/program.ts';

/** The API over the built program, two simulated devices and a broker. */

const LOGIN = { username: 'operator', password: 'device-secret' };
let directory: string;
let broker: EmbeddedBroker;
let simulator: Simulator;
let program: Program;
let url: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'api-'));
  broker = await startEmbeddedBroker();
  simulator = await startSimulator({ devices: ['front-door', 'yard'], portPerDevice: true, ...LOGIN });
  const devices = simulator.devices.map(({ id, address }) => ({
    id,
    address,
    name: `The ${id}`,
    site: 'hq',
    ...LOGIN,
  }));
  const settings = {
    ...{ dataDir: join(directory, 'data'), devices },
    sinks: [
      { name: 'broker', type: 'mqtt', url: broker.url, username: 'us', password: 'broker-secret' },
      { name: 'lake', type: 'kafka', brokers: ['127.0.0.1:1'], mapping: 'envelope' },
    ],
    http: { listen: '127.0.0.1:0' },
  };
  await writeFile(join(directory, 'connector.yaml'), JSON.stringify(settings));
  program = startProgram(['run', '--config', join(directory, 'connector.yaml')]);
  const [, http] = await program.says(/"http":"([^"]+)"/);
  url = `http://${http}`;
  await until(async () => {
    const states = await get<DeviceDetail>('devices/front-door');
    expect([states.status, states.propertiesTotal > 20]).toEqual(['online', true]);
  });
});
afterAll(async () => {
  // Nothing of it is needed any more, and its Kafka sink would be waited for.
  await program?.end('SIGKILL');
  await simulator?.close();
  await broker?.close();
  await rm(directory, { recursive: true, force: true });
});

const until = <T>(look: () => T | Promise<T>) => vi.waitFor(look, { timeout: 15_000, interval: 50 });
const get = async <T>(path: string) => (await (await fetch(`${url}/api/v1/${path}`)).json()) as T;
async function play(body: object): Promise<PlaygroundAnswer> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/api/v1/playground`, { method: 'POST', headers, body: JSON.stringify(body) });
  return (await answer.json()) as PlaygroundAnswer;
}

describe('devices', () => {
  test('tell who they are and how they stand', async () => {
    const [door, yard] = await get<readonly DeviceReport[]>('devices');
    expect(door).toMatchObject({
      ...{ id: 'front-door', name: 'The front-door', site: 'hq', status: 'online', error: null, gaps: 0 },
      identity: { model: 'Simulated Door Controller', serialNumber: 'SIM000000' },
      subscription: { flow: 'pull-point', epoch: 1, how: 'created' },
    });
    expect(Date.parse(door!.subscription!.leaseUntil!)).toBeGreaterThan(Date.now());
    expect(Math.abs(door!.clockSkewSeconds!)).toBeLessThan(2);
    expect(yard!.id).toBe('yard');
  });

  test('one tells its properties, its topics and what was learned of it', async () => {
    const detail = await get<DeviceDetail>('devices/front-door');
    expect(detail.topics).toContain('tns1:Door/State/DoorMode');
    expect(detail.properties).toContainEqual(
      expect.objectContaining({
        topic: 'tns1:Door/State/DoorMode',
        source: { DoorToken: 'Door_1' },
        data: { State: 'Locked' },
      }),
    );
    expect(detail.learned).toContainEqual(expect.objectContaining({ name: 'login', value: 'digest' }));
    expect(JSON.stringify(detail)).not.toContain('secret');
  });
});

test('sinks tell where they deliver, how far they are and what is wrong', async () => {
  await until(async () => {
    const [mqtt, kafka] = await get<readonly SinkReport[]>('sinks');
    expect(mqtt).toMatchObject({
      name: 'broker',
      type: 'mqtt',
      connected: true,
      lag: { records: 0, seconds: 0 },
      deadLetters: 0,
    });
    expect(mqtt!.delivered).toBeGreaterThan(20);
    expect(kafka).toMatchObject({
      name: 'lake',
      type: 'kafka',
      connected: false,
      delivered: 0,
      address: '127.0.0.1:1',
    });
    expect(kafka!.lag.records).toBeGreaterThan(20);
    expect(kafka!.lag.seconds).toBeGreaterThan(0);
    expect(kafka!.lastError?.error).toContain('127.0.0.1:1');
  });
});

test('the configuration is the one in force, without its secrets', async () => {
  const config = await get<{ sinks: { name: string; password?: string }[] }>('config');
  expect(config.sinks[0]).toMatchObject({ name: 'broker', password: '***', mapping: 'onvif-ej' });
  expect(JSON.stringify(config)).not.toContain('secret');
});

test('the stream tells an event as it was stored, and the board of doors has it', async () => {
  const ending = new AbortController();
  const stream = await fetch(`${url}/api/v1/stream?device=front-door&topic=tns1:Door,tns1:AccessControl`, {
    signal: ending.signal,
  });
  const [device] = simulator.devices;
  const source = { DoorToken: 'Door_2' };
  device!.setProperty('tns1:Door/State/DoorPhysicalState', { source, data: { State: 'Open' } });
  device!.emit('tns1:AccessControl/AccessGranted/Credential', {
    source: { AccessPointToken: 'AccessPoint_2' },
    data: { External: false, CredentialToken: '0042', CredentialHolderName: 'Holder 42' },
  });
  let text = '';
  for await (const part of stream.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(part).toString();
    if (text.includes('AccessGranted')) break;
  }
  ending.abort();
  const records = [...text.matchAll(/^data: (.+)$/gm)].map(([, data]) => JSON.parse(data!));
  expect(records).toMatchObject([
    { topic: 'tns1:Door/State/DoorPhysicalState', data: { State: 'Open' }, provenance: 'live' },
    { topic: 'tns1:AccessControl/AccessGranted/Credential' },
  ]);
  const { doors, accessPoints } = await get<DoorBoard>('doors');
  expect(doors).toContainEqual(expect.objectContaining({ token: 'Door_2', position: 'Open', alarm: 'Normal' }));
  expect(accessPoints).toContainEqual(
    expect.objectContaining({
      token: 'AccessPoint_2',
      enabled: true,
      lastTransaction: expect.objectContaining({ what: 'AccessGranted/Credential' }),
    }),
  );
});

describe('the playground', () => {
  const message = (value: string) =>
    '<wsnt:NotificationMessage><wsnt:Topic>tns1:Device/Trigger/DigitalInput</wsnt:Topic><wsnt:Message>' +
    '<tt:Message UtcTime="2026-11-23T08:00:00Z" PropertyOperation="Changed">' +
    '<tt:Source><tt:SimpleItem Name="InputToken" Value="DI_1"/></tt:Source>' +
    `<tt:Data><tt:SimpleItem Name="LogicalState" Value="${value}"/></tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>`;
  const ofMapping = ({ outputs }: PlaygroundAnswer, name: string, transport = 'mqtt') =>
    outputs.find(({ mapping, transport: by }) => mapping === name && by === transport);

  test('makes of a notification what the connector would: typed by its device, by every mapping, for Kafka too', async () => {
    const answer = await play({ device: 'front-door', input: message('1') });
    expect(answer).toMatchObject({ notes: [], records: [{ device: 'front-door', data: { LogicalState: true } }] });
    const ej = ofMapping(answer, 'onvif-ej');
    expect(ej).toMatchObject({ sinks: ['broker'], error: null });
    expect(ej!.messages).toMatchObject([
      { topic: 'front-door/onvif-ej/Device/Trigger/DigitalInput/&DI_1', retain: true },
    ]);
    expect(JSON.parse(ej!.messages[0]!.payload)).toEqual({
      UtcTime: '2026-11-23T08:00:00Z',
      ...{ Source: { InputToken: 'DI_1' }, Data: { LogicalState: true } },
    });
    expect(ofMapping(answer, 'envelope', 'kafka')).toMatchObject({
      sinks: ['lake'],
      messages: [{ topic: 'onvif.events.v1', key: 'front-door' }, { topic: 'onvif.state.v1' }],
    });
    expect(ofMapping(answer, 'home-assistant')?.error).toBeNull();
  });

  test.each([
    [
      'an answer with its envelope',
      (xml: string) =>
        `<?xml version="1.0"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tns1="http://www.onvif.org/ver10/topics"><e:Body><PullMessagesResponse xmlns="http://www.onvif.org/ver10/events/wsdl">${xml}</PullMessagesResponse></e:Body></e:Envelope>`,
      1,
    ],
    ['several messages', (xml: string) => `${xml}\n${xml}`, 2],
    ['white space around it', (xml: string) => `\n\n ${xml} \n`, 1],
  ])('takes %s', async (_, around, count) => {
    expect((await play({ device: 'front-door', input: around(message('true')) })).records).toHaveLength(count);
  });

  test('takes a record, of a device nobody has', async () => {
    const input =
      '{"topic":"tns1:Device/Trigger/DigitalInput","propertyOperation":"Changed","data":{"LogicalState":false}}';
    const answer = await play({ device: 'nobody', input });
    expect(ofMapping(answer, 'onvif-ej')?.messages).toMatchObject([
      { topic: 'nobody/onvif-ej/Device/Trigger/DigitalInput' },
    ]);
  });

  test.each([
    '<a/>',
    '<a',
    'rumour',
    '{',
    '[1]',
    '{"kind":"x"}',
    '{"topic":7}',
    '{"topic":"t","data":[]}',
    '<!DOCTYPE a><wsnt:Notify/>',
    '[]',
  ])('says what is wrong with %s', async (input) => {
    const answer = (await play({ input })) as unknown as { status: number; detail: string };
    expect(answer).toEqual({ status: 400, detail: expect.stringMatching(/\w{4}/) });
  });

  test('has published, stored and taught nothing', async () => {
    const { lastOffset } = await get<{ lastOffset: number }>('spool');
    await play({ device: 'front-door', input: message('false') });
    expect((await get<{ lastOffset: number }>('spool')).lastOffset).toBe(lastOffset);
    const { properties } = await get<DeviceDetail>('devices/front-door');
    expect(JSON.stringify(properties)).not.toContain('DI_1');
  });
});

test('a device that went away says why, and when it came back what was missed', async () => {
  const [, yard] = simulator.devices;
  yard!.powerCycle({ downMs: 3_000 });
  await until(async () => {
    const detail = await get<DeviceDetail>('devices/yard');
    expect(detail.status).toBe('offline');
    expect(detail.error).toContain('cannot be reached');
    expect(detail.recentTroubles.length).toBeGreaterThan(0);
  });
  await until(async () => {
    const detail = await get<DeviceDetail>('devices/yard');
    expect([detail.status, detail.error, detail.subscription?.epoch]).toEqual(['online', null, 2]);
    expect(detail.recentGaps).toContainEqual(expect.objectContaining({ reason: 'outage' }));
    expect([detail.gaps, detail.lastGapAt]).toEqual([detail.recentGaps.length, detail.recentGaps[0]!.until]);
  });
});

test('top shows it all, once', async () => {
  const top = startProgram(['top', '--once', '--url', url]);
  expect(await top.exited).toBe(0);
  expect(top.stdout()).toMatch(/2 of 2 devices online/);
  expect(top.stdout()).toMatch(/^front-door\s+online\s/m);
  expect(top.stdout()).toMatch(/^lake\s+no\s+0\s/m);
  expect(top.stdout()).not.toContain('\u001b');
});
