import type { Exchange } from './exchange.ts';
import type { Flow } from './flow.ts';
import { NS } from './namespaces.ts';
import type { DeviceState } from './simulated-device.ts';
import { escapeXml } from './soap-answer.ts';
import type { OpenSubscription } from './subscriptions.ts';

/** Where subscriptions of each kind are spoken to, below the device's address. */
export const MANAGER_PATH: Readonly<Record<Flow, string>> = {
  'pull-point': '/onvif/subscription',
  'base-notification': '/onvif/notification_manager',
};
/** Quirk shared-address. */
export const SHARED_PATH = '/onvif/Events/pullSubmanager';
/** Quirk address-percent-date. */
const PERCENT_DATE = '%17:46:23';
const UNREACHABLE = 'http://192.0.2.1:8999';

/** Quirks whose subscriptions are spoken to at the event service. */
export function atEventService({ options: { quirks } }: DeviceState): boolean {
  return quirks.has('empty-address') || quirks.has('urn-address');
}

/** `wsa:Address` of a subscription, in the shape this device gives it. */
export function subscriptionAddress(device: DeviceState, base: string, id: string, flow: Flow): string {
  const { quirks } = device.options;
  if (quirks.has('empty-address')) return '';
  if (quirks.has('urn-address')) return `urn:uuid:${id}`;
  const [, scheme = '', host = '', rest = ''] = /^(https?:\/\/)([^/]*)(.*)$/.exec(device.managerBase ?? base) ?? [];
  const name = host.replace(/:\d+$/, '');
  const port = host.slice(name.length);
  let origin = scheme + host;
  if (quirks.has('wrong-host-address')) origin = UNREACHABLE;
  if (quirks.has('address-without-host')) origin = scheme;
  if (quirks.has('address-control-character')) origin = `${scheme}\u0007:80`;
  if (quirks.has('address-any-host')) origin = `${scheme}0.0.0.0`;
  if (quirks.has('address-double-port')) origin = `${scheme}${host}${port}`;
  if (quirks.has('address-wrong-port')) origin = `${scheme}${name}:80`;
  const path = quirks.has('shared-address') ? SHARED_PATH : MANAGER_PATH[flow];
  if (quirks.has('shared-address') || quirks.has('id-in-reference-parameters')) return origin + rest + path;
  return `${origin}${rest}${path}?id=${id}${quirks.has('address-percent-date') ? PERCENT_DATE : ''}`;
}

/** `wsa:EndpointReference` content of a subscription. */
export function subscriptionReference(device: DeviceState, { id, address }: Pick<OpenSubscription, 'id' | 'address'>) {
  const { quirks } = device.options;
  // No XML 1.0 text can hold the character; the device writes it all the same.
  const text = escapeXml(address.replace('\u0007', '{control}')).replace('{control}', '&#x7;');
  const parameters = quirks.has('id-in-reference-parameters') ? referenceParameters(id) : '';
  if (!quirks.has('addressing-2004')) return `<wsa:Address>${text}</wsa:Address>${parameters}`;
  const old = parameters.replaceAll('wsa:', 'wsa5:');
  return `<wsa5:Address xmlns:wsa5="${NS.wsa2004}">${text}</wsa5:Address>${old.replace('>', ` xmlns:wsa5="${NS.wsa2004}">`)}`;
}

/** WS-Addressing 1.0 SOAP binding: to be echoed verbatim, attribute and all. */
function referenceParameters(id: string): string {
  return (
    `<wsa:ReferenceParameters><sim:SubscriptionId xmlns:sim="${NS.simulator}" sim:form="opaque">${id}</sim:SubscriptionId>` +
    '</wsa:ReferenceParameters>'
  );
}

/** The subscription a request at a subscription's endpoint means; undefined where there is none (any more). */
export function addressedSubscription(exchange: Exchange): OpenSubscription | undefined {
  const { device, request, query, path, target } = exchange;
  const { quirks } = device.options;
  if (atEventService(device) || path === SHARED_PATH) return device.subscribed.newest();
  const flow: Flow = path === MANAGER_PATH['base-notification'] ? 'base-notification' : 'pull-point';
  if (quirks.has('address-percent-date')) {
    const given = /[?&]id=([^&]*)$/.exec(target)?.[1] ?? '';
    return given.endsWith(PERCENT_DATE)
      ? device.subscribed.find(given.slice(0, -PERCENT_DATE.length), flow)
      : undefined;
  }
  if (!quirks.has('id-in-reference-parameters')) return device.subscribed.find(query.get('id') ?? '', flow);
  const header = request.headers.find(({ uri, local }) => uri === NS.simulator && local === 'SubscriptionId');
  return header && device.subscribed.find(header.text.trim(), flow);
}
