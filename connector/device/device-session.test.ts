import { afterEach, describe, expect, it } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import {
  type DeviceReply,
  type DeviceRequest,
  envelope,
  faultEnvelope,
  type ScriptedDevice,
  scriptedDevice,
} from '../../test/support/scripted-device.ts';
import { isAbort, RetrySlowlyError, UnauthorizedError } from '../errors.ts';
import { connectDevice, type DeviceOptions, type DeviceSession } from './device-session.ts';
import { NS } from './namespaces.ts';

const NOW = Date.parse('2026-11-23T08:00:00Z');

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

/** What a device says to each operation; what it has no words for it does not support. */
type Words = Readonly<Record<string, string | DeviceReply | ((request: DeviceRequest) => DeviceReply)>>;

const service = (namespace: string, address: string) =>
  `<tds:Service><tds:Namespace>${namespace}</tds:Namespace><tds:XAddr>${address}</tds:XAddr><tds:Version><tt:Major>21</tt:Major><tt:Minor>12</tt:Minor></tds:Version></tds:Service>`;
const time = (hour: number) =>
  `<tds:SystemDateAndTime><tt:UTCDateTime><tt:Time><tt:Hour>${hour}</tt:Hour><tt:Minute>0</tt:Minute><tt:Second>0</tt:Second></tt:Time><tt:Date><tt:Year>2026</tt:Year><tt:Month>11</tt:Month><tt:Day>23</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime>`;

const WORDS: Words = {
  GetSystemDateAndTime: time(8),
  GetServices:
    service(NS.tds, 'http://10.0.0.5/onvif/device_service') + service(NS.tev, 'http://10.0.0.5:8000/onvif/events?a=1'),
  GetDeviceInformation: '<tds:Manufacturer>Acme</tds:Manufacturer><tds:Model>D1</tds:Model>',
  GetServiceCapabilities: '<tev:Capabilities MaxPullPoints="4"/>',
  GetEventProperties: `<wsnt:FixedTopicSet>true</wsnt:FixedTopicSet><TopicSet><tns1:Device xmlns:tns1="${NS.tns1}"><Trigger/></tns1:Device></TopicSet>`,
};

const PREFIX: Readonly<Record<string, string>> = { GetServiceCapabilities: 'tev', GetEventProperties: 'tev' };

async function device(words: Words): Promise<ScriptedDevice> {
  const scripted = await scriptedDevice((request) => {
    const { operation } = request;
    const said = words[operation];
    if (typeof said === 'function') return said(request);
    if (typeof said === 'object') return said;
    if (said === undefined)
      return { status: 500, body: faultEnvelope(['SOAP-ENV:Receiver', 'ter:ActionNotSupported']) };
    const name = `${PREFIX[operation] ?? 'tds'}:${operation}Response`;
    return { body: envelope(`<${name}>${said}</${name}>`) };
  });
  closing.push(scripted.close);
  return scripted;
}

async function connect(to: ScriptedDevice, more: Partial<DeviceOptions> = {}): Promise<DeviceSession> {
  const options: DeviceOptions = {
    id: 'door',
    address: to.origin,
    authentication: 'auto',
    requestTimeoutMs: 10_000,
    ...more,
  };
  const session = await connectDevice(options, fakeClock(NOW), new AbortController().signal);
  closing.unshift(session.close);
  return session;
}

const failure = (of: Promise<unknown>) =>
  of.then(
    () => expect.fail('it connected'),
    (error: unknown) => error,
  );
const ADA = { credentials: { username: 'ada', password: { reveal: () => 'secret' } } };
const operations = ({ requests }: ScriptedDevice) => requests.map(({ operation }) => operation);

