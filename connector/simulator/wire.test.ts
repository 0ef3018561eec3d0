import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type CallOptions,
  createBody,
  plainCall,
  post,
  pullBody,
  serviceUrls,
  subscribe,
} from '../../test/support/plain-client.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts';

/** Holds SOAP envelopes against the published WSDL and schemas; needs xmllint. */
const WIRE_CHECK = resolve(process.env.ONVIF_WIRE_CHECK ?? '../shared/tools/wire-check');

function missing(): string | null {
  if (!existsSync(WIRE_CHECK)) return `${WIRE_CHECK} is not there (set ONVIF_WIRE_CHECK)`;
  try {
    execFileSync('xmllint', ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'xmllint is not installed';
  }
}

const why = missing();
if (why !== null && process.env.CI) throw new Error(`The wire check cannot run: ${why}`);
if (why !== null) console.warn(`SKIPPED: the simulator's answers are not held against the schemas: ${why}`);

const running: Simulator[] = [];
const answers: [name: string, text: string][] = [];
afterAll(() => Promise.all(running.map((simulator) => simulator.close())));

async function device(options: SimulatorOptions = {}) {
  const simulator = await startSimulator(options);
  running.push(simulator);
  const one = simulator.devices[0]!;
  const keep = async (name: string, url: string, body: string, call: CallOptions = {}) => {
    const answer = await plainCall(url, body, call);
    answers.push([name, answer.text]);
    return answer;
  };
  return { device: one, urls: serviceUrls(one.address), keep };
}

async function deviceAnswers(): Promise<void> {
  const { urls, keep } = await device();
  const operations = ['GetSystemDateAndTime', 'GetServiceCapabilities', 'GetCapabilities', 'GetDeviceInformation'];
  for (const name of [
    ...operations,
    'GetEndpointReference',
    'GetScopes',
    'GetHostname',
    'GetNetworkInterfaces',
    'GetRelayOutputs',
    'GetUsers',
  ]) {
    await keep(name, urls.device, `<tds:${name}/>`);
  }
  for (const included of ['true', 'false']) {
    await keep(
      `GetServices-${included}`,
      urls.device,
      `<tds:GetServices><tds:IncludeCapability>${included}</tds:IncludeCapability></tds:GetServices>`,
    );
  }
  await keep(
    'GetCapabilities-Media',
    urls.device,
    '<tds:GetCapabilities><tds:Category>Media</tds:Category></tds:GetCapabilities>',
  );
  for (const name of ['GetServiceCapabilities', 'GetDigitalInputs'])
    await keep(`io-${name}`, urls.io, `<tmd:${name}/>`);
  await keep('io-GetRelayOutputs', urls.io, '<tds:GetRelayOutputs/>');
  for (const token of ['Relay_1', 'Relay_9']) {
    const order = `<tds:SetRelayOutputState><tds:RelayOutputToken>${token}</tds:RelayOutputToken><tds:LogicalState>active</tds:LogicalState></tds:SetRelayOutputState>`;
    await keep(`SetRelayOutputState-${token}`, urls.io, order);
  }
  await keep('must-understand', urls.device, '<tds:GetHostname/>', {
    headers: '<x:a xmlns:x="urn:x" env:mustUnderstand="1"/>',
  });
  for (const text of ['<a', '<a/>'])
    answers.push(['broken', (await post(urls.device, text, { contentType: 'application/soap+xml' })).text]);
  await keep('SystemReboot', urls.device, '<tds:SystemReboot/>');
  const guarded = await device({ username: 'a', password: 'b', auth: 'username-token' });
  await guarded.keep('not-authorized', guarded.urls.device, '<tds:GetDeviceInformation/>');
}

async function subscriptionAnswers(options: SimulatorOptions): Promise<void> {
  const { device: one, urls, keep } = await device({ rate: 200, ...options });
  await keep('event-GetServiceCapabilities', urls.events, '<tev:GetServiceCapabilities/>', {
    action: 'http://www.onvif.org/ver10/events/wsdl/EventPortType/GetServiceCapabilitiesRequest',
  });
  await keep('GetEventProperties', urls.events, '<tev:GetEventProperties/>');
  const created = await keep('Create', urls.events, createBody());
  const address = (/<wsa:Address>([^<]*)/.exec(created.text)?.[1] ?? '') || urls.events;
  const parameter = /<wsa:ReferenceParameters>(.*)<\/wsa:ReferenceParameters>/.exec(created.text)?.[1] ?? '';
  const headers = parameter.replace(' sim:form', ' wsa:IsReferenceParameter="true" sim:form');
  await keep('Pull-initialized', address, pullBody(), { headers });
  one.setProperty('tns1:Device/Trigger/Relay', {
    source: { RelayToken: 'Relay_7' },
    key: { Side: 'a & "b"' },
    data: { LogicalState: 'active' },
  });
  one.deleteProperty('tns1:Device/Trigger/Relay', { source: { RelayToken: 'Relay_7' }, key: { Side: 'a & "b"' } });
  await expect.poll(() => one.ledger.produced).toBeGreaterThan(30);
  await keep('Pull-life', address, pullBody(), { headers });
  await keep('Renew', address, '<wsnt:Renew><wsnt:TerminationTime>PT60S</wsnt:TerminationTime></wsnt:Renew>', {
    headers,
  });
  await keep('SetSynchronizationPoint', address, '<tev:SetSynchronizationPoint/>', { headers });
  await keep('Seek', address, '<tev:Seek><tev:UtcTime>2026-01-01T00:00:00Z</tev:UtcTime></tev:Seek>', { headers });
  await keep('Unsubscribe', address, '<wsnt:Unsubscribe/>', { headers });
  await keep('Pull-unknown', address, pullBody(), { headers });
}

async function faultAnswers(): Promise<void> {
  const { device: one, urls, keep } = await device({ limits: { maxPullPoints: 2 } });
  const dialect = 'http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet';
  const topic = (text: string, of = dialect) =>
    `<wsnt:TopicExpression xmlns:tns1="http://www.onvif.org/ver10/topics" Dialect="${of}">${text}</wsnt:TopicExpression>`;
  const filters = {
    dialect: topic('tns1:Door', 'urn:x'),
    syntax: topic('tns1:Door/*'),
    topic: topic('tns1:PTZController//.'),
    content:
      '<wsnt:MessageContent Dialect="http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter">x</wsnt:MessageContent>',
    'content-dialect': '<wsnt:MessageContent Dialect="urn:x">x</wsnt:MessageContent>',
    producer: '<wsnt:ProducerProperties Dialect="urn:x">x</wsnt:ProducerProperties>',
    unknown: '<x:Filter xmlns:x="urn:x"/>',
  };
  for (const [name, filter] of Object.entries(filters))
    await keep(`filter-${name}`, urls.events, createBody(`<tev:Filter>${filter}</tev:Filter>`));
  await keep(
    'policy',
    urls.events,
    createBody('<tev:SubscriptionPolicy><x:y xmlns:x="urn:x"/></tev:SubscriptionPolicy>'),
  );
  await keep('initial-time', urls.events, createBody('<tev:InitialTerminationTime>PT0S</tev:InitialTerminationTime>'));
  const address = await subscribe(one.address);
  await keep(
    'time',
    address,
    '<wsnt:Renew><wsnt:TerminationTime>2001-01-01T00:00:00Z</wsnt:TerminationTime></wsnt:Renew>',
  );
  await keep('max-timeout', address, pullBody('PT1H'));
  await keep('arguments', address, '<tev:PullMessages/>');
  await keep('values', address, pullBody('soon'));
  await plainCall(address, pullBody());
  const blocked = plainCall(address, pullBody('PT60S'));
  await expect
    .poll(async () => (await keep('concurrent', address, pullBody('PT0S'))).text)
    .toContain('UnableToGetMessages');
  await subscribe(one.address);
  await keep('create-failed', urls.events, createBody());
  await plainCall(address, '<wsnt:Unsubscribe/>');
  answers.push(['unsubscribed-pull', (await blocked).text]);
}

/** Every Notify a device sends, and what is answered at the manager of base notifications. */
async function notifyAnswers(quirks: string[] = []): Promise<void> {
  const { device: one, urls, keep } = await device({ persistentStorage: true, quirks });
  const notified: string[] = [];
  const consumer = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    notified.push(text);
    response.end();
  });
  await new Promise<void>((done) => consumer.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(consumer.address() as AddressInfo).port}/`;
  const parameters = '<wsa:ReferenceParameters><x:y xmlns:x="urn:x" x:z="1">2</x:y></wsa:ReferenceParameters>';
  const reference = `<wsnt:ConsumerReference><wsa:Address>${url}</wsa:Address>${parameters}</wsnt:ConsumerReference>`;
  const action = 'http://docs.oasis-open.org/wsn/bw-2/NotificationProducer/SubscribeRequest';
  const raw = '<wsnt:SubscriptionPolicy><wsnt:UseRaw/></wsnt:SubscriptionPolicy>';
  await keep('Subscribe-raw', urls.events, `<wsnt:Subscribe>${reference}${raw}</wsnt:Subscribe>`, { action });
  await keep('GetCurrentMessage', urls.events, '<wsnt:GetCurrentMessage/>', { action });
  const created = await keep('Subscribe', urls.events, `<wsnt:Subscribe>${reference}</wsnt:Subscribe>`, { action });
  const address = /<wsa:Address>([^<]*)/.exec(created.text)?.[1] ?? '';
  await expect.poll(() => notified.length).toBeGreaterThan(0);
  const before = notified.length;
  one.emit('tns1:AccessControl/AccessGranted/Anonymous', {
    source: { AccessPointToken: 'A' },
    data: { External: true },
  });
  await expect.poll(() => notified.length).toBeGreaterThan(before);
  await keep('Renew-notify', address, '<wsnt:Renew><wsnt:TerminationTime>PT60S</wsnt:TerminationTime></wsnt:Renew>');
  await keep('SetSynchronizationPoint-notify', address, '<tev:SetSynchronizationPoint/>');
  await keep('Unsubscribe-notify', address, '<wsnt:Unsubscribe/>');
  const pullPoint = await subscribe(one.address);
  await keep('Seek', pullPoint, '<tev:Seek><tev:UtcTime>2020-01-01T00:00:00Z</tev:UtcTime></tev:Seek>');
  await keep('Pull-replay', pullPoint, pullBody());
  one.line.refuseSubscriptions(60_000);
  await keep('blocked-thread', urls.events, createBody());
  answers.push(...notified.map((text): [string, string] => ['Notify', text]));
  await new Promise((done) => consumer.close(done));
}

describe.skipIf(why !== null)('every answer of the simulator', () => {
  it('is what the WSDL and schemas say', { timeout: 60_000 }, async () => {
    await deviceAnswers();
    await subscriptionAnswers({ presets: ['access-controller'] });
    await subscriptionAnswers({ presets: ['camera'], seed: 2 });
    await subscriptionAnswers({
      quirks: [
        'id-in-reference-parameters',
        'prefix-every-level',
        'upper-case-booleans',
        'deleted-without-data',
        'bare-topic-set',
      ],
    });
    await subscriptionAnswers({ quirks: ['empty-address', 'renew-unsupported', 'sync-point-faults'] });
    await subscriptionAnswers({ load: { batch: 10, kind: 'access', intervalMs: 1 } });
    await notifyAnswers();
    await notifyAnswers(['notify-without-subscription-reference', 'id-in-reference-parameters']);
    await faultAnswers();
    const folder = await mkdtemp(join(tmpdir(), 'wire-'));
    const files = answers.map(([name], index) => join(folder, `${String(index).padStart(3, '0')}-${name}.xml`));
    await Promise.all(files.map((file, index) => writeFile(file, answers[index]?.[1] ?? '')));
    const report = await new Promise<string>((done) =>
      execFile(WIRE_CHECK, files, { maxBuffer: 1e8 }, (_, stdout, stderr) => done(stdout + stderr)),
    );
    await rm(folder, { recursive: true });
    expect(report.split('\n').filter((line) => line !== '' && !line.startsWith('ok '))).toEqual([]);
    expect(report.split('\n').filter((line) => line.startsWith('ok '))).toHaveLength(answers.length);
  });
});
