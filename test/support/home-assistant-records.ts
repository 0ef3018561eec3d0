import { fileURLToPath } from 'node:url';
import type { MappedDevice, Mapping, OutboundMessage } from '../../connector/mapping/mapping.ts';
import { openMapping } from '../../connector/mapping/open-mapping.ts';
import type { EventRecord, Items, NotificationRecord } from '../../connector/normalize/record.ts';
import type { SpooledRecord } from '../../connector/spool/spool.ts';
import { homeAssistantView } from './home-assistant-rules.ts';

export const MAPPINGS = fileURLToPath(new URL('../../mappings', import.meta.url));

export const GATE: MappedDevice = {
  ...{ id: 'gate', name: 'Gate', site: 'Plant 7' },
  address: 'http://192.0.2.10:8080/onvif/device_service',
};

type Context = Parameters<typeof openMapping>[1];

/** The mapping as shipped, for one device. */
export function homeAssistantMapping(context: Partial<Context> = {}, file = 'home-assistant'): Mapping {
  return openMapping(file, {
    devices: new Map([['gate', GATE]]),
    mappingsDirectory: MAPPINGS,
    version: '9.8.7',
    ...context,
  });
}

/** Makes records of one device with its running number. */
export function recordMaker(device = 'gate') {
  let sequence = 0;
  const entry = (record: EventRecord): SpooledRecord => ({ offset: sequence, record, json: JSON.stringify(record) });
  const base = () => ({ id: `id-${++sequence}`, device, sequence, epoch: 1, receivedAt: '2026-05-06T07:08:10.000Z' });
  const notification = (topic: string, source: Items, data: Items, more: Partial<NotificationRecord> = {}) =>
    entry({
      ...base(),
      ...{ kind: 'notification', topic: `tns1:${topic}`, utcTime: '2026-05-06T07:08:09Z' },
      ...{ time: '2026-05-06T07:08:09.000Z', provenance: 'live', source, key: {}, data, ...more },
    });
  return {
    event: notification,
    state: (topic: string, source: Items, data: Items, more: Partial<NotificationRecord> = {}) =>
      notification(topic, source, data, { propertyOperation: 'Changed', changed: true, ...more }),
    status: (status: 'online' | 'offline' | 'stopped' = 'online') =>
      entry({ ...base(), kind: 'status', status, since: '2026-05-06T07:00:00.000Z' }),
    device: (identity: Readonly<Record<string, string>> = IDENTITY) =>
      entry({ ...base(), kind: 'device', identity, capabilities: {}, topics: [] }),
    synchronized: () =>
      entry({
        ...base(),
        ...{ kind: 'synchronized', properties: 1, changed: 1, deleted: 0, gap: 'none', cause: 'start', since: null },
        until: '2026-05-06T07:00:00.000Z',
      }),
  };
}

const IDENTITY = {
  manufacturer: 'Acme',
  model: 'Controller',
  firmwareVersion: '1.2',
  serialNumber: 'S-1',
  hardwareId: 'H-1',
};

/** JSON of the message to `topic`; the last, where there are several. */
export function jsonAt(messages: readonly OutboundMessage[], topic: string): Record<string, unknown> | undefined {
  const found = messages.filter((message) => message.topic === topic).at(-1);
  return found === undefined || found.payload === ''
    ? undefined
    : (JSON.parse(found.payload) as Record<string, unknown>);
}

/** A mapping and all it has published. */
export function homeAssistantRig(context: Partial<Context> = {}, file?: string) {
  const mapping = homeAssistantMapping(context, file);
  const published: OutboundMessage[] = [];
  const told = (...entries: SpooledRecord[]) => {
    const messages = entries.flatMap((entry) => mapping.map(entry));
    published.push(...messages);
    return messages;
  };
  const view = () => homeAssistantView(published);
  return { mapping, published, told, view, make: recordMaker() };
}

export const topicsOf = (messages: readonly OutboundMessage[]) => messages.map(({ topic }) => topic);