describe('connecting', () => {
  it('asks for time, services, identity, event capabilities and topics, and keeps the answers', async () => {
    const scripted = await device(WORDS);
    const { profile, id } = await connect(scripted);
    expect(operations(scripted)).toEqual([
      'GetSystemDateAndTime',
      'GetServices',
      'GetDeviceInformation',
      'GetServiceCapabilities',
      'GetEventProperties',
    ]);
    expect(id).toBe('door');
    expect(profile.missing).toEqual([]);
    expect(profile.information).toMatchObject({ manufacturer: 'Acme', model: 'D1' });
    expect(profile.services.map(({ namespace }) => namespace)).toEqual([NS.tds, NS.tev]);
    expect(profile.eventCapabilities.maxPullPoints).toBe(4);
    expect(profile.topicSet?.topics.map(({ path }) => path.map(({ local }) => local))).toEqual([['Device', 'Trigger']]);
  });

  it('goes to the named host, and names the service as the device does (trap 3)', async () => {
    const scripted = await device(WORDS);
    const session = await connect(scripted);
    const asked = scripted.requests.find(({ operation }) => operation === 'GetEventProperties')!;
    expect(session.eventService.href).toBe(`${scripted.origin}/onvif/events?a=1`);
    expect(session.eventServiceAddress).toBe('http://10.0.0.5:8000/onvif/events?a=1');
    expect(asked.path).toBe('/onvif/events?a=1');
    expect(asked.body).toContain('<wsa:To>http://10.0.0.5:8000/onvif/events?a=1</wsa:To>');
    expect(session.reachable('http://10.0.0.5/s?1').href).toBe(`${scripted.origin}/s?1`);
    expect(session.reachable('').href).toBe(session.eventService.href);
  });

  it('uses WS-Addressing with the event service alone', async () => {
    const scripted = await device(WORDS);
    await connect(scripted);
    const addressed = scripted.requests
      .filter(({ body }) => body.includes('<wsa:MessageID>'))
      .map(({ operation }) => operation);
    expect(addressed).toEqual(['GetServiceCapabilities', 'GetEventProperties']);
  });
});

describe('connecting to a device of few words', () => {
  it('learns the services from GetCapabilities where there is no GetServices', async () => {
    const { GetServices: _, ...words } = WORDS;
    const scripted = await device({
      ...words,
      GetCapabilities:
        '<tds:Capabilities><tt:Events><tt:XAddr>http://10.0.0.5/e</tt:XAddr></tt:Events></tds:Capabilities>',
    });
    const session = await connect(scripted);
    expect(session.eventService.href).toBe(`${scripted.origin}/e`);
    expect(session.profile.missing).toEqual([expect.stringContaining('GetServices')]);
  });

  it('makes do with a device that tells nothing: events are asked for where everything is', async () => {
    const scripted = await device({});
    const { profile, eventService } = await connect(scripted);
    expect(eventService.href).toBe(`${scripted.origin}/onvif/device_service`);
    expect(profile).toMatchObject({ information: null, services: [], topicSet: null });
    expect(profile.eventCapabilities).toEqual({
      maxPullPoints: null,
      maxNotificationProducers: null,
      persistentNotificationStorage: false,
    });
    expect(profile.missing.map((line) => line.split(':')[0])).toEqual([
      'GetServices',
      'GetCapabilities',
      'GetDeviceInformation',
      'GetServiceCapabilities',
      'GetEventProperties',
    ]);
  });

  it('is not stopped by faults and refusals', async () => {
    const fault = { status: 500, body: faultEnvelope(['SOAP-ENV:Receiver', 'ter:Action']) };
    for (const reply of [fault, { status: 400 }, { status: 404 }, { status: 500 }]) {
      const { profile } = await connect(await device({ ...WORDS, GetServices: reply, GetEventProperties: reply }));
      expect(profile.topicSet).toBeNull();
    }
  });

  it('is not stopped by one answer that cannot be read', async () => {
    const { profile } = await connect(
      await device({ ...WORDS, GetEventProperties: { body: '<html>' }, GetDeviceInformation: { status: 503 } }),
    );
    expect(profile).toMatchObject({ information: null, topicSet: null });
    expect(profile.missing).toHaveLength(2);
  });
});

