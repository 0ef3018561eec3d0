// Devices for the benchmark, on bare sockets: cheaper than any client by a wide margin, so that they are not what is measured.
// They answer as a gSOAP camera does (19 namespaces on the envelope, some 700 bytes a notification) and always have events.
// Arguments: how many devices, notifications an answer, and milliseconds between answers (0: as soon as asked).
import { createServer } from 'node:net';

const [count, batch, intervalMs] = process.argv.slice(2).map(Number);

const NAMESPACES = [
  ['SOAP-ENV', 'http://www.w3.org/2003/05/soap-envelope'],
  ['SOAP-ENC', 'http://www.w3.org/2003/05/soap-encoding'],
  ['xsi', 'http://www.w3.org/2001/XMLSchema-instance'],
  ['xsd', 'http://www.w3.org/2001/XMLSchema'],
  ['c14n', 'http://www.w3.org/2001/10/xml-exc-c14n#'],
  ['wsa5', 'http://www.w3.org/2005/08/addressing'],
  ['wsu', 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd'],
  ['wsse', 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd'],
  ['xop', 'http://www.w3.org/2004/08/xop/include'],
  ['wsrfbf', 'http://docs.oasis-open.org/wsrf/bf-2'],
  ['wsrfr', 'http://docs.oasis-open.org/wsrf/r-2'],
  ['wsnt', 'http://docs.oasis-open.org/wsn/b-2'],
  ['wstop', 'http://docs.oasis-open.org/wsn/t-1'],
  ['tt', 'http://www.onvif.org/ver10/schema'],
  ['tds', 'http://www.onvif.org/ver10/device/wsdl'],
  ['tev', 'http://www.onvif.org/ver10/events/wsdl'],
  ['tmd', 'http://www.onvif.org/ver10/deviceIO/wsdl'],
  ['ter', 'http://www.onvif.org/ver10/error'],
  ['tns1', 'http://www.onvif.org/ver10/topics'],
];
const HEAD = `<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope ${NAMESPACES.map(([prefix, uri]) => `xmlns:${prefix}="${uri}"`).join(' ')}><SOAP-ENV:Header></SOAP-ENV:Header><SOAP-ENV:Body>`;
const TAIL = '</SOAP-ENV:Body></SOAP-ENV:Envelope>';
const FAULT =
  '<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Receiver</SOAP-ENV:Value><SOAP-ENV:Subcode><SOAP-ENV:Value>ter:ActionNotSupported</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code><SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en">Not here</SOAP-ENV:Text></SOAP-ENV:Reason></SOAP-ENV:Fault>';
const ITEM = (name, type) => `<tt:SimpleItemDescription Name="${name}" Type="${type}"/>`;
const TOPIC_SET = `<tns1:AccessControl><AccessGranted><Credential wstop:topic="true"><tt:MessageDescription><tt:Source>${ITEM('AccessPointToken', 'tt:ReferenceToken')}</tt:Source><tt:Data>${ITEM('External', 'xsd:boolean')}${ITEM('CredentialToken', 'tt:ReferenceToken')}${ITEM('CredentialHolderName', 'xsd:string')}</tt:Data></tt:MessageDescription></Credential></AccessGranted></tns1:AccessControl>`;

for (let i = 0; i < count; i++) {
  const server = createServer({ noDelay: true }, serve);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  server.answers = answers(port);
  server.on('connection', (socket) => {
    socket.answers = server.answers;
  });
  process.stdout.write(`address: http://127.0.0.1:${port}/onvif/device_service\n`);
}

/** What a device at `port` says to each operation; a function where it says something else each time. */
function answers(port) {
  const at = (path) => `http://127.0.0.1:${port}/onvif/${path}`;
  const service = (namespace, path) =>
    `<tds:Service><tds:Namespace>${namespace}</tds:Namespace><tds:XAddr>${at(path)}</tds:XAddr><tds:Version><tt:Major>2</tt:Major><tt:Minor>6</tt:Minor></tds:Version></tds:Service>`;
  let number = 0;
  let due = performance.now() + Math.random() * intervalMs;
  const lease = (ns) =>
    `<${ns}:CurrentTime>${time()}</${ns}:CurrentTime><${ns}:TerminationTime>${time(600_000)}</${ns}:TerminationTime>`;
  return {
    delay() {
      if (intervalMs === 0) return 0;
      const wait = Math.max(0, due - performance.now());
      due += intervalMs;
      return wait;
    },
    GetSystemDateAndTime: () =>
      `<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>${utc()}</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`,
    GetServices: `<tds:GetServicesResponse>${service(NAMESPACES[14][1], 'device_service')}${service(NAMESPACES[15][1], 'event_service')}</tds:GetServicesResponse>`,
    GetCapabilities: `<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Events><tt:XAddr>${at('event_service')}</tt:XAddr><tt:WSSubscriptionPolicySupport>true</tt:WSSubscriptionPolicySupport><tt:WSPullPointSupport>true</tt:WSPullPointSupport><tt:WSPausableSubscriptionManagerInterfaceSupport>false</tt:WSPausableSubscriptionManagerInterfaceSupport></tt:Events></tds:Capabilities></tds:GetCapabilitiesResponse>`,
    GetDeviceInformation:
      '<tds:GetDeviceInformationResponse><tds:Manufacturer>Bench</tds:Manufacturer><tds:Model>M</tds:Model><tds:FirmwareVersion>1</tds:FirmwareVersion><tds:SerialNumber>1</tds:SerialNumber><tds:HardwareId>1</tds:HardwareId></tds:GetDeviceInformationResponse>',
    GetEventProperties: `<tev:GetEventPropertiesResponse><tev:TopicNamespaceLocation>${NAMESPACES[18][1]}</tev:TopicNamespaceLocation><wsnt:FixedTopicSet>true</wsnt:FixedTopicSet><wstop:TopicSet>${TOPIC_SET}</wstop:TopicSet></tev:GetEventPropertiesResponse>`,
    GetServiceCapabilities:
      '<tev:GetServiceCapabilitiesResponse><tev:Capabilities MaxPullPoints="10" MaxNotificationProducers="1" PersistentNotificationStorage="false"/></tev:GetServiceCapabilitiesResponse>',
    CreatePullPointSubscription: () =>
      `<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa5:Address>${at('subscription')}</wsa5:Address></tev:SubscriptionReference>${lease('wsnt')}</tev:CreatePullPointSubscriptionResponse>`,
    PullMessages() {
      let text = `<tev:PullMessagesResponse>${lease('tev')}`;
      for (let i = 0; i < batch; i++) text += notification(++number);
      return `${text}</tev:PullMessagesResponse>`;
    },
    Renew: () =>
      `<wsnt:RenewResponse><wsnt:TerminationTime>${time(600_000)}</wsnt:TerminationTime><wsnt:CurrentTime>${time()}</wsnt:CurrentTime></wsnt:RenewResponse>`,
    SetSynchronizationPoint: '<tev:SetSynchronizationPointResponse/>',
    Unsubscribe: '<wsnt:UnsubscribeResponse/>',
  };
}

function notification(number) {
  const sentAt =
    intervalMs === 0
      ? ''
      : `<tt:SimpleItem Name="SentAt" Value="${(performance.timeOrigin + performance.now()).toFixed(3)}"/>`;
  return `<wsnt:NotificationMessage><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">tns1:AccessControl/AccessGranted/Credential</wsnt:Topic><wsnt:ProducerReference><wsa5:Address>urn:uuid:11934e4f-4f5d-491e-a000-11934e4f4f5d</wsa5:Address></wsnt:ProducerReference><wsnt:Message><tt:Message UtcTime="${time()}"><tt:Source><tt:SimpleItem Name="AccessPointToken" Value="AccessPoint_1"/></tt:Source><tt:Data><tt:SimpleItem Name="External" Value="false"/><tt:SimpleItem Name="CredentialToken" Value="E${String(number).padStart(7, '0')}"/><tt:SimpleItem Name="CredentialHolderName" Value="Holder of the credential"/>${sentAt}</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>`;
}

/** xs:dateTime of now or later; made anew once a millisecond at most. */
let cached = { at: -1, after: 0, text: '' };
function time(after = 0) {
  const at = Date.now();
  if (after > 0) return `${new Date(at + after).toISOString().slice(0, 19)}Z`;
  if (cached.at !== at) cached = { at, after, text: new Date(at).toISOString() };
  return cached.text;
}

function utc() {
  const now = new Date();
  return `<tt:UTCDateTime><tt:Time><tt:Hour>${now.getUTCHours()}</tt:Hour><tt:Minute>${now.getUTCMinutes()}</tt:Minute><tt:Second>${now.getUTCSeconds()}</tt:Second></tt:Time><tt:Date><tt:Year>${now.getUTCFullYear()}</tt:Year><tt:Month>${now.getUTCMonth() + 1}</tt:Month><tt:Day>${now.getUTCDate()}</tt:Day></tt:Date></tt:UTCDateTime>`;
}

/** HTTP/1.1 as far as it is needed: whole requests with Content-Length, one after the other. */
function serve(socket) {
  let text = '';
  socket.setEncoding('latin1');
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    text += chunk;
    for (;;) {
      const head = text.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: *(\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
      if (text.length < head + 4 + length) return;
      const body = text.slice(head + 4, head + 4 + length);
      text = text.slice(head + 4 + length);
      answer(socket, body);
    }
  });
}

const OPERATION = /Body[^>]*>\s*<(?:[\w-]+:)?(\w+)/;
function answer(socket, request) {
  const { answers: known } = socket;
  const name = OPERATION.exec(request)?.[1];
  const send = () => {
    const found = known[name];
    const body = HEAD + (typeof found === 'function' ? found() : (found ?? FAULT)) + TAIL;
    const status = found === undefined ? '500 Internal Server Error' : '200 OK';
    socket.write(
      `HTTP/1.1 ${status}\r\nContent-Type: application/soap+xml; charset=utf-8\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      'latin1',
    );
  };
  const wait = name === 'PullMessages' ? known.delay() : 0;
  if (wait > 0) setTimeout(send, wait);
  else send();
}
