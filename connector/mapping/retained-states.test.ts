import { expect, it } from 'vitest';
import type { EventRecord } from '../normalize/record.ts';
import { openMapping } from './open-mapping.ts';

const context = { devices: new Map(), mappingsDirectory: 'mappings' };
const at = '2026-11-23T08:00:00Z';

const property = {
  ...{ kind: 'notification', id: '1', device: 'door', sequence: 1, epoch: 1, topic: 'tns1:Door/State' },
  ...{ utcTime: at, time: at, receivedAt: at, provenance: 'synchronization', propertyOperation: 'Initialized' },
  ...{ changed: false, source: { Token: 'D1' }, key: {}, data: { State: 'Open' } },
} as const;
const status = {
  kind: 'status',
  id: '2',
  device: 'door',
  sequence: 2,
  epoch: 1,
  status: 'online',
  since: at,
  receivedAt: at,
};
const device = {
  kind: 'device',
  id: '3',
  device: 'door',
  sequence: 3,
  epoch: 1,
  identity: {},
  capabilities: {},
  topics: [],
};

const states = [property, { ...property, topic: '' }, status, { ...device, receivedAt: at }].map((record, index) => ({
  offset: index + 1,
  record: record as EventRecord,
  json: JSON.stringify(record),
}));

it.each([
  ['onvif-ej', ['door/onvif-ej/Door/State/&D1', 'onvif/door/availability', 'onvif/door/device']],
  ['envelope', ['onvif/door/availability', 'onvif/door/device']],
])('%s gives again what it retains, states that were no news included', (name, topics) => {
  const messages = openMapping(name, context).restore!(states);
  expect(messages.map(({ topic }) => topic)).toEqual(topics);
  expect(messages.every(({ retain, payload }) => retain && payload !== '')).toBe(true);
});