describe('the time of a device', () => {
  it('is measured before logging in, without a login', async () => {
    const scripted = await device({ ...WORDS, GetSystemDateAndTime: time(11) });
    const session = await connect(scripted, { ...ADA, authentication: 'username-token' });
    expect(session.clock.skew()).toBe(3 * 3_600_000);
    expect(scripted.requests[0]?.body).not.toContain('UsernameToken');
    // What is created for it is in its time.
    expect(scripted.requests[1]?.body).toContain('<wsu:Created>2026-11-23T11:00:00Z</wsu:Created>');
  });

  it('is that of the Date header where the device wants a login to tell it', async () => {
    const refusal: DeviceReply = { status: 401, headers: { date: 'Mon, 23 Nov 2026 07:00:00 GMT' } };
    const session = await connect(await device({ ...WORDS, GetSystemDateAndTime: refusal }));
    expect(session.clock.skew()).toBe(-3_600_000);
  });
});

describe('a device that cannot be connected to', () => {
  it('because it refuses the login, at whatever step', async () => {
    const refusal: DeviceReply = {
      status: 401,
      headers: { 'www-authenticate': 'Digest realm="r", nonce="n", qop="auth"' },
    };
    for (const step of ['GetServices', 'GetDeviceInformation', 'GetEventProperties']) {
      const scripted = await device({ ...WORDS, [step]: refusal });
      expect(await failure(connect(scripted, ADA))).toBeInstanceOf(UnauthorizedError);
      // No further step with the same password: it would only lock the account.
      expect(scripted.requests.filter(({ headers }) => headers.authorization !== undefined)).toHaveLength(1);
      expect(operations(scripted).at(-1)).toBe(step);
    }
  });

  it('because it is not there', async () => {
    const scripted = await scriptedDevice(() => ({}));
    await scripted.close();
    const error = await failure(connect(scripted));
    expect(error).toBeInstanceOf(RetrySlowlyError);
    expect(error).toMatchObject({ code: 'unreachable' });
  });

  it('because we are stopping', async () => {
    const scripted = await scriptedDevice(() => 'hang');
    closing.push(scripted.close);
    const aborter = new AbortController();
    const options: DeviceOptions = {
      id: 'door',
      address: scripted.origin,
      authentication: 'auto',
      requestTimeoutMs: 10_000,
    };
    const failed = failure(connectDevice(options, fakeClock(NOW), aborter.signal));
    await scripted.asked(1);
    aborter.abort();
    expect(isAbort(await failed)).toBe(true);
  });

  it('because it does not answer in time', async () => {
    const scripted = await scriptedDevice(() => 'hang');
    closing.push(scripted.close);
    const clock = fakeClock(NOW);
    const options: DeviceOptions = {
      id: 'door',
      address: scripted.origin,
      authentication: 'auto',
      requestTimeoutMs: 10_000,
    };
    const failed = failure(connectDevice(options, clock, new AbortController().signal));
    await scripted.asked(1);
    clock.advance(10_000);
    expect(await failed).toMatchObject({ code: 'no-answer' });
    expect(clock.waiting).toBe(0);
  });

  it.each(['GetServices', 'GetDeviceInformation', 'GetServiceCapabilities', 'GetEventProperties'])(
    'because it breaks off at %s: it may tell when asked again',
    async (step) => {
      const half = { headers: { 'content-length': '9', connection: 'close' }, body: '<a/>' };
      expect(await failure(connect(await device({ ...WORDS, [step]: half })))).toMatchObject({
        code: 'connection-lost',
      });
    },
  );

  it('because it is too busy to tell what everything else is read by', async () => {
    const busy = { status: 500, body: faultEnvelope(['SOAP-ENV:Receiver', 'ter:OutofMemory']) };
    for (const step of ['GetServices', 'GetEventProperties']) {
      const error = await failure(connect(await device({ ...WORDS, [step]: busy })));
      expect(error).toMatchObject({ code: 'overloaded' });
    }
    expect((await connect(await device({ ...WORDS, GetDeviceInformation: busy }))).profile.information).toBeNull();
  });

  it('because its address is none', async () => {
    expect(await failure(connect({ ...(await device(WORDS)), origin: 'http://' }))).toBeInstanceOf(TypeError);
  });
});
