import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { wireCheckTool } from '../../test/support/shared-folder.ts';
import { wireFaults } from '../../test/support/wire-faults.ts';
import type { DeviceService } from '../device/device-description.ts';
import { envelopeTemplate, type SoapOperation } from '../device/soap-envelope.ts';
import { callRequest, type Json } from './call-request.ts';
import { readCallTable } from './call-table.ts';
import { callTarget, findTarget } from './call-target.ts';

const table = readCallTable(
  JSON.parse(readFileSync(new URL('../../mappings/standard-operations.json', import.meta.url), 'utf8')),
);
const others = ['ver20/ptz', 'ver20/imaging'].map((name) => `http://www.onvif.org/${name}/wsdl`);
const services: DeviceService[] = [...[...table.services.values()].map(({ namespace }) => namespace), ...others].map(
  (namespace) => ({ namespace, address: 'http://192.0.2.1/s', version: '1.0', capabilities: {} }),
);

/** The envelope that would be sent. */
function built(operation: string, args: Json): string {
  const target = callTarget(operation);
  const found = findTarget(target, services, table);
  const body = callRequest(target.operation, args, found, table) as SoapOperation['body'];
  const request = { name: target.operation, action: found.action, body };
  return envelopeTemplate(request, { to: 'http://192.0.2.1/s' }).render('');
}

/** Body's content. */
function body(operation: string, args: Json): string {
  return /<env:Body>(.*)<\/env:Body>/s.exec(built(operation, args))![1]!;
}

/** Members in another order than the schema's, on purpose. */
const CALLS: readonly [operation: string, args: Json][] = [
  ['device.GetDeviceInformation', null],
  [
    'device.SetNTP',
    {
      NTPManual: [
        { IPv4Address: '192.0.2.7', Type: 'IPv4' },
        { DNSname: 'ntp', Type: 'DNS' },
      ],
      FromDHCP: false,
    },
  ],
  ['device.CreateUsers', { User: [{ UserLevel: 'Operator', Username: 'a<b>&', Password: 'p"\'' }] }],
  ['device.SetScopes', { Scopes: ['onvif://www.onvif.org/name/Door', 'onvif://www.onvif.org/location/hq'] }],
  [
    'device.SetNetworkInterfaces',
    {
      NetworkInterface: {
        IPv4: { DHCP: false, Manual: [{ PrefixLength: 24, Address: '192.0.2.9' }], Enabled: true },
        Enabled: true,
      },
      InterfaceToken: 'eth0',
    },
  ],
  ['deviceio.SetRelayOutputState', { LogicalState: 'active', RelayOutputToken: 'RELAY_1' }],
  [
    'deviceio.SetRelayOutputSettings',
    { RelayOutput: { Properties: { IdleState: 'open', DelayTime: 'PT1S', Mode: 'Monostable' }, '@token': 'RELAY_1' } },
  ],
  [
    'device.SetRelayOutputSettings',
    { Properties: { IdleState: 'open', Mode: 'Bistable', DelayTime: 'PT0S' }, RelayOutputToken: 'R' },
  ],
  [
    'events.CreatePullPointSubscription',
    {
      InitialTerminationTime: 'PT60S',
      Filter: {
        'wsnt:TopicExpression': {
          '@xmlns:tns1': 'http://www.onvif.org/ver10/topics',
          '@Dialect': 'http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet',
          '#': 'tns1:Device//.',
        },
      },
    },
  ],
  ['events.GetEventProperties', {}],
  ['accesscontrol.EnableAccessPoint', { Token: 'AP_1' }],
  ['accesscontrol.GetAccessPointInfoList', { StartReference: 'x', Limit: 5 }],
  ['accesscontrol.ExternalAuthorization', { Decision: 'Granted', AccessPointToken: 'AP_1', CredentialToken: 'C' }],
  ['doorcontrol.AccessDoor', { AccessTime: 'PT5S', Token: 'D', UseExtendedTime: true }],
  [
    'credential.CreateCredential',
    {
      State: { Enabled: true },
      Credential: {
        CredentialIdentifier: [
          { Value: 'ABCD', ExemptedFromAuthentication: false, Type: { FormatType: 'WIEGAND26', Name: 'pt:Card' } },
        ],
        CredentialHolderReference: 'holder',
        '@token': '',
      },
    },
  ],
  ['schedule.CreateSchedule', { Schedule: { '@token': '', Standard: 'BEGIN:VCALENDAR', Name: 'always' } }],
];

