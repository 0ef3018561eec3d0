import type {
  DeviceDetail,
  DeviceReport,
  LessonReport,
  ReportedStatus,
  SinkReport,
  SubscriptionReport,
} from './api/api-report.ts';
import type { Clock } from './clock.ts';
import type { DeviceFacts, WorkerFacts } from './compose-facts.ts';
import type { DeviceBlueprint, SinkBlueprint } from './compose-roster.ts';
import type { LogTail } from './compose-tail.ts';
import type { DeviceRecord, StatusRecord } from './normalize/record.ts';
import { endpointText } from './settings/endpoint.ts';
import { maskUserinfo } from './settings/secret.ts';
import type { SinkSettings } from './settings/settings-schema.ts';
import type { CurrentStates } from './spool/current-states.ts';
import type { Spool, SpooledRecord } from './spool/spool.ts';
import { readProfile } from './subscription/learned-profile.ts';
import type { Supervisor } from './supervision/supervisor.ts';

/** What reports are made of. */
export interface ReportParts {
  readonly supervisor: Supervisor;
  readonly spool: Spool;
  readonly states: CurrentStates;
  readonly facts: WorkerFacts;
  readonly tail: LogTail;
  readonly clock: Clock;
  /** A record as it may be seen. */
  readonly seen: (entry: SpooledRecord) => SpooledRecord;
}

/** Properties told of one device: one with thousands is looked at in its topics elsewhere. */
const MOST_PROPERTIES = 1_000;

export function deviceReport({ settings }: DeviceBlueprint, parts: ReportParts): DeviceReport {
  return reportOf(settings, parts.states.of(settings.id), parts);
}

export function deviceDetail({ settings }: DeviceBlueprint, parts: ReportParts): DeviceDetail {
  const { id, address } = settings;
  const { spool, states, facts, tail, seen } = parts;
  const known = states.of(id);
  const { missing, troubles } = facts.device(id);
  const described = lastOf(known, 'device');
  const properties = known.filter(({ record }) => record.kind === 'notification').reverse();
  return {
    ...reportOf(settings, known, parts),
    capabilities: described?.capabilities ?? {},
    topics: described?.topics ?? [],
    missing,
    recentGaps: tail.gaps(id).last,
    recentTroubles: troubles,
    learned: lessonsOf(spool.learned(id), address),
    properties: properties.slice(0, MOST_PROPERTIES).map((entry) => seen(entry).record),
    propertiesTotal: properties.length,
  };
}

function reportOf(
  { id, name, site, address }: DeviceBlueprint['settings'],
  known: readonly SpooledRecord[],
  { supervisor, spool, facts, tail }: ReportParts,
): DeviceReport {
  const told = facts.device(id);
  const gaps = tail.gaps(id);
  return {
    ...{ id, name: name ?? null, site: site ?? null, address },
    ...standing(supervisor.devices.get(id)?.status ?? 'offline', told, lastOf(known, 'status')),
    identity: lastOf(known, 'device')?.identity ?? {},
    lastEventAt: iso(told.lastEventAt),
    lastAnswerAt: iso(told.lastAnswerAt ?? spool.checkpoint(id)?.lastAnswerAt ?? null),
    events: told.events,
    clockSkewSeconds: told.skewMs === null ? null : told.skewMs / 1_000,
    subscription: subscriptionOf(id, told, spool),
    gaps: gaps.count,
    lastGapAt: gaps.last[0]?.until ?? null,
  };
}

/** What was stored of it is of an earlier process until the worker of this one has said something. */
function standing(
  status: ReportedStatus,
  { status: told }: Readonly<DeviceFacts>,
  stored: StatusRecord | undefined,
): Pick<DeviceReport, 'status' | 'since' | 'error'> {
  if (told === null) return { status: 'starting', since: stored?.since ?? null, error: null };
  // A worker that is between two lives is offline, whatever it said last.
  return { status, since: iso(told.since), error: status === 'online' ? null : told.error };
}

function subscriptionOf(id: string, { subscribed }: Readonly<DeviceFacts>, spool: Spool): SubscriptionReport | null {
  const checkpoint = spool.checkpoint(id);
  const stored = checkpoint?.subscription;
  if (checkpoint === undefined || !stored) return null;
  return {
    flow: stored.flow ?? 'pull-point',
    epoch: checkpoint.epoch,
    how: subscribed,
    leaseUntil: iso(stored.leaseUntil),
  };
}

function lessonsOf(stored: unknown, address: string): LessonReport[] {
  const lessons = Object.entries(readProfile(stored, address)?.lessons ?? {});
  return lessons.map(([name, { value, at, times, from }]) => ({ name, value, at: iso(at)!, times, from }));
}

interface OfKind {
  readonly device: DeviceRecord;
  readonly status: StatusRecord;
}

function lastOf<K extends keyof OfKind>(known: readonly SpooledRecord[], kind: K): OfKind[K] | undefined {
  return known.findLast(({ record }) => record.kind === kind)?.record as OfKind[K] | undefined;
}

/** The dead letters of sinks, counted anew only where some were added: reading them takes time. */
export type BuriedCount = (sink: string) => Pick<SinkReport, 'deadLetters' | 'lastDeadLetter'>;

export function buriedCount({ spool, facts }: Pick<ReportParts, 'spool' | 'facts'>): BuriedCount {
  const known = new Map<string, { readonly buried: number; readonly told: ReturnType<BuriedCount> }>();
  return (sink) => {
    const { buried } = facts.sink(sink);
    const counted = known.get(sink);
    if (counted?.buried === buried) return counted.told;
    const letters = spool.deadLetters(sink);
    const last = letters.at(-1);
    const lastDeadLetter = last === undefined ? null : { at: iso(last.at)!, reason: last.reason.slice(0, 500) };
    const told = { deadLetters: letters.length, lastDeadLetter };
    known.set(sink, { buried, told });
    return told;
  };
}

export function sinkReport({ settings }: SinkBlueprint, parts: ReportParts, buried: BuriedCount): SinkReport {
  const { name, type, mapping } = settings;
  const { supervisor, facts } = parts;
  const { since, delivered, lastDeliveredAt, lastError } = facts.sink(name);
  return {
    ...{ name, type, mapping, address: addressOf(settings) },
    connected: supervisor.sinks.get(name)?.connected ?? false,
    since: iso(since),
    lag: lagOf(name, parts),
    ...{ delivered, lastDeliveredAt: iso(lastDeliveredAt) },
    ...buried(name),
    lastError,
  };
}

function lagOf(sink: string, { spool, clock }: ReportParts): SinkReport['lag'] {
  const { oldestUndelivered } = spool.statistics();
  // Of a sink that was just forgotten a reader would make a place anew.
  if (!Object.hasOwn(oldestUndelivered, sink)) return { records: 0, seconds: 0 };
  const records = Math.max(0, spool.states.lastOffset() - spool.reader(sink).acknowledged());
  const oldest = oldestUndelivered[sink] ?? null;
  return { records, seconds: oldest === null ? 0 : Math.max(0, clock.now() - oldest) / 1_000 };
}

function addressOf(sink: SinkSettings): string | null {
  if (sink.type === 'mqtt') return maskUserinfo(sink.url);
  return sink.type === 'kafka' ? sink.brokers.map(endpointText).join(', ') : null;
}

function iso(at: number | null): string | null {
  return at === null || !Number.isFinite(at) ? null : new Date(at).toISOString();
}
