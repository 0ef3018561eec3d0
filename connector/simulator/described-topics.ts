import { sampleOf } from './load.ts';
import type { Preset } from './preset.ts';
import type { DeviceOptions } from './simulated-device.ts';
import { BUFFER_BEGIN } from './simulated-event.ts';
import { LOG_TOPIC, type TopicEntry } from './topic-table.ts';

/** The topics a device describes; under load the sample's items are part of it. */
export function describedTopics({ preset, load, persistentStorage, quirks }: DeviceOptions): Preset['topics'] {
  const bare = (topic: string): TopicEntry => ({ topic, isProperty: false, source: [], key: [], data: [] });
  const topics = [
    ...preset.topics,
    // Core 9.11.1.
    ...(persistentStorage === null ? [] : [bare(BUFFER_BEGIN)]),
    ...(quirks.has('log-flood') ? [bare(LOG_TOPIC)] : []),
  ];
  if (!load) return topics;
  const sample = sampleOf(load.kind, load.intervalMs !== undefined);
  const item = (name: string, type: string) => ({ name, type, element: false });
  const source = Object.keys(sample.source).map((name) => item(name, 'tt:ReferenceToken'));
  const types: Record<string, string> = { External: 'xsd:boolean', State: 'xsd:boolean', SentAt: 'xsd:double' };
  const data = Object.keys(sample.data).map((name) => item(name, types[name] ?? 'xsd:string'));
  const entry = { topic: sample.topic, isProperty: sample.operation !== null, source, key: [], data };
  return [...topics.filter(({ topic }) => topic !== sample.topic), entry];
}
