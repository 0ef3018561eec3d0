import { readFileSync } from 'node:fs';
import { describe, expect, it, type TestContext } from 'vitest';
import { deviceAt } from '../../test/support/device-rig.ts';
import { envelope, scriptedDevice } from '../../test/support/scripted-device.ts';
import { systemClock } from '../clock.ts';
import { connectDevice } from '../device/device-session.ts';
import type { ConnectorError } from '../errors.ts';
import { type SimulatorOptions, startSimulator } from '../simulator/simulator.ts';
import { callOperation } from './call-operation.ts';
import type { Json } from './call-request.ts';
import { readCallTable } from './call-table.ts';

const table = readCallTable(
  JSON.parse(readFileSync(new URL('../../mappings/standard-operations.json', import.meta.url), 'utf8')),
);
const { signal } = new AbortController();

async function rig(t: TestContext, options: SimulatorOptions = {}, login = {}) {
  const simulator = await startSimulator(options);
  t.onTestFinished(() => simulator.close());
  const device = simulator.devices[0]!;
  const call = await caller(t, device.address, login);
  return { simulator, device, call };
}

async function caller(t: TestContext, address: string, login = {}) {
  const session = await connectDevice(deviceAt(address, login), systemClock, signal);
  t.onTestFinished(() => session.close());
  return (operation: string, args: Json = {}) => callOperation({ session, address, table, operation, args, signal });
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => Promise.reject(new Error('it went well')),
    (error) => error as ConnectorError,
  );

describe.concurrent('a call', () => {
  it('changes the device, and answers in JSON', async (t) => {
    const { call, device, simulator } = await rig(t);
    const settings = { Mode: 'Bistable', DelayTime: 'PT0S', IdleState: 'open' };
    expect(await call('deviceio.GetRelayOutputs')).toEqual({
      RelayOutputs: ['Relay_1', 'Relay_2'].map((token) => ({ '@token': token, Properties: settings })),
    });
    expect(await call('deviceio.SetRelayOutputState', { RelayOutputToken: 'Relay_2', LogicalState: 'active' })).toEqual(
      {},
    );
    const relay = device.propertyList.find(({ source }) => source.RelayToken === 'Relay_2');
    expect(relay?.data.LogicalState).toBe('active');
    expect(simulator.violations).toEqual([]);
  });

  it('logs in as the device wants it, at each of its services', async (t) => {
    const credentials = { username: 'ada', password: { reveal: () => 'secret' } };
    for (const auth of ['digest', 'username-token'] as const) {
      const { call } = await rig(t, { username: 'ada', password: 'secret', auth }, { credentials });
      expect(await call('deviceio.GetDigitalInputs')).toHaveProperty('DigitalInputs');
      expect(await call('device.GetDeviceInformation')).toMatchObject({ Model: 'Simulated Door Controller' });
      expect(await call('events.GetServiceCapabilities')).toMatchObject({ Capabilities: { '@MaxPullPoints': 10 } });
    }
  });

  it('ends with the codes and the reason of a fault', async (t) => {
    const { call } = await rig(t);
    const error = await failure(
      call('deviceio.SetRelayOutputState', { RelayOutputToken: 'nowhere', LogicalState: 'active' }),
    );
    expect(error.message).toBe('SetRelayOutputState: the device answered with a fault: No relay output "nowhere"');
    expect(error).toMatchObject({ code: 'arguments-refused' });
    expect(error.facts.fault).toMatch(/Sender ter:InvalidArgVal ter:RelayToken$/);
  });

  it('is not sent where it cannot be meant', async (t) => {
    const { call, device } = await rig(t);
    const before = [...device.requests];
    expect((await failure(call('deviceio.SetRelay'))).code).toBe('operation-unknown');
    expect((await failure(call('doorcontrol.GetDoorState', { Token: 'x' }))).code).toBe('service-missing');
    expect((await failure(call('device.SetHostname', { Nam: 'x' }))).code).toBe('arguments-invalid');
    expect([...device.requests]).toEqual(before);
  });
});

/** A device whose services are at another host, by its own words. */
async function elsewhere(t: TestContext, answer: string) {
  const tds = 'xmlns:tds="http://www.onvif.org/ver10/device/wsdl"';
  const service = (namespace: string, path: string) =>
    `<tds:Service><tds:Namespace>http://www.onvif.org/${namespace}/wsdl</tds:Namespace><tds:XAddr>http://198.51.100.1:81${path}</tds:XAddr></tds:Service>`;
  const device = await scriptedDevice(({ operation }) => {
    if (operation === 'GetServices') {
      const services =
        service('ver10/device', '/d') + service('ver10/deviceIO', '/io?x=1') + service('ver20/ptz', '/ptz');
      return { body: envelope(`<tds:GetServicesResponse ${tds}>${services}</tds:GetServicesResponse>`) };
    }
    if (['GetDigitalInputs', 'GetPresets'].includes(operation)) return { body: envelope(answer) };
    return { status: 500 };
  });
  t.onTestFinished(() => device.close());
  return { device, call: await caller(t, `${device.origin}/onvif/device_service`) };
}

describe.concurrent('an answer', () => {
  it('comes from the host that the user named, whatever the device says', async (t) => {
    const { device, call } = await elsewhere(
      t,
      '<x:GetDigitalInputsResponse xmlns:x="http://www.onvif.org/ver10/deviceIO/wsdl"><x:DigitalInputs token="007" IdleState="open"/></x:GetDigitalInputsResponse>',
    );
    expect(await call('deviceio.GetDigitalInputs')).toEqual({
      DigitalInputs: [{ '@token': '007', '@IdleState': 'open' }],
    });
    const asked = device.requests.at(-1)!;
    expect([asked.path, asked.headers['content-type']]).toEqual([
      '/io?x=1',
      'application/soap+xml; charset=utf-8; action="http://www.onvif.org/ver10/deviceio/wsdl/GetDigitalInputs"',
    ]);
  });

  it('has a list where there may be several, though there is none', async (t) => {
    const { call } = await elsewhere(t, '<GetDigitalInputsResponse/>');
    expect(await call('deviceio.GetDigitalInputs')).toEqual({ DigitalInputs: [] });
  });

  it('of an operation that is not in the table drops nothing', async (t) => {
    const { device, call } = await elsewhere(
      t,
      '<p:GetPresetsResponse xmlns:p="http://www.onvif.org/ver20/ptz/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"><p:Preset token="1"><tt:Name>Gate</tt:Name></p:Preset><p:Preset token="2"/></p:GetPresetsResponse>',
    );
    expect(await call('ptz.GetPresets', { ProfileToken: 'a' })).toMatchObject({
      'p:Preset': [{ '@token': '1', Name: 'Gate' }, { '@token': '2' }],
    });
    expect(device.requests.at(-1)!.headers['content-type']).toContain(
      '"http://www.onvif.org/ver20/ptz/wsdl/GetPresets"',
    );
  });

  it('that is not the one asked for is told', async (t) => {
    const { call } = await elsewhere(t, '<html/>');
    expect((await failure(call('deviceio.GetDigitalInputs'))).code).toBe('unexpected-answer');
  });
});