describe('requests from JSON', () => {
  const tool = wireCheckTool();

  it.skipIf(tool === null)('hold against the published WSDL and XSD, whatever order the members came in', async () => {
    const texts = new Map(CALLS.map(([operation, args], at) => [`${at}-${operation}`, built(operation, args)]));
    expect(await wireFaults(tool!, texts)).toEqual([]);
  });

  it('put elements of an operation into the namespace of its service, those of a type into that of the type', () => {
    expect(body('deviceio.SetRelayOutputSettings', CALLS[6]![1])).toBe(
      '<tmd:SetRelayOutputSettings xmlns:tmd="http://www.onvif.org/ver10/deviceIO/wsdl">' +
        '<tmd:RelayOutput token="RELAY_1"><tt:Properties><tt:Mode>Monostable</tt:Mode><tt:DelayTime>PT1S</tt:DelayTime>' +
        '<tt:IdleState>open</tt:IdleState></tt:Properties></tmd:RelayOutput></tmd:SetRelayOutputSettings>',
    );
  });

  it('follow the rule alone where the operation is not in the table', () => {
    const args = { ProfileToken: 'p', Position: { '@space': 's', PanTilt: { '@x': 0.5, '@y': -1 } } };
    expect(body('ptz.AbsoluteMove', args)).toBe(
      '<svc:AbsoluteMove xmlns:svc="http://www.onvif.org/ver20/ptz/wsdl">' +
        '<svc:ProfileToken>p</svc:ProfileToken><svc:Position space="s"><tt:PanTilt x="0.5" y="-1"></tt:PanTilt></svc:Position></svc:AbsoluteMove>',
    );
  });

  it('escape what would be markup', () => {
    expect(body('device.SetHostname', { Name: '</tds:Name><x a="&">' })).toContain(
      '<tds:Name>&lt;/tds:Name&gt;&lt;x a="&amp;"&gt;</tds:Name>',
    );
    expect(body('accesscontrol.SetAccessPoint', { AccessPoint: { '@token': '"><x/>' } })).toContain(
      'token="&quot;&gt;&lt;x/&gt;"',
    );
  });

  it('leave null out, and repeat for a list', () => {
    expect(body('device.SetScopes', { Scopes: ['a', null, 'b'] })).toMatch(
      /><tds:Scopes>a<\/tds:Scopes><tds:Scopes>b<\/tds:Scopes><\/tds:SetScopes>$/,
    );
    expect(body('device.SetNTP', { FromDHCP: true, NTPManual: null })).toMatch(
      /><tds:FromDHCP>true<\/tds:FromDHCP><\/tds:SetNTP>$/,
    );
  });

  it('take elements of any namespace by a prefix that is known or declared', () => {
    expect(body('device.SetHostname', { Name: 'n', '@xmlns:v': 'urn:v', 'v:More': { 'v:Deep': 1 } })).toMatch(
      / xmlns:v="urn:v"[^>]*><tds:Name>n<\/tds:Name><v:More><v:Deep>1<\/v:Deep><\/v:More></,
    );
  });

  it.each<[string, Json, string]>([
    ['device.SetHostname', { Nam: 'x' }, 'SetHostname: there is no argument "Nam"; did you mean Name?'],
    [
      'deviceio.SetRelayOutputState',
      { Zustand: 1 },
      'there is no argument "Zustand"; there is RelayOutputToken, LogicalState',
    ],
    ['device.GetDeviceInformation', { x: 1 }, 'there is no argument "x"; it takes none'],
    ['device.SetNTP', { NTPManual: { Tpye: 'DNS' } }, 'there is no argument "Tpye" in NTPManual; did you mean Type?'],
    ['device.SetNTP', { NTPManual: 'x' }, 'NTPManual takes an object with Type, IPv4Address'],
    ['device.SetHostname', { Name: ['a', 'b'] }, 'Name takes one value, not a list'],
    ['device.SetScopes', { Scopes: [['a']] }, 'Scopes: a list in a list means nothing'],
    ['device.SetHostname', { Name: 'a\u0000b' }, 'Name holds a character that XML cannot carry'],
    ['device.SetHostname', { 'x><y': 1 }, 'is no name of an element'],
    ['device.SetHostname', { 'zz:More': 1 }, 'zz:More: nothing says what the prefix zz stands for; add "@xmlns:zz"'],
    ['device.SetHostname', { '@xmlns': 'urn:x' }, '@xmlns: declare a prefix'],
    ['device.SetHostname', { '@xmlns:a b': 'urn:x' }, 'declares no prefix'],
    ['device.SetHostname', ['x'], 'the arguments must be a JSON object'],
  ])('%s with %j is refused: %s', (operation, args, message) => {
    expect(() => body(operation, args)).toThrow(message);
  });

  it('are bounded in depth and number', () => {
    let deep: Json = 'x';
    for (let level = 0; level < 40; level++) deep = { 'tt:A': deep };
    expect(() => body('device.SetHostname', { 'tt:A': deep })).toThrow('is nested too deep');
    expect(() => body('device.SetScopes', { Scopes: Array.from({ length: 3_000 }, () => 'x') })).toThrow(
      'too many arguments',
    );
  });
});

