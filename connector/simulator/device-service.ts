import { deviceIoCapabilities, RELAY_OPERATIONS } from './deviceio-service.ts';
import { eventCapabilities } from './event-service.ts';
import type { Exchange, Operation, OperationTable } from './exchange.ts';
import { NS } from './namespaces.ts';
import { escapeXml, type SoapAnswer } from './soap-answer.ts';
import { receiverFault } from './soap-fault.ts';

/** The version of the specification the services follow (Core 8.1.2.2 Version). */
const VERSION = '<tds:Version><tt:Major>24</tt:Major><tt:Minor>12</tt:Minor></tds:Version>';

function operation(
  name: string,
  preAuth: boolean,
  body: (exchange: Exchange) => string,
  after?: (exchange: Exchange) => void,
): [string, Operation] {
  const action = `${NS.tds}/${name}`;
  const handle = (exchange: Exchange): SoapAnswer => ({
    status: 200,
    action: null,
    body: `<tds:${name}Response>${body(exchange)}</tds:${name}Response>`,
    ...(after ? { after: () => after(exchange) } : {}),
  });
  return [`{${NS.tds}}${name}`, { action, preAuth, addressed: false, atSubscription: false, handle }];
}

/** Core 8: the device management operations an event client needs. */
export const DEVICE_SERVICE: OperationTable = new Map([
  operation('GetSystemDateAndTime', true, systemDateAndTime),
  operation('GetServices', true, getServices),
  operation(
    'GetServiceCapabilities',
    true,
    ({ device }) => `<tds:Capabilities>${capabilityGroups(device)}</tds:Capabilities>`,
  ),
  operation('GetCapabilities', true, getCapabilities),
  operation(
    'GetHostname',
    true,
    ({ device }) =>
      `<tds:HostnameInformation><tt:FromDHCP>false</tt:FromDHCP><tt:Name>${escapeXml(device.id)}</tt:Name></tds:HostnameInformation>`,
  ),
  operation('GetEndpointReference', true, ({ device }) => `<tds:GUID>${device.style.producer}</tds:GUID>`),
  operation('GetDeviceInformation', false, deviceInformation),
  operation('GetScopes', false, scopes),
  operation('GetNetworkInterfaces', false, networkInterfaces),
  // Core 8.3.13: the answer comes before the reboot.
  operation(
    'SystemReboot',
    false,
    () => '<tds:Message>Rebooting now</tds:Message>',
    ({ device }) => device.reboot(),
  ),
  ...RELAY_OPERATIONS(NS.tds),
]);

/** Core 8.3.6: whole seconds of the device's own clock. */
function systemDateAndTime({ device }: Exchange): string {
  const { quirks } = device.options;
  // local-time-as-utc: what is called UTC is local; no-utc-date-time: the zone is two hours ahead (POSIX turns the sign).
  const zoneHours = quirks.has('no-utc-date-time') ? 2 : Math.round((quirks.value('local-time-as-utc') ?? 0) / 3600);
  const dateTime = (name: string, now: Date) =>
    `<tt:${name}><tt:Time><tt:Hour>${now.getUTCHours()}</tt:Hour><tt:Minute>${now.getUTCMinutes()}</tt:Minute>` +
    `<tt:Second>${now.getUTCSeconds()}</tt:Second></tt:Time><tt:Date><tt:Year>${now.getUTCFullYear()}</tt:Year>` +
    `<tt:Month>${now.getUTCMonth() + 1}</tt:Month><tt:Day>${now.getUTCDate()}</tt:Day></tt:Date></tt:${name}>`;
  return (
    '<tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>' +
    `<tt:TimeZone><tt:TZ>${zoneHours === 0 ? 'UTC0' : `LOC${zoneHours > 0 ? '-' : '+'}${Math.abs(zoneHours)}`}</tt:TZ></tt:TimeZone>` +
    (quirks.has('no-utc-date-time') ? '' : dateTime('UTCDateTime', new Date(device.now()))) +
    `${dateTime('LocalDateTime', new Date(device.now() + (quirks.has('no-utc-date-time') ? zoneHours * 3_600_000 : 0)))}</tds:SystemDateAndTime>`
  );
}

