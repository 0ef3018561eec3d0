import { type Exchange, nameOf, type Operation, type OperationTable } from './exchange.ts';
import { NS } from './namespaces.ts';
import type { Preset } from './preset.ts';
import { escapeXml } from './soap-answer.ts';
import { senderFault } from './soap-fault.ts';
import { childText } from './soap-request.ts';

/** Device IO 5: the actions spell the namespace in lower case, the elements do not. */
const ACTIONS = 'http://www.onvif.org/ver10/deviceio/wsdl';

function operation(
  prefix: 'tds' | 'tmd',
  actions: string,
  name: string,
  preAuth: boolean,
  body: (exchange: Exchange) => string,
): [string, Operation] {
  const handle = (exchange: Exchange) => ({
    ...{ status: 200, action: null },
    body: `<${prefix}:${name}Response>${body(exchange)}</${prefix}:${name}Response>`,
  });
  const entry: Operation = { action: `${actions}/${name}`, preAuth, addressed: false, atSubscription: false, handle };
  return [nameOf({ uri: NS[prefix], local: name }), entry];
}

/** Device IO 5.6: relay operations have tds elements at either service (Core 8.6 keeps the older copy). */
export const RELAY_OPERATIONS = (actions: string): [string, Operation][] => [
  operation('tds', actions, 'GetRelayOutputs', false, ({ device }) =>
    device.options.preset.relays.map(relayText).join(''),
  ),
  operation('tds', actions, 'SetRelayOutputState', false, setRelayOutputState),
];

/** Device IO 5.6-5.9. */
export const DEVICE_IO_SERVICE: OperationTable = new Map([
  operation('tmd', ACTIONS, 'GetServiceCapabilities', true, ({ device }) =>
    deviceIoCapabilities(device.options.preset),
  ),
  operation('tmd', ACTIONS, 'GetDigitalInputs', false, ({ device }) =>
    device.options.preset.inputs.map((token) => `<tmd:DigitalInputs token="${token}" IdleState="open"/>`).join(''),
  ),
  ...RELAY_OPERATIONS(ACTIONS),
]);

export function deviceIoCapabilities(preset: Preset): string {
  return (
    `<tmd:Capabilities VideoSources="${preset.videoSources.length}" VideoOutputs="0" AudioSources="0" AudioOutputs="0"` +
    ` RelayOutputs="${preset.relays.length}" SerialPorts="0" DigitalInputs="${preset.inputs.length}" DigitalInputOptions="false"/>`
  );
}

function relayText(token: string): string {
  return (
    `<tds:RelayOutputs token="${escapeXml(token)}"><tt:Properties><tt:Mode>Bistable</tt:Mode>` +
    '<tt:DelayTime>PT0S</tt:DelayTime><tt:IdleState>open</tt:IdleState></tt:Properties></tds:RelayOutputs>'
  );
}

/** Device IO 5.6.4, and 5.10: each change of a relay is an event. */
function setRelayOutputState({ device, request }: Exchange): string {
  const token = childText(request.operation, NS.tds, 'RelayOutputToken') ?? '';
  const state = childText(request.operation, NS.tds, 'LogicalState') ?? '';
  if (!device.options.preset.relays.includes(token)) {
    throw senderFault('InvalidArgVal', `No relay output "${token}"`, 'RelayToken');
  }
  if (state !== 'active' && state !== 'inactive') {
    throw senderFault('InvalidArgVal', 'No such LogicalState');
  }
  const known = device.properties.get('tns1:Device/Trigger/Relay', { RelayToken: token }, {});
  if (known?.data.LogicalState !== state) {
    device.setProperty('tns1:Device/Trigger/Relay', { source: { RelayToken: token }, data: { LogicalState: state } });
  }
  return '';
}
