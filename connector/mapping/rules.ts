import { messageOf, QuarantineError } from '../errors.ts';
import type { EventRecord } from '../normalize/record.ts';
import type { SpooledRecord } from '../spool/spool.ts';
import { cloudEvents } from './cloud-events.ts';
import { deviceRecord } from './device-records.ts';
import { topicForms } from './local-topic.ts';
import type { OutboundMessage } from './mapping.ts';
import { faultyMapping } from './mapping-file.ts';
import type { Format, FormatContext, OpenedFormat } from './mapping-format.ts';
import { compileRules, type Rule } from './rules-compile.ts';
import { keyedTopics } from './rules-keyed-topics.ts';
import { rulesOptions, type WrittenRules } from './rules-schema.ts';
import { type Scope, type ScopeParts, scopeOf, toldIdentity } from './rules-scope.ts';
import { soundParts } from './rules-sound-parts.ts';
import { checkedTopic } from './topic-text.ts';

/** Topics whose rules are remembered, and devices whose identity is. */
const REMEMBERED_TOPICS = 4096;
const REMEMBERED_DEVICES = 65_536;

/**
 * Rules of a person's own (docs/mappings.md): which records, and what becomes of them. Compiled once to closures; what
 * goes wrong with a record names file, line and rule.
 */
export const rules: Format<typeof rulesOptions> = {
  options: rulesOptions,
  open(written, context) {
    const { faults, ...compiled } = compileRules(written, context);
    if (faults.length > 0) throw faultyMapping(context.file, faults);
    return runRules(written, compiled, context);
  },
  inspect: (written, context) => compileRules(soundParts(written), context).faults,
  files: (written) => Object.values(soundParts(written).tables ?? {}).flatMap(({ csv }) => csv ?? []),
};

type Compiled = Omit<ReturnType<typeof compileRules>, 'faults'>;

function runRules(written: WrittenRules, compiled: Compiled, context: FormatContext): OpenedFormat {
  const identities = new Map<string, Readonly<Record<string, string>>>();
  const parts: ScopeParts = {
    devices: context.devices,
    baseTopic: context.baseTopic,
    events: cloudEvents(context.devices),
    forms: topicForms(),
    identities,
    lets: compiled.lets,
    personalTables: compiled.personalTables,
  };
  const candidates = candidatesOf(compiled.rules);
  const publishOwn = written.deviceRecords !== 'omit';
  const map = ({ record, json }: SpooledRecord): OutboundMessage[] => {
    if (record.kind === 'device' && compiled.usesIdentity) learn(identities, record);
    const scope = scopeOf(record, json, parts);
    const messages: OutboundMessage[] = [];
    let matched = false;
    for (const rule of candidates(record)) {
      if (!attempt(rule, () => rule.match.holds(scope))) continue;
      matched = true;
      attempt(rule, () => emit(rule, scope, messages));
      if (!rule.goesOn) break;
    }
    if (!matched && record.kind !== 'notification' && publishOwn) {
      const message = deviceRecord(record, json, context.baseTopic, parts.events);
      messages.push({ ...message, topic: checkedTopic(message.topic, record.device) });
    }
    return messages;
  };
  const restore = (states: readonly SpooledRecord[]): OutboundMessage[] => {
    // What devices said of themselves first: the others may ask for it.
    for (const { record } of states) if (record.kind === 'device') learn(identities, record);
    return states.flatMap((state) => retainedOf(state, map));
  };
  return { map, restore, needsStates: compiled.usesIdentity, keyedTopics: keyedTopics(written) };
}

/** What fails here failed when it was new, and is in the dead letters since. */
function retainedOf(state: SpooledRecord, map: (entry: SpooledRecord) => OutboundMessage[]): OutboundMessage[] {
  try {
    return map(state).filter(({ retain }) => retain);
  } catch (error) {
    if (error instanceof QuarantineError) return [];
    throw error;
  }
}

function emit(rule: Rule, scope: Scope, messages: OutboundMessage[]): void {
  for (const make of rule.emit) {
    const message = make(scope);
    if (message !== undefined) messages.push(message);
  }
}

/** @throws QuarantineError that says where in the file it went wrong */
function attempt<T>({ where, name }: Rule, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const code = cause instanceof QuarantineError ? cause.code : 'mapping-rule';
    const message = `${where}: rule '${name}': ${messageOf(cause)}; the record is kept in the dead letters`;
    throw new QuarantineError(code, message, { facts: { rule: name }, cause });
  }
}

/** The rules that could be for a record, by its kind and topic. */
function candidatesOf(all: readonly Rule[]): (record: EventRecord) => readonly Rule[] {
  const known = new Map<string, readonly Rule[]>();
  return (record) => {
    const { kind } = record;
    const topic = record.kind === 'notification' ? record.topic : '';
    const name = kind === 'notification' ? topic : `#${kind}`;
    const found = known.get(name);
    if (found !== undefined) return found;
    const rules = all.filter(({ match }) => match.couldBe(kind, topic));
    if (known.size >= REMEMBERED_TOPICS) known.clear();
    known.set(name, rules);
    return rules;
  };
}

function learn(
  identities: Map<string, Readonly<Record<string, string>>>,
  { device, identity }: Extract<EventRecord, { kind: 'device' }>,
): void {
  if (identities.size >= REMEMBERED_DEVICES && !identities.has(device)) identities.clear();
  identities.set(device, toldIdentity(identity));
}