/** Core 8.1.2.2: every service with the scheme and host of the request. */
function getServices(exchange: Exchange): string {
  const { device, request } = exchange;
  const base = serviceBase(exchange);
  if (device.options.quirks.has('get-services-unsupported')) {
    throw receiverFault('ActionNotSupported', 'GetServices is not supported');
  }
  const wanted = request.operation.children.find(({ local }) => local === 'IncludeCapability');
  const included = ['true', '1'].includes(wanted?.text.trim() ?? '');
  const service = (namespace: string, path: string, capabilities: string) =>
    `<tds:Service><tds:Namespace>${namespace}</tds:Namespace><tds:XAddr>${escapeXml(base + path)}</tds:XAddr>` +
    `${included ? `<tds:Capabilities>${capabilities}</tds:Capabilities>` : ''}${VERSION}</tds:Service>`;
  return (
    service(NS.tds, '/onvif/device_service', `<tds:Capabilities>${capabilityGroups(device)}</tds:Capabilities>`) +
    service(NS.tev, '/onvif/event_service', eventCapabilities(device)) +
    service(NS.tmd, '/onvif/deviceio_service', deviceIoCapabilities(device.options.preset))
  );
}

/** Quirk wrong-host-services: the address the device has on its own side of a router. */
function serviceBase({ device, base }: Exchange): string {
  return device.options.quirks.has('wrong-host-services')
    ? base.replace(/^https?:\/\/[^/]+/, 'http://192.0.2.1:8999')
    : base;
}

/** Core table 9: what the device service says of itself. */
function capabilityGroups({ options }: Exchange['device']): string {
  const { digest, usernameToken } = options.credentials;
  return (
    '<tds:Network IPFilter="false" ZeroConfiguration="false" IPVersion6="false" DynDNS="false" NTP="1"/>' +
    `<tds:Security TLS1.2="false" UsernameToken="${usernameToken}" HttpDigest="${digest}" MaxUsers="1"` +
    `${digest ? ' HashingAlgorithms="MD5,SHA-256"' : ''} DefaultAccessPolicy="true"/>` +
    `<tds:System DiscoveryResolve="false" DiscoveryBye="false" RemoteDiscovery="false" SystemBackup="false" SystemLogging="false" HardwareType="${options.preset.hardwareType}"/>` +
    '<tds:Misc/>'
  );
}

/** Core 8.1.2.4, for clients of old: elements, not attributes. */
function getCapabilities(exchange: Exchange): string {
  const { device, request } = exchange;
  const base = serviceBase(exchange);
  const categories = request.operation.children.map(({ text }) => text.trim());
  const wanted = (name: string) => categories.length === 0 || categories.includes('All') || categories.includes(name);
  const { preset } = device.options;
  const xaddr = (path: string) => `<tt:XAddr>${escapeXml(base + path)}</tt:XAddr>`;
  const system =
    '<tt:System><tt:DiscoveryResolve>false</tt:DiscoveryResolve><tt:DiscoveryBye>false</tt:DiscoveryBye>' +
    '<tt:RemoteDiscovery>false</tt:RemoteDiscovery><tt:SystemBackup>false</tt:SystemBackup><tt:SystemLogging>false</tt:SystemLogging>' +
    '<tt:FirmwareUpgrade>false</tt:FirmwareUpgrade><tt:SupportedVersions><tt:Major>24</tt:Major><tt:Minor>12</tt:Minor></tt:SupportedVersions></tt:System>';
  const io = `<tt:IO><tt:InputConnectors>${preset.inputs.length}</tt:InputConnectors><tt:RelayOutputs>${preset.relays.length}</tt:RelayOutputs></tt:IO>`;
  const events =
    `<tt:Events>${xaddr('/onvif/event_service')}<tt:WSSubscriptionPolicySupport>true</tt:WSSubscriptionPolicySupport>` +
    '<tt:WSPullPointSupport>false</tt:WSPullPointSupport>' +
    '<tt:WSPausableSubscriptionManagerInterfaceSupport>false</tt:WSPausableSubscriptionManagerInterfaceSupport></tt:Events>';
  const deviceIo =
    `<tt:Extension><tt:DeviceIO>${xaddr('/onvif/deviceio_service')}<tt:VideoSources>${preset.videoSources.length}</tt:VideoSources>` +
    '<tt:VideoOutputs>0</tt:VideoOutputs><tt:AudioSources>0</tt:AudioSources><tt:AudioOutputs>0</tt:AudioOutputs>' +
    `<tt:RelayOutputs>${preset.relays.length}</tt:RelayOutputs></tt:DeviceIO></tt:Extension>`;
  if (!['Device', 'Events'].some(wanted)) throw receiverFault('ActionNotSupported', 'No such service', 'NoSuchService');
  return (
    `<tds:Capabilities>${wanted('Device') ? `<tt:Device>${xaddr('/onvif/device_service')}${system}${io}</tt:Device>` : ''}` +
    `${wanted('Events') ? events : ''}${wanted('All') ? deviceIo : ''}</tds:Capabilities>`
  );
}

