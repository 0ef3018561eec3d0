import { KAFKA_TOPICS, type KafkaTopics } from '../mapping/kafka-routes.ts';
import type { KafkaAdmin, KafkaTopicCreation } from './kafka-port.ts';

/*
 * The verb `topics plan|create`: what the topics should be, what is there, and making what is missing. What exists is never
 * changed, and nothing is made but by `createTopics`.
 */

export interface TopicWishes {
  readonly topics?: KafkaTopics | undefined;
  /** Those the mapping names for its messages with a key. */
  readonly keyedTopics?: readonly string[] | undefined;
  /** null for none. */
  readonly deadLetterTopic: string | null;
  /** Of events and state: as many consumers of a group can share the work; 6 where absent. It cannot be changed later without mixing up the order. */
  readonly partitions?: number | undefined;
  /** Copies of each record; 3 where absent, or as many as there are brokers. */
  readonly replicationFactor?: number | undefined;
}

export interface PlannedTopic extends KafkaTopicCreation {
  readonly purpose: string;
  readonly exists: boolean;
  /** What a person should know of one that exists. */
  readonly remarks: readonly string[];
}

export interface TopicPlan {
  readonly brokers: number;
  readonly topics: readonly PlannedTopic[];
}

const DAY_MS = 86_400_000;
const COMPACTED = {
  'cleanup.policy': 'compact',
  // Else what is new may lie uncompacted for a week.
  'max.compaction.lag.ms': String(DAY_MS),
  // A reader that was away for a week still sees that a state was deleted.
  'delete.retention.ms': String(7 * DAY_MS),
};

/** Looks, and changes nothing. Rejects with KafkaFailure. */
export async function planTopics(admin: KafkaAdmin, wishes: TopicWishes): Promise<TopicPlan> {
  const brokers = await admin.brokers();
  const topics: PlannedTopic[] = [];
  for (const wanted of wantedTopics(wishes, brokers)) {
    const found = await admin.topic(wanted.name);
    if (found === null) {
      topics.push({ ...wanted, exists: false, remarks: [] });
      continue;
    }
    const settings = await admin.settings(wanted.name);
    topics.push({ ...wanted, ...found, exists: true, remarks: remarksOn(wanted, found, settings ?? {}, brokers) });
  }
  return { brokers, topics };
}

/** Creates what is missing. @returns its names. Rejects with KafkaFailure */
export async function createTopics(admin: KafkaAdmin, { topics }: TopicPlan): Promise<string[]> {
  const missing = topics.filter(({ exists }) => !exists);
  if (missing.length > 0) await admin.create(missing);
  return missing.map(({ name }) => name);
}

/** The plan for people, with the commands of Kafka's own tool for those who may not create topics from here. */
export function topicPlanText({ brokers, topics }: TopicPlan): string {
  const lines = [`${brokers} ${brokers === 1 ? 'broker' : 'brokers'}`];
  for (const topic of topics) {
    const { name, partitions, replicationFactor: replicas, settings, exists } = topic;
    const counts = `${partitions} ${partitions === 1 ? 'partition' : 'partitions'}, ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`;
    lines.push(`${exists ? 'exists ' : 'missing'}  ${name}: ${topic.purpose}; ${counts}`);
    for (const remark of topic.remarks) lines.push(`         ! ${remark}`);
    if (exists) continue;
    const configs = Object.entries(settings).map(([key, value]) => ` --config ${key}=${value}`);
    lines.push(
      `         kafka-topics.sh --create --topic ${name} --partitions ${partitions} --replication-factor ${replicas}${configs.join('')}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function wantedTopics(wishes: TopicWishes, brokers: number): (KafkaTopicCreation & { purpose: string })[] {
  const { topics = KAFKA_TOPICS, keyedTopics = [], deadLetterTopic, partitions = 6 } = wishes;
  const replicationFactor = wishes.replicationFactor ?? Math.max(1, Math.min(3, brokers));
  // One broker may fail and nothing stops; with fewer than three copies that cannot be had without losing records.
  const common = { 'min.insync.replicas': replicationFactor >= 3 ? '2' : '1' };
  const topic = (name: string, purpose: string, count: number, settings: Readonly<Record<string, string>>) => ({
    ...{ name, purpose, partitions: count, replicationFactor, settings: { ...common, ...settings } },
  });
  const kept = (days: number) => ({ 'cleanup.policy': 'delete', 'retention.ms': String(days * DAY_MS) });
  const planned = [
    topic(topics.events, 'every record, key = device', partitions, kept(7)),
    topic(topics.state, 'the last state of each property', partitions, COMPACTED),
    topic(topics.devices, 'what each device is', 1, COMPACTED),
  ];
  if (deadLetterTopic !== null) {
    // What was too large for its topic finds room here.
    const roomy = { ...kept(30), 'max.message.bytes': '8388608' };
    planned.push(topic(deadLetterTopic, 'records that could not be delivered', 1, roomy));
  }
  const names = new Set(planned.map(({ name }) => name));
  // What they are for, and how long it is to be kept, only its writer knows.
  const own = keyedTopics.filter((name) => !names.has(name));
  return [...planned, ...own.map((name) => topic(name, 'of the mapping', partitions, {}))];
}

function remarksOn(
  wanted: KafkaTopicCreation,
  found: { readonly replicationFactor: number },
  settings: Readonly<Record<string, string>>,
  brokers: number,
): string[] {
  const remarks: string[] = [];
  const policy = settings['cleanup.policy'];
  const wish = wanted.settings['cleanup.policy'];
  if (policy !== undefined && wish === 'compact' && policy !== 'compact') {
    remarks.push(`cleanup.policy is ${policy}: states that do not change for long are lost; set compact`);
  }
  if (policy?.includes('compact') && wish === 'delete') {
    remarks.push(`cleanup.policy is ${policy}: of each key only the last record is kept; set delete`);
  }
  if (found.replicationFactor < 2 && brokers > 1) {
    remarks.push('there is one replica: acknowledged records are lost with its broker');
  } else if (found.replicationFactor >= 3 && settings['min.insync.replicas'] === '1') {
    remarks.push('min.insync.replicas is 1: a record may be acknowledged while only one broker has it; set 2');
  }
  return remarks;
}
