import type { GapRecord } from '../../../connector/normalize/record.ts';
import { type History, type Law, markOf } from './history.ts';

/** Times of answers and of events are held against each other to the second: an answer takes that long on a bad day. */
const SLACK_MS = 1_000;

/**
 * 5. Every interval in which loss was possible is covered by a gap record: each event of the device that never came, in any
 * form, happened within one. And a gap is no excuse for everything: it lies about a fault that can lose something.
 */
export const gaps: Law = (history) => {
  const told = gapsOf(history);
  const lost = lostOf(history);
  const violations: string[] = [];
  const bare = lost.filter(({ at }) => !told.some((gap) => covers(gap, at, history)));
  if (bare.length > 0) {
    const some = bare.slice(0, 5).map(({ mark, at }) => `${mark} at ${new Date(at).toISOString()}`);
    violations.push(
      `${bare.length} of ${lost.length} lost events lie in no gap: ${some.join(', ')}; gaps told: ${told.map(written).join(', ') || 'none'}`,
    );
  }
  const able = history.faults.filter(({ side }) => side !== 'broker');
  for (const gap of told) {
    if (gap.since === Number.NEGATIVE_INFINITY) {
      violations.push(`${written(gap)} has no beginning`);
      continue;
    }
    if (!able.some((fault) => about(gap, fault, history))) violations.push(`${written(gap)} lies about no fault`);
  }
  return { checked: history.truth.length, violations };
};

/**
 * An instant has two readings where the connector's clock was set meanwhile: by the clock of then, and by the one that the gap
 * was told by.
 */
function covers({ since, until, toldAt }: ToldGap, at: number, { connectorOffsetAt }: History): boolean {
  return [connectorOffsetAt(at), connectorOffsetAt(toldAt)].some(
    (offset) => since - SLACK_MS <= at + offset && at + offset <= until + SLACK_MS,
  );
}

interface ToldGap {
  readonly since: number;
  readonly until: number;
  readonly reason: string;
  /** By the judge's clock. */
  readonly toldAt: number;
}

export function gapsOf({ envelope }: Pick<History, 'envelope'>): ToldGap[] {
  const found = new Map<string, { record: GapRecord; at: number }>();
  for (const { record, at } of envelope)
    if (record?.kind === 'gap' && !found.has(record.id)) found.set(record.id, { record, at });
  return [...found.values()].map(({ record: { since, until, reason }, at: toldAt }) => ({
    since: since === null ? Number.NEGATIVE_INFINITY : Date.parse(since),
    until: Date.parse(until),
    ...{ reason, toldAt },
  }));
}

/** Events owed and never delivered, neither themselves nor as the state they led to. */
export function lostOf({ envelope, truth, subscribedAt }: Pick<History, 'envelope' | 'truth' | 'subscribedAt'>) {
  const came = new Set(envelope.map(markOf));
  return truth.filter(({ mark, at }) => at >= subscribedAt && !came.has(mark));
}

/** Both ends of a gap are the connector's times; a step of its clock meanwhile leaves either reading open. */
function about(gap: ToldGap, fault: { from: number; to: number }, history: History): boolean {
  const { gapBeforeMs, gapAfterMs } = history.expected;
  const before = history.connectorOffsetAt(fault.from - 1);
  const after = history.connectorOffsetAt(fault.to + gapAfterMs);
  const earliest = fault.from - gapBeforeMs + Math.min(before, after) - SLACK_MS;
  const latest = fault.to + gapAfterMs + Math.max(before, after) + SLACK_MS;
  return gap.since >= earliest && gap.until <= latest;
}

function written({ since, until, reason }: ToldGap): string {
  const start = Number.isFinite(since) ? new Date(since).toISOString() : 'null';
  return `${reason} gap ${start}..${new Date(until).toISOString()}`;
}
