import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadKnowledge } from '../../connector/compose.ts';
import { connectDevice } from '../../connector/device/device-session.ts';
import { SubscriptionLostError } from '../../connector/errors.ts';
import { deviceRecords } from '../../connector/normalize/device-records.ts';
import { Normalizer } from '../../connector/normalize/normalizer.ts';
import type { EventRecord, Items, ItemValue, NotificationRecord } from '../../connector/normalize/record.ts';
import { createPullPoint } from '../../connector/subscription/create-pull-point.ts';
import { newHabits } from '../../connector/subscription/device-habits.ts';
import type { NotificationBatch } from '../../connector/subscription/notification-batch.ts';
import { PullLoop } from '../../connector/subscription/pull-loop.ts';
import { type FakeClock, instantClock } from '../support/fake-clock.ts';
import {
  type Exchange,
  operationOf,
  type RecordedDevice,
  readSession,
  recordedDevice,
} from '../support/recorded-device.ts';
import { readSampleIndex } from '../support/sample.ts';
import { samplesFolder } from '../support/shared-folder.ts';

const folder = samplesFolder();
const sessions = folder === null ? [] : readSampleIndex(folder).sessions;

interface Replay {
  readonly records: readonly EventRecord[];
  readonly batches: readonly NotificationBatch[];
  /** Least that was left of a lease when an answer came, ms. */
  readonly leastLeaseMs: number;
}

/** Reads all a device has to say through the connector's own parts, subscribing again where a subscription is gone. */
async function replay(device: RecordedDevice, clock: FakeClock): Promise<Replay> {
  const { namespaces, catalogue } = await loadKnowledge();
  const { signal } = new AbortController();
  const options = {
    id: 'recorded',
    address: device.origin,
    authentication: 'auto' as const,
    requestTimeoutMs: 600_000,
  };
  const session = await connectDevice(options, clock, signal);
  const habits = newHabits({ pullTimeoutMs: 60_000, messageLimit: 100, lifetimeMs: 120_000 });
  const numbers = deviceRecords('recorded', 0, 0);
  const normalizer = new Normalizer({ records: numbers, properties: [], namespaces, catalogue });
  normalizer.describe(session.profile.topicSet);
  const [records, batches]: [EventRecord[], NotificationBatch[]] = [[], []];
  let leastLeaseMs = Number.POSITIVE_INFINITY;
  let loop: PullLoop | undefined;
  let stopped: Promise<void> | undefined;
  void device.exhausted.then(() => {
    stopped = loop?.stop();
  });
  while (stopped === undefined) {
    const point = await createPullPoint(undefined, {
      session,
      clock,
      habits,
      signal,
      onTrouble: (_, error) => fail(error),
    });
    loop = new PullLoop(point, { clock, habits, signal, timeoutMs: () => habits.pullTimeoutMs, farewellMs: 2_000 });
    numbers.nextEpoch();
    normalizer.beginSet({ gap: 'none', cause: 'start', since: null, by: 'subscription', away: false, final: true });
    try {
      for await (const batch of loop) {
        batches.push(batch);
        records.push(...normalizer.normalize(batch).records);
        leastLeaseMs = Math.min(leastLeaseMs, point.lease.remaining());
      }
    } catch (error) {
      if (!(error instanceof SubscriptionLostError)) throw error;
    }
  }
  await stopped;
  await session.close();
  return { records, batches, leastLeaseMs };
}

function fail(error: Error): never {
  throw error;
}

/** What the recorded bytes say, read by nothing but regular expressions. */
interface Told {
  readonly topic: string;
  readonly utcTime: string;
  readonly operation: string;
  readonly source: Readonly<Record<string, string>>;
  readonly key: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

function toldBy(exchanges: readonly Exchange[]): Told[] {
  const messages = exchanges
    .filter((exchange) => operationOf(exchange) === 'PullMessages')
    .flatMap(
      ({ response }) => response.match(/<(?:\w+:)?NotificationMessage[ >].*?<\/(?:\w+:)?NotificationMessage>/gs) ?? [],
    );
  return messages.map((text) => ({
    topic: /<(?:\w+:)?Topic[^>]*>\s*([^<]*?)\s*</.exec(text)?.[1] ?? '',
    utcTime: /UtcTime="([^"]*)"/.exec(text)?.[1] ?? '',
    operation: /PropertyOperation="([^"]*)"/.exec(text)?.[1] ?? '',
    source: itemsIn(text, 'Source'),
    key: itemsIn(text, 'Key'),
    data: itemsIn(text, 'Data'),
  }));
}

function itemsIn(text: string, group: string): Record<string, string> {
  const inside = new RegExp(`<(?:\\w+:)?${group}>(.*?)</(?:\\w+:)?${group}>`, 's').exec(text)?.[1] ?? '';
  const items = inside.matchAll(/<(?:\w+:)?SimpleItem[^>]*\bName="([^"]*)"[^>]*\bValue="([^"]*)"/g);
  return Object.fromEntries([...items].map(([, name, value]) => [name!, value!]));
}

