import { systemClock } from '../clock.ts';
import { kafkaOptions, keyedTopicsOf, pemFiles } from '../compose.ts';
import { closest } from '../did-you-mean.ts';
import { ConfigurationError, messageOf } from '../errors.ts';
import { endpointText } from '../settings/endpoint.ts';
import { loadSettings } from '../settings/load-settings.ts';
import type { KafkaSinkSettings } from '../settings/settings-schema.ts';
import { kafkaPort } from '../sink/kafka-sink.ts';
import { createTopics, planTopics, type TopicPlan, topicPlanText } from '../sink/kafka-topics.ts';
import type { CommonOptions, Exit, Streams } from './streams.ts';
import { settingsVocabulary } from './vocabulary.ts';

export interface TopicsVerbOptions extends CommonOptions {
  readonly partitions?: number | undefined;
  readonly replicationFactor?: number | undefined;
}

/** What came of one sink: its plan, or why there is none. */
interface Outcome {
  readonly sink: string;
  readonly plan?: TopicPlan;
  /** Topics made just now; never any with `plan`. */
  readonly created?: readonly string[];
  readonly error?: string;
}

/**
 * `topics plan|create [SINK…]`: which topics the Kafka sinks of the configuration need, which of them are there, and, by
 * `create` alone, those that are missing. What is there is never changed. 0, or 1 where a cluster could not be asked or
 * did not do it. @throws ConfigurationError
 */
export async function topicsVerb(
  act: 'plan' | 'create',
  names: readonly string[],
  options: TopicsVerbOptions,
  streams: Streams,
): Promise<Exit> {
  const { stdout, stderr } = streams;
  const outcomes: Outcome[] = [];
  for (const { sink, keyedTopics } of await kafkaSinks(names, options, streams)) {
    const outcome = await topicsOf(act, sink, keyedTopics, options, streams.signal).catch((error) => {
      streams.signal.throwIfAborted();
      return { sink: sink.name, error: `${sink.brokers.map(endpointText).join(', ')}: ${messageOf(error)}` };
    });
    outcomes.push(outcome);
    if (options.json) continue;
    if ('error' in outcome) stderr.write(`sink ${sink.name}: ${outcome.error}\n`);
    else stdout.write(outcomeText(act, outcome));
  }
  if (options.json) stdout.write(`${JSON.stringify(outcomes, null, 2)}\n`);
  return outcomes.some(({ error }) => error !== undefined) ? 1 : 0;
}

interface Writer {
  readonly sink: KafkaSinkSettings;
  /** Of its mapping. */
  readonly keyedTopics: readonly string[];
}

/** The Kafka sinks with these names; all of them where none is named. */
async function kafkaSinks(names: readonly string[], options: CommonOptions, { env }: Streams): Promise<Writer[]> {
  const { settings, file } = await loadSettings({ file: options.config, env, vocabulary: await settingsVocabulary() });
  const sinks = settings.sinks.filter((sink) => sink.type === 'kafka');
  if (sinks.length === 0)
    throw new ConfigurationError('no-kafka-sink', `${file}: there is no sink with type: kafka, so no topics`);
  const writer = (sink: KafkaSinkSettings): Writer => {
    return { sink, keyedTopics: keyedTopicsOf(sink.mapping, settings.mappingsDirectory) };
  };
  if (names.length === 0) return sinks.map(writer);
  return names.map((name) => {
    const found = sinks.find((sink) => sink.name === name);
    if (found !== undefined) return writer(found);
    const known = sinks.map((sink) => sink.name);
    const near = closest(name, known);
    const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean "${near}"?`;
    throw new ConfigurationError('sink-unknown', `${file}: there is no Kafka sink "${name}"; ${hint}`, {
      facts: { sink: name },
    });
  });
}

async function topicsOf(
  act: 'plan' | 'create',
  sink: KafkaSinkSettings,
  keyedTopics: readonly string[],
  { partitions, replicationFactor }: TopicsVerbOptions,
  signal: AbortSignal,
): Promise<Outcome> {
  const tls = sink.tls === undefined ? undefined : await pemFiles(sink.tls);
  const { topics, deadLetterTopic } = sink;
  const wishes = { topics, keyedTopics, deadLetterTopic: deadLetterTopic || null, partitions, replicationFactor };
  const admin = await kafkaPort(kafkaOptions(sink, tls, systemClock, keyedTopics)).admin(signal);
  const aborted = () => void admin.close();
  signal.addEventListener('abort', aborted, { once: true });
  try {
    const plan = await planTopics(admin, wishes);
    if (act === 'plan') return { sink: sink.name, plan };
    const created = await createTopics(admin, plan);
    return { sink: sink.name, created, plan: await planTopics(admin, wishes) };
  } finally {
    signal.removeEventListener('abort', aborted);
    await admin.close();
  }
}

function outcomeText(act: 'plan' | 'create', { sink, plan, created = [] }: Outcome): string {
  const missing = plan!.topics.filter(({ exists }) => !exists).length;
  const done = created.length === 0 ? 'nothing to create' : `created ${created.join(', ')}`;
  const next =
    missing === 0 ? 'all topics are there' : `${missing} missing: "onvif-connector topics create" makes them`;
  return `sink ${sink}: ${topicPlanText(plan!)}${act === 'create' ? done : next}\n`;
}
