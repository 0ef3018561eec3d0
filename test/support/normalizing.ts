import { expect } from 'vitest';
import { NS } from '../../connector/device/namespaces.ts';
import type { NotificationMessage } from '../../connector/device/notification-message.ts';
import type { MessageDescription, TopicSet, TypeName } from '../../connector/device/topic-set.ts';
import type { QuarantineError } from '../../connector/errors.ts';
import { deviceRecords } from '../../connector/normalize/device-records.ts';
import { Normalizer } from '../../connector/normalize/normalizer.ts';
import type { EventRecord, NotificationRecord } from '../../connector/normalize/record.ts';
import { readTopicNamespaces } from '../../connector/normalize/topic-namespaces.ts';
import type { NotificationBatch } from '../../connector/subscription/notification-batch.ts';
import { notificationsOf, notificationText } from './wire.ts';

const READ_AT = Date.UTC(2026, 0, 1, 12);
export const TIME = '2026-01-01T11:59:59Z';
export const xs = (local: string): TypeName => ({ uri: NS.xs, local });

export function description(
  isProperty: boolean,
  source: [string, TypeName][],
  data: [string, TypeName][],
): MessageDescription {
  const items = (group: [string, TypeName][]) => group.map(([name, type]) => ({ kind: 'simple' as const, name, type }));
  return { isProperty, source: items(source), key: [], data: items(data) };
}

export function topicSet(...topics: [string[], MessageDescription | null][]): TopicSet {
  return {
    ...{ fixed: true, topicExpressionDialects: [], messageContentFilterDialects: [] },
    topics: topics.map(([path, described]) => ({
      path: path.map((local) => ({ uri: NS.tns1, local })),
      ...{ prefixes: { tns1: NS.tns1 }, isTopic: true, description: described },
    })),
  };
}

const INPUT = description(
  true,
  [['InputToken', { uri: NS.tt, local: 'ReferenceToken' }]],
  [['LogicalState', xs('boolean')]],
);
const CATALOGUE = new Map([
  ['tns1:Device/Trigger/DigitalInput', INPUT],
  ['tns1:Monitoring/Temperature', description(false, [], [['Status', xs('float')]])],
]);

export function normalizing(catalogue: ReadonlyMap<string, MessageDescription> = CATALOGUE) {
  const records = deviceRecords('front-door', 100, 3);
  const namespaces = readTopicNamespaces({ version: 1, namespaces: { tnsacme: 'urn:acme:topics' } }, 'aliases');
  const normalizer = new Normalizer({ records, properties: [], namespaces, catalogue });
  let at = READ_AT;
  const batch = (notifications: readonly NotificationMessage[], damage: QuarantineError | null = null) => {
    at += 1_000;
    const read: NotificationBatch = {
      ...{ notifications, damage, receivedAt: at, deviceTime: null, pullMs: 1_000, interruption: null },
    };
    return normalizer.normalize(read);
  };
  const events = (...texts: string[]) => batch(notificationsOf(texts.join(''))).records as NotificationRecord[];
  const one = (...texts: string[]) => {
    const [record, ...others] = events(...texts);
    expect(others).toEqual([]);
    return record!;
  };
  return { normalizer, records, batch, events, one };
}

export const input = (token: string, value: string, operation: string | null = 'Changed', time = TIME) =>
  notificationText(
    'tns1:Device/Trigger/DigitalInput',
    `<tt:Message UtcTime="${time}"${operation === null ? '' : ` PropertyOperation="${operation}"`}>` +
      `<tt:Source><tt:SimpleItem Name="InputToken" Value="${token}"/></tt:Source>` +
      `<tt:Data><tt:SimpleItem Name="LogicalState" Value="${value}"/></tt:Data></tt:Message>`,
  );
export const kinds = (records: readonly EventRecord[]) => records.map(({ kind }) => kind);