/** Core 8.3.1. */
function deviceInformation({ device }: Exchange): string {
  const { preset, quirks } = device.options;
  const index = quirks.has('shared-endpoint') ? 0 : device.options.index;
  return (
    `<tds:Manufacturer>Example Devices</tds:Manufacturer><tds:Model>${preset.model}</tds:Model>` +
    `<tds:FirmwareVersion>1.0.0</tds:FirmwareVersion><tds:SerialNumber>SIM${String(index).padStart(6, '0')}</tds:SerialNumber>` +
    '<tds:HardwareId>1.0</tds:HardwareId>'
  );
}

/** Core 7.3.2.2: at least one fixed scope each of profile, hardware and name. */
function scopes({ device }: Exchange): string {
  const { preset } = device.options;
  const fixed = [
    `Profile/${preset.name === 'camera' ? 'T' : 'C'}`,
    `hardware/${encodeURIComponent(preset.model)}`,
    `name/${encodeURIComponent(device.id)}`,
  ];
  const scope = (kind: string, path: string) =>
    `<tds:Scopes><tt:ScopeDef>${kind}</tt:ScopeDef><tt:ScopeItem>onvif://www.onvif.org/${path}</tt:ScopeItem></tds:Scopes>`;
  return fixed.map((path) => scope('Fixed', path)).join('') + scope('Configurable', 'location/country/none');
}

/** Core 8.2.10. */
function networkInterfaces({ device }: Exchange): string {
  const index = device.options.quirks.has('shared-endpoint') ? 0 : device.options.index;
  const tail = index.toString(16).padStart(4, '0');
  const address = `02:00:5E:00:${tail.slice(0, 2)}:${tail.slice(2, 4)}`.toUpperCase();
  const link = '<tt:AutoNegotiation>true</tt:AutoNegotiation><tt:Speed>1000</tt:Speed><tt:Duplex>Full</tt:Duplex>';
  return (
    '<tds:NetworkInterfaces token="eth0"><tt:Enabled>true</tt:Enabled>' +
    `<tt:Info><tt:Name>eth0</tt:Name><tt:HwAddress>${address}</tt:HwAddress><tt:MTU>1500</tt:MTU></tt:Info>` +
    `<tt:Link><tt:AdminSettings>${link}</tt:AdminSettings><tt:OperSettings>${link}</tt:OperSettings><tt:InterfaceType>6</tt:InterfaceType></tt:Link>` +
    '<tt:IPv4><tt:Enabled>true</tt:Enabled><tt:Config><tt:Manual><tt:Address>127.0.0.1</tt:Address><tt:PrefixLength>8</tt:PrefixLength></tt:Manual>' +
    '<tt:DHCP>false</tt:DHCP></tt:Config></tt:IPv4></tds:NetworkInterfaces>'
  );
}
