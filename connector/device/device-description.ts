import { NS } from './namespaces.ts';
import type { XmlElement } from './notification-message.ts';
import { attribute, child, childrenNamed, childText } from './xml-tree.ts';

/** One service of a device (Core 8.1.2.2). */
export interface DeviceService {
  readonly namespace: string;
  /** As the device gave it: where it can be reached is reachableUrl's answer. */
  readonly address: string;
  readonly version: string | null;
  /** Attributes of its Capabilities by `Group.Name`, text as sent; empty where the device gave none. */
  readonly capabilities: Readonly<Record<string, string>>;
}

/** GetServicesResponse → services, in the device's order. */
export function readServices(response: XmlElement): DeviceService[] {
  return childrenNamed(response, 'Service').map((service) => {
    const version = child(service, 'Version');
    return {
      namespace: childText(service, 'Namespace') ?? '',
      address: childText(service, 'XAddr') ?? '',
      version: version ? `${childText(version, 'Major') ?? '?'}.${childText(version, 'Minor') ?? '?'}` : null,
      capabilities: readCapabilities(child(service, 'Capabilities')?.children[0]),
    };
  });
}

/** Namespaces of the services that GetCapabilities names by category (Core 8.1.2.4). */
const CATEGORIES: Readonly<Record<string, string>> = {
  Device: NS.tds,
  Events: NS.tev,
  Analytics: 'http://www.onvif.org/ver20/analytics/wsdl',
  Imaging: 'http://www.onvif.org/ver20/imaging/wsdl',
  Media: 'http://www.onvif.org/ver10/media/wsdl',
  PTZ: 'http://www.onvif.org/ver20/ptz/wsdl',
  DeviceIO: 'http://www.onvif.org/ver10/deviceIO/wsdl',
};

/** GetCapabilitiesResponse → services; its Extension holds the categories that came later. */
export function readCapabilityCategories(response: XmlElement): DeviceService[] {
  const capabilities = child(response, 'Capabilities');
  const categories = [...(capabilities?.children ?? []), ...(child(capabilities, 'Extension')?.children ?? [])];
  return categories.flatMap((category) => {
    const namespace = Object.hasOwn(CATEGORIES, category.local) ? CATEGORIES[category.local] : undefined;
    const address = childText(category, 'XAddr');
    return namespace === undefined || !address ? [] : [{ namespace, address, version: null, capabilities: {} }];
  });
}

/** Attributes of a Capabilities element, and of the groups inside it as `Security.HttpDigest`. */
export function readCapabilities(capabilities: XmlElement | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { local, value } of capabilities?.attributes ?? []) found[local] = value;
  for (const group of capabilities?.children ?? []) {
    for (const { local, value } of group.attributes) found[`${group.local}.${local}`] = value;
  }
  return found;
}

export interface DeviceInformation {
  readonly manufacturer: string;
  readonly model: string;
  readonly firmwareVersion: string;
  readonly serialNumber: string;
  readonly hardwareId: string;
}

const MAX_IDENTITY_LENGTH = 256;

/** GetDeviceInformationResponse (Core 8.3.1). */
export function readDeviceInformation(response: XmlElement): DeviceInformation {
  // It goes into labels, log lines and retained records: bounded, and without what steers a terminal.
  const text = (name: string) =>
    (childText(response, name) ?? '').slice(0, MAX_IDENTITY_LENGTH).replace(/\p{Cc}/gu, '\ufffd');
  return {
    manufacturer: text('Manufacturer'),
    model: text('Model'),
    firmwareVersion: text('FirmwareVersion'),
    serialNumber: text('SerialNumber'),
    hardwareId: text('HardwareId'),
  };
}

/** What the event service says it can do (Core 9.8). Flags lie both ways, so they are hints, never gates (quirk 31). */
export interface EventCapabilities {
  readonly maxPullPoints: number | null;
  readonly maxNotificationProducers: number | null;
  readonly persistentNotificationStorage: boolean;
}

export function readEventCapabilities(attributes: Readonly<Record<string, string>>): EventCapabilities {
  const number = (name: string) => {
    const value = Number.parseInt(attributes[name] ?? '', 10);
    return Number.isNaN(value) ? null : value;
  };
  const storage = attributes.PersistentNotificationStorage ?? attributes.PersistenNotificationStorage; // sic, Core 9.8
  return {
    maxPullPoints: number('MaxPullPoints'),
    maxNotificationProducers: number('MaxNotificationProducers'),
    persistentNotificationStorage: storage === 'true' || storage === '1',
  };
}

/** GetServiceCapabilitiesResponse of the event service. */
export function readEventServiceCapabilities(response: XmlElement): Record<string, string> {
  const capabilities = child(response, 'Capabilities');
  return attribute(capabilities, 'MaxPullPoints') === undefined && capabilities?.attributes.length === 0
    ? {}
    : readCapabilities(capabilities);
}