/** Without the states that a later subscription told as they were: they are counted, and have no record. */
function newsIn(told: readonly Told[]): Told[] {
  const states = new Map<string, string>();
  return told.filter(({ topic, operation, source, key, data }) => {
    if (operation === '') return true;
    const [property, state] = [JSON.stringify([topic, source, key]), JSON.stringify(data)];
    const known = states.get(property) === state;
    states.set(property, state);
    return !known || operation !== 'Initialized';
  });
}

/** A record as its device told it: typed values as the text they came from. */
function saidBy({ topic, utcTime, propertyOperation, source, key, data }: NotificationRecord, told: Told): Told {
  return {
    topic,
    utcTime: utcTime!,
    operation: propertyOperation!,
    source: texts(source, told.source),
    key: texts(key, told.key),
    data: texts(data, told.data),
  };
}

/** Numbers are the same by value: `0.860000` comes out as 0.86. */
function texts(items: Items, told: Readonly<Record<string, string>>): Record<string, string> {
  const text = (value: ItemValue, sent = '') =>
    typeof value === 'number' && value === Number(sent) ? sent : String(value);
  return Object.fromEntries(Object.entries(items).map(([name, value]) => [name, text(value, told[name])]));
}

/** Items that say yes or no in the topics of the standard. */
const BOOLEANS = new Set(['IsMotion', 'State', 'LogicalState', 'IsInside']);
/** A topic of the maker's own, that no description of these recordings tells the types of: its values stay text. */
const UNDESCRIBED = 'tns1:RuleEngine/MyRuleDetector/';

describe.skipIf(folder === null)('recorded sessions with real devices', () => {
  it('are all here', () => {
    expect(sessions.length).toBeGreaterThanOrEqual(3);
  });

  it.each(sessions)('$file comes out whole, in order, once and typed', async (session) => {
    const exchanges = readSession(join(folder!, session.file));
    const clock = instantClock(Date.parse(exchanges[0]!.timestamp));
    const device = await recordedDevice(exchanges, clock);
    const { records, batches, leastLeaseMs } = await replay(device, clock).finally(device.close);
    const notifications = records.filter((record) => record.kind === 'notification');
    const subscriptions = session.operations['CreatePullPointSubscription 200']!;

    // Nothing was left out, nothing was lost.
    expect([
      device.left('PullMessages'),
      device.left('CreatePullPointSubscription'),
      device.left('GetServices'),
    ]).toEqual([0, 0, 0]);
    expect(batches).toHaveLength(session.operations['PullMessages 200']!);
    expect(batches.filter(({ damage, interruption }) => damage !== null || interruption !== null)).toEqual([]);
    expect(new Set(notifications.map(({ topic }) => topic))).toEqual(new Set(session.topics));
    expect(leastLeaseMs).toBeGreaterThan(0);

    // Everything as it was told, in the order it was told.
    const all = toldBy(exchanges);
    expect(all).toHaveLength(session.notifications);
    const told = newsIn(all);
    expect(notifications).toHaveLength(told.length);
    expect(notifications.map((record, at) => saidBy(record, told[at]!))).toEqual(told);
    expect(records.map(({ sequence }) => sequence)).toEqual(records.map((_, at) => at + 1));

    // One id for one occurrence, and one occurrence for one id.
    const occurrences = told.map((each) => JSON.stringify(each));
    const pairs = new Set(notifications.map(({ id }, at) => `${id} ${occurrences[at]}`));
    expect(new Set(notifications.map(({ id }) => id)).size).toBe(pairs.size);
    expect(new Set(occurrences).size).toBe(pairs.size);

    // Typed by the catalogue, as these devices describe nothing.
    const kinds = notifications.flatMap(({ topic, data }) =>
      Object.entries(data)
        .filter(([name]) => BOOLEANS.has(name) && !(topic.endsWith('/Relay') && name === 'LogicalState'))
        .map(([, value]) => ({
          topic,
          type: typeof value,
          expected: topic.startsWith(UNDESCRIBED) ? 'string' : 'boolean',
        })),
    );
    expect(kinds.length).toBeGreaterThan(0);
    expect(kinds.filter(({ type, expected }) => type !== expected)).toEqual([]);
    expect(
      notifications.filter(({ time, utcTime }) => time === null || Date.parse(time) !== Date.parse(utcTime!)),
    ).toEqual([]);

    // One initial set for each subscription, told as what it is.
    const synchronized = records.filter((record) => record.kind === 'synchronized');
    expect(synchronized.map(({ epoch }) => epoch)).toEqual(Array.from({ length: subscriptions }, (_, at) => at + 1));
    expect(synchronized.reduce((sum, { properties }) => sum + properties, 0)).toBe(
      all.filter(({ operation }) => operation === 'Initialized').length,
    );
    for (const { propertyOperation, provenance } of notifications)
      expect(provenance).toBe(propertyOperation === 'Initialized' ? 'synchronization' : 'live');
    expect(records.filter(({ kind }) => kind !== 'notification' && kind !== 'synchronized')).toEqual([]);
  });
});