describe('prefixes of arguments', () => {
  it.each<[string, Json]>([
    ['device.SetHostname', { Name: 'n', '@xmlns:tds': 'urn:other' }],
    ['device.SetNTP', { FromDHCP: true, NTPManual: { '@xmlns:tt': 'urn:other', Type: 'DNS' } }],
    ['device.SetHostname', { Name: 'n', '@xmlns:v': 'urn:v', 'v:More': { '@xmlns:tds': 'urn:other', 'tds:X': 1 } }],
    ['ptz.AbsoluteMove', { '@xmlns:svc': 'urn:other', ProfileToken: 'p' }],
  ])('cannot move what is called into another namespace: %s with %j', (operation, args) => {
    expect(() => body(operation, args)).toThrow(/the prefix (tds|tt|svc) stands for http:.*; take another one/);
  });

  it('may declare a prefix as what it stands for already', () => {
    expect(body('device.SetHostname', { Name: 'n', '@xmlns:tds': 'http://www.onvif.org/ver10/device/wsdl' })).toBe(
      '<tds:SetHostname><tds:Name>n</tds:Name></tds:SetHostname>',
    );
  });
});

describe('names of operations', () => {
  it.each([
    ['DeviceIO.SetRelayOutputState', 'deviceio.SetRelayOutputState'],
    ['tmd.SetRelayOutputState', 'deviceio.SetRelayOutputState'],
    ['event.GetEventProperties', 'events.GetEventProperties'],
    ['devicemgmt.SystemReboot', 'device.SystemReboot'],
  ])('%s is %s', (written, text) => {
    expect(callTarget(written).text).toBe(text);
  });

  it.each([
    ['SetRelayOutputState', 'names no operation: write SERVICE.OPERATION'],
    ['deviceio.Set RelayOutputState', 'names no operation'],
    [
      'deviceio.SetRelayOutputStat',
      'the deviceio service has no operation SetRelayOutputStat; did you mean deviceio.SetRelayOutputState?',
    ],
    ['deviceio.SystemReboot', 'did you mean device.SystemReboot?'],
    ['events.PullMessages', 'the events service has no operation PullMessages'],
    ['pts.GotoPreset', 'the device has no pts service; it has device, deviceio, '],
  ])('%s is refused: %s', (written, message) => {
    expect(() => findTarget(callTarget(written), services, table)).toThrow(message);
  });

  it('are looked for at the device service where the device names none, and nowhere else', () => {
    const without = services.filter(({ namespace }) => !/deviceIO/.test(namespace));
    expect(findTarget(callTarget('deviceio.GetDigitalInputs'), [], table).address).toBeUndefined();
    expect(() => findTarget(callTarget('deviceio.SetRelayOutputState'), without, table)).toThrow(
      /the device has no deviceio service; .*; try device\.SetRelayOutputState/,
    );
  });
});
