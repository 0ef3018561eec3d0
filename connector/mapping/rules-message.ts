import { QuarantineError } from '../errors.ts';
import type { EventRecord } from '../normalize/record.ts';
import { JSON_TYPE } from './device-records.ts';
import { recordTimestamp } from './kafka-routes.ts';
import type { OutboundMessage } from './mapping.ts';
import type { Compiler, Place } from './rules-compiler.ts';
import { type Condition, condition } from './rules-condition.ts';
import type { Expression } from './rules-path.ts';
import type { WrittenDefaults, WrittenMessage } from './rules-schema.ts';
import { attributesOf, labelScope, type Scope } from './rules-scope.ts';
import { mergedValue, value } from './rules-value.ts';
import { readTemplate, type Template, type TemplateUse, textOf } from './template.ts';
import { attributeText, checkedTopic, topicLevel } from './topic-text.ts';

/** A message of a record; undefined where its condition does not hold. @throws QuarantineError */
export type MakeMessage = (scope: Scope) => OutboundMessage | undefined;

type Attribute = OutboundMessage['attributes'][number];

/** Longest key and longest bare text; what is longer was not meant. */
const LONGEST_KEY = 4096;

export function compileMessage(
  written: WrittenMessage,
  place: Place,
  defaults: WrittenDefaults,
  mappingName: string,
  compiler: Compiler,
): MakeMessage {
  const holds: Condition | undefined =
    written.when === undefined ? undefined : condition(written.when, [...place, 'when'], compiler);
  const own = (member: 'topic' | 'key'): [readonly string[] | undefined, Place] =>
    written[member] === undefined ? [defaults[member], ['defaults', member]] : [written[member], [...place, member]];
  const topic = templates(...own('topic'), 'topic', compiler) ?? defaultTopic(mappingName);
  const key = templates(...own('key'), 'key', compiler);
  const payload = compilePayload(written, place, defaults, compiler);
  const contentType = written.contentType ?? defaults.contentType ?? JSON_TYPE;
  const isText = contentType.startsWith('text/');
  const retained = RETAIN[written.retain ?? defaults.retain ?? 'never'];
  const attributes = compileAttributes(written, place, defaults, compiler);
  return (scope) => {
    if (holds !== undefined && !holds(scope)) return undefined;
    const { record } = scope;
    const label = labelScope(scope);
    const retain = retained(record);
    // Core 9.12: a property that is gone is a retained message of zero bytes.
    const isEnd = retain && isState(record) && record.propertyOperation === 'Deleted';
    const message: OutboundMessage = {
      topic: checkedTopic(topicOf(topic, label), record.device),
      payload: isEnd ? '' : isText ? plainText(payload(scope)) : jsonText(payload, scope),
      retain,
      contentType: isEnd ? '' : contentType,
      attributes: attributes(label),
    };
    if (key !== undefined) return { ...message, key: keyOf(key, label), timestamp: recordTimestamp(record) };
    return record.kind === 'notification' ? message : { ...message, asIs: true };
  };
}

/** `<base>/<device>/<mapping's name>/<LocalTopic>`, where no topic is written. */
function defaultTopic(mappingName: string): readonly Template[] {
  return [
    {
      usesIdentity: false,
      missing: () => undefined,
      fill({ record, parts }) {
        const place = `${parts.baseTopic}/${topicLevel(record.device, 'strip')}/${topicLevel(mappingName, 'strip')}`;
        const rest = record.kind === 'notification' ? parts.forms(record.topic).local : record.kind;
        return rest === '' ? place : `${place}/${rest}`;
      },
    },
  ];
}

function templates(
  written: readonly string[] | undefined,
  place: Place,
  use: TemplateUse,
  compiler: Compiler,
): readonly Template[] | undefined {
  return written?.flatMap((text, index) => {
    const read = readTemplate(text, use, compiler.lets);
    if (!('faults' in read)) {
      compiler.needs.identity ||= read.usesIdentity;
      return [read];
    }
    for (const fault of read.faults) compiler.fault([...place, index], `${use} '${text}': ${fault}`);
    return [];
  });
}

