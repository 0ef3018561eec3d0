import { ConfigurationError } from '../errors.ts';
import type { MappedDevice } from './mapping.ts';
import { topicLevel, topicPath } from './topic-text.ts';

/*
 *   template    = *( text / "{" placeholder "}" )
 *   placeholder = "device" / "name" / "site"
 */
const PLACEHOLDER = /\{([^{}]*)\}/g;

/** Devices remembered; only a bound, there are never as many. */
const REMEMBERED = 65_536;

/**
 * The topic prefix of each device from a template like `{device}` or `plant/{site}/{device}`. A placeholder never makes
 * more than one level. Throws ConfigurationError where the template is wrong or a device lacks what it names.
 */
export function prefixTemplate(
  template: string,
  devices: ReadonlyMap<string, MappedDevice>,
): (device: string) => string {
  checkTemplate(template);
  for (const device of devices.values()) checkDevice(template, device);
  const known = new Map<string, { readonly of: MappedDevice | undefined; readonly prefix: string }>();
  return (id) => {
    const device = devices.get(id);
    const found = known.get(id);
    if (found !== undefined && found.of === device) return found.prefix;
    const prefix = fill(template, device ?? { id });
    if (known.size >= REMEMBERED) known.clear();
    known.set(id, { of: device, prefix });
    return prefix;
  };
}

function fill(template: string, device: MappedDevice): string {
  // A device not configured (any more) has neither name nor site: its id stands in, so that no level is lost.
  const prefix = template.replace(PLACEHOLDER, (_, name: string) =>
    topicLevel(labelOf(device, name) || device.id, 'strip'),
  );
  // Topics that start so belong to the broker.
  return prefix.replace(/^\$+/, '');
}

function labelOf(device: MappedDevice, placeholder: string): string | undefined {
  return placeholder === 'device' ? device.id : placeholder === 'name' ? device.name : device.site;
}

function checkTemplate(template: string): void {
  const fault = (what: string): never => {
    throw new ConfigurationError('mapping-prefix', `prefix '${template}': ${what}`);
  };
  for (const [whole, name] of template.matchAll(PLACEHOLDER)) {
    if (!['device', 'name', 'site'].includes(name!)) fault(`${whole} is not one of {device}, {name}, {site}`);
  }
  const text = template.replaceAll(PLACEHOLDER, '');
  if (/[{}]/.test(text)) fault('a brace is open');
  if (topicPath(text) !== text) fault("an MQTT topic cannot hold '#', '+' or control characters");
  if (template.startsWith('$')) fault("topics that start with '$' belong to the broker");
  if (template.startsWith('/') || template.endsWith('/')) fault("it must not start or end with '/'");
}

function checkDevice(template: string, device: MappedDevice): void {
  for (const [whole, name] of template.matchAll(PLACEHOLDER)) {
    if (labelOf(device, name!)) continue;
    throw new ConfigurationError(
      'mapping-prefix',
      `prefix '${template}' names ${whole}, but device ${device.id} has no ${name}: add one or take ${whole} out of the prefix`,
    );
  }
}
