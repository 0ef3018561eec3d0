import { systemClock } from '../clock.ts';
import { connectDevice, type DeviceOptions, type DeviceProfile } from '../device/device-session.ts';
import type { ItemDescription, MessageDescription } from '../device/topic-set.ts';
import { canonicalDescribedTopic } from '../normalize/topic.ts';
import type { TopicNamespaces } from '../normalize/topic-namespaces.ts';

/** What a device says of itself, ready to be printed. */
export interface DeviceReport {
  readonly device: string;
  readonly address: string;
  readonly identity: Readonly<Record<string, string>> | null;
  readonly clockSkewSeconds: number;
  readonly services: readonly {
    readonly namespace: string;
    readonly address: string;
    readonly version: string | null;
  }[];
  readonly events: DeviceProfile['eventCapabilities'];
  readonly topics: readonly TopicReport[] | null;
  /** What it would not say. */
  readonly missing: readonly string[];
}

export interface TopicReport {
  readonly topic: string;
  readonly property: boolean;
  readonly source: Readonly<Record<string, string>>;
  readonly key: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

/** Connects, asks, disconnects. @throws the errors of connectDevice */
export async function inspectDevice(
  device: DeviceOptions,
  namespaces: TopicNamespaces,
  signal: AbortSignal,
): Promise<DeviceReport> {
  const session = await connectDevice(device, systemClock, signal);
  await session.close();
  const { information, services, eventCapabilities, topicSet, missing } = session.profile;
  const topics = topicSet?.topics.map((topic) => ({
    topic: canonicalDescribedTopic(topic, namespaces).name,
    ...items(topic.description),
  }));
  return {
    device: device.id,
    address: device.address,
    identity: information === null ? null : { ...information },
    clockSkewSeconds: session.clock.skew() / 1000,
    services: services.map(({ namespace, address, version }) => ({ namespace, address, version })),
    events: eventCapabilities,
    topics: topics?.sort((a, b) => (a.topic < b.topic ? -1 : 1)) ?? null,
    missing,
  };
}

function items(description: MessageDescription | null): Omit<TopicReport, 'topic'> {
  const named = (group: readonly ItemDescription[] = []) =>
    Object.fromEntries(
      group.map(({ name, type, kind }) => [name, kind === 'element' ? `<${type.local}>` : type.local]),
    );
  return {
    property: description?.isProperty ?? false,
    source: named(description?.source),
    key: named(description?.key),
    data: named(description?.data),
  };
}

/** The report as people read it. */
export function reportText(report: DeviceReport): string {
  const { identity, services, topics, events } = report;
  const storage = events.persistentNotificationStorage ? 'stores events (Seek)' : 'stores no events';
  const lines = [
    `${report.device}  ${report.address}`,
    ...Object.entries(identity ?? {}).map(([name, value]) => `  ${name.padEnd(16)} ${value}`),
    `  ${'clock'.padEnd(16)} ${skewText(report.clockSkewSeconds)}`,
    `  ${'pull points'.padEnd(16)} ${events.maxPullPoints ?? 'not said'}; ${storage}`,
    '',
    'services',
    ...services.map(({ namespace, version, address }) => `  ${namespace}  ${version ?? ''}  ${address}`),
    '',
    topics === null ? 'topics: the device does not describe them (pulling works without)' : `topics (${topics.length})`,
    ...(topics ?? []).flatMap(topicLines),
    ...report.missing.map((what) => `! ${what}`),
  ];
  // What a device calls itself must not steer a terminal.
  return `${lines.map((line) => line.replace(/\p{Cc}/gu, ' ')).join('\n')}\n`;
}

function topicLines({ topic, property, source, key, data }: TopicReport): string[] {
  const group = (name: string, members: Readonly<Record<string, string>>) => {
    const text = Object.entries(members).map(([item, type]) => `${item}: ${type}`);
    return text.length > 0 ? [`      ${name.padEnd(7)} ${text.join(', ')}`] : [];
  };
  return [
    `  ${topic}${property ? '  (property)' : ''}`,
    ...group('source', source),
    ...group('key', key),
    ...group('data', data),
  ];
}

function skewText(seconds: number): string {
  if (Math.abs(seconds) < 1) return 'agrees with ours';
  return `${Math.abs(seconds).toFixed(1)} s ${seconds > 0 ? 'ahead of' : 'behind'} ours`;
}