function topicOf(topic: readonly Template[], label: Scope): string {
  const filled = firstOf(topic, label)?.replace(/^\$+/, '');
  if (filled !== undefined && filled !== '') return filled;
  throw new QuarantineError('mapping-topic', `the topic cannot be made: ${lacking(topic, label)}`);
}

function keyOf(key: readonly Template[], label: Scope): string {
  const filled = firstOf(key, label);
  if (filled === undefined) throw new QuarantineError('mapping-key', `the key cannot be made: ${lacking(key, label)}`);
  if (filled.length <= LONGEST_KEY) return filled;
  throw new QuarantineError('mapping-key', `the key is longer than ${LONGEST_KEY} characters`);
}

function firstOf(templates: readonly Template[], label: Scope): string | undefined {
  for (const template of templates) {
    const text = template.fill(label);
    if (text !== undefined) return text;
  }
  return undefined;
}

function lacking(templates: readonly Template[], label: Scope): string {
  const missing = templates.map((template) => template.missing(label) ?? 'its text is empty');
  return `${missing.join(', ')} ${missing.some((each) => each.startsWith('{')) ? 'has no value here' : ''}`.trim();
}

function compilePayload(
  written: WrittenMessage,
  place: Place,
  defaults: WrittenDefaults,
  compiler: Compiler,
): Expression & { isRecord?: true } {
  if (written.payload === undefined && defaults.payload === undefined)
    return Object.assign(({ record }: Scope) => record, { isRecord: true as const });
  return mergedValue(defaults.payload, written.payload, ['defaults', 'payload'], [...place, 'payload'], compiler);
}

function jsonText(payload: Expression & { isRecord?: true }, scope: Scope): string {
  if (payload.isRecord && scope.json !== undefined) return scope.json;
  const made = payload(scope);
  if (made === undefined) throw nothing();
  return JSON.stringify(made);
}

function plainText(made: unknown): string {
  const text = textOf(made) ?? (made === undefined || made === null ? undefined : JSON.stringify(made));
  if (text === undefined) throw nothing();
  return text;
}

function nothing(): QuarantineError {
  return new QuarantineError('mapping-payload', 'the payload has no value here');
}

const RETAIN: Readonly<Record<'never' | 'properties' | 'always', (record: EventRecord) => boolean>> = {
  never: () => false,
  properties: isState,
  always: () => true,
};

/** A property as it is now: what a replay tells is past. */
function isState(record: EventRecord): record is Extract<EventRecord, { kind: 'notification' }> {
  return record.kind === 'notification' && record.propertyOperation !== undefined && record.provenance !== 'replay';
}

/** CloudEvents 1.0: names of attributes. */
const ATTRIBUTE_NAME = /^[a-z0-9]{1,20}$/;
const NO_ATTRIBUTES: readonly Attribute[] = [];

function compileAttributes(
  written: WrittenMessage,
  place: Place,
  defaults: WrittenDefaults,
  compiler: Compiler,
): (label: Scope) => readonly Attribute[] {
  const standard = written.attributes ?? defaults.attributes ?? true;
  const extensions = [
    ...Object.entries(defaults.extensions ?? {})
      .filter(([name]) => !Object.hasOwn(written.extensions ?? {}, name))
      .map(([name, of]) => extension(name, of, ['defaults', 'extensions'], compiler)),
    ...Object.entries(written.extensions ?? {}).map(([name, of]) =>
      extension(name, of, [...place, 'extensions'], compiler),
    ),
  ];
  if (extensions.length === 0) return standard ? attributesOf : () => NO_ATTRIBUTES;
  const names = new Set(extensions.map(({ name }) => name));
  return (label) => {
    const made: Attribute[] = standard ? attributesOf(label).filter(([name]) => !names.has(name)) : [];
    for (const { name, make } of extensions) {
      const text = textOf(make(label));
      if (text !== undefined) made.push([name, attributeText(text)]);
    }
    return made;
  };
}

function extension(name: string, of: unknown, place: Place, compiler: Compiler) {
  if (!ATTRIBUTE_NAME.test(name))
    compiler.fault([...place, name], `'${name}' cannot name an attribute: CloudEvents wants 1 to 20 of a-z and 0-9`);
  return { name, make: value(of, [...place, name], compiler) };
}
