import type { EventRecord } from '../normalize/record.ts';
import type { Compiler, Place } from './rules-compiler.ts';
import { type Condition, condition } from './rules-condition.ts';
import { jsonataExpression } from './rules-jsonata-value.ts';
import type { WrittenMatch } from './rules-schema.ts';
import { topicExpression } from './topic-expression.ts';

/** Which records a rule is for. */
export interface Match {
  /** By kind and topic alone: the same for all records of one topic. */
  couldBe(kind: EventRecord['kind'], topic: string): boolean;
  /** The rest. */
  readonly holds: Condition;
}

export function compileMatch(written: WrittenMatch = {}, place: Place, compiler: Compiler): Match {
  const kinds: ReadonlySet<string> = new Set(written.kind ?? ['notification']);
  const topics = compileTopic(written.topic, place, compiler);
  const checks: Condition[] = [];
  const { operation, provenance, changed, device, site } = written;
  if (operation !== undefined) checks.push(among(operation, (record) => record.propertyOperation ?? 'none'));
  if (provenance !== undefined) checks.push(among(provenance, (record) => record.provenance));
  if (changed !== undefined) {
    // What is no property was never known to be so.
    checks.push(({ record }) => record.kind === 'notification' && (record.changed === false) !== changed);
  }
  if (device !== undefined) {
    const devices = new Set(device);
    checks.push(({ record }) => devices.has(record.device));
  }
  if (site !== undefined) {
    const sites = new Set<string | undefined>(site);
    checks.push(({ record, parts }) => sites.has(parts.devices.get(record.device)?.site));
  }
  if (written.where !== undefined) checks.push(condition(written.where, [...place, 'where'], compiler));
  if (written.jsonata !== undefined) {
    const expression = jsonataExpression(written.jsonata, [...place, 'jsonata'], compiler);
    checks.push((scope) => expression(scope) === true);
  }
  return {
    couldBe: (kind, topic) => kinds.has(kind) && (topics === undefined || (kind === 'notification' && topics(topic))),
    holds: (scope) => {
      for (const check of checks) if (!check(scope)) return false;
      return true;
    },
  };
}

function compileTopic(written: string | undefined, place: Place, compiler: Compiler) {
  if (written === undefined) return undefined;
  const topics = topicExpression(written);
  if (typeof topics === 'function') return topics;
  compiler.fault([...place, 'topic'], `the topic expression '${written}' ${topics.fault}`);
  return undefined;
}

type NotificationOf = Extract<EventRecord, { kind: 'notification' }>;

function among(wanted: readonly string[], of: (record: NotificationOf) => string): Condition {
  const set = new Set(wanted);
  return ({ record }) => record.kind === 'notification' && set.has(of(record));
}
