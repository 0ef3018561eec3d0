import { JSON_TYPE } from './device-records.ts';
import type { Component } from './home-assistant-component.ts';
import { type KnownDevice, remember } from './home-assistant-device.ts';
import { slug } from './home-assistant-names.ts';
import type { HomeAssistantOptions } from './home-assistant-options.ts';
import type { MappedDevice, OutboundMessage } from './mapping.ts';

/*
 * Home Assistant MQTT discovery, retained:
 *
 *   device     <prefix>/device/<object id>/config                     all entities of a device in one message
 *   component  <prefix>/<platform>/<node id>/<object id>/config       one message an entity, for readers of before 2024.11
 *
 * An empty payload takes away what the topic told; an entity in a device's message is taken away by telling it once more
 * with its platform alone, and then no more.
 */

export interface DiscoveryOptions extends Pick<HomeAssistantOptions, 'discovery' | 'discoveryPrefix' | 'origin'> {
  readonly version: string | undefined;
  /** Where the connector says whether it is there, and the device's own of the same. */
  readonly availabilityTopics: (device: string) => { readonly bridge: string; readonly availability: string };
}

/** Tells Home Assistant of the entities there are, and of those that are no more. */
export function discover(
  device: KnownDevice,
  components: ReadonlyMap<string, Component>,
  options: DiscoveryOptions,
): OutboundMessage[] {
  const { announced, stale, withdrawn } = device;
  for (const [key, component] of announced) {
    if (!components.has(key)) remember(withdrawn.set(key, component));
  }
  for (const key of components.keys()) withdrawn.delete(key);
  const gone = [...withdrawn.values()].filter(({ key }) => stale === 'device' || announced.has(key));
  device.announced = components;
  device.stale = 'no';
  if (options.discovery === 'off') return [];
  const shared = sharedMembers(device, options);
  if (options.discovery === 'device') {
    const all = Object.fromEntries(
      [...components.values()].map(({ key, platform, config }) => [key, { platform, ...config }]),
    );
    const ended = Object.fromEntries(gone.map(({ key, platform }) => [key, { platform }]));
    const config = (members: object) => retained(deviceTopic(device.id, options), { ...shared, components: members });
    return gone.length > 0 ? [config({ ...all, ...ended }), config(all)] : [config(all)];
  }
  const told = [...components.values()].filter((each) => stale === 'device' || announced.get(each.key) !== each);
  return [
    ...gone.map((component) => cleared(componentTopic(device.id, component, options))),
    ...told.map((component) =>
      retained(componentTopic(device.id, component, options), { ...shared, ...component.config }),
    ),
  ];
}

/** Takes the device with all its entities away. */
export function withdraw(device: KnownDevice, options: DiscoveryOptions): OutboundMessage[] {
  const { discovery } = options;
  if (discovery === 'off') return [];
  if (discovery === 'device') return [cleared(deviceTopic(device.id, options))];
  const all = new Map([...device.withdrawn, ...device.announced]);
  return [...all.values()].map((component) => cleared(componentTopic(device.id, component, options)));
}

/** A message of zero bytes ends a retained one. */
export function cleared(topic: string): OutboundMessage {
  return { topic, payload: '', retain: true, contentType: '', attributes: [] };
}

function retained(topic: string, content: object): OutboundMessage {
  return { topic, payload: JSON.stringify(content), retain: true, contentType: JSON_TYPE, attributes: [] };
}

function deviceTopic(device: string, { discoveryPrefix }: DiscoveryOptions): string {
  return `${discoveryPrefix}/device/onvif_${slug(device)}/config`;
}

function componentTopic(device: string, { key, platform }: Component, { discoveryPrefix }: DiscoveryOptions): string {
  return `${discoveryPrefix}/${platform}/onvif_${slug(device)}/${key}/config`;
}

/** What stands once for all entities of a device. */
function sharedMembers(device: KnownDevice, { origin, version, availabilityTopics }: DiscoveryOptions) {
  const { bridge, availability } = availabilityTopics(device.id);
  const value_template = '{{ value_json.state }}';
  return {
    device: deviceMembers(device),
    origin: { name: origin.name, sw_version: version, support_url: origin.support_url },
    availability: [
      { topic: bridge, value_template },
      { topic: availability, value_template },
    ],
    availability_mode: 'all',
  };
}

/** JSON.stringify leaves out what is undefined. */
function deviceMembers({ id, labels, identity }: KnownDevice) {
  const told = (name: string) => identity?.record.identity[name] || undefined;
  return {
    identifiers: [`onvif_${slug(id)}`],
    name: labels?.name || id,
    manufacturer: told('manufacturer'),
    model: told('model'),
    serial_number: told('serialNumber'),
    hw_version: told('hardwareId'),
    sw_version: told('firmwareVersion'),
    suggested_area: labels?.site || undefined,
    configuration_url: webPage(labels),
  };
}

/** The device's own web page: the host of its address, and nothing that could be a secret. */
function webPage(labels: MappedDevice | undefined): string | undefined {
  const url = labels?.address !== undefined && URL.canParse(labels.address) ? new URL(labels.address) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) ? `${url.protocol}//${url.host}/` : undefined;
}
