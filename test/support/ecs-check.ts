import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';

interface EcsFields {
  readonly version: string;
  readonly kinds: readonly string[];
  readonly outcomes: readonly string[];
  readonly types: readonly string[];
  readonly expectedTypes: Readonly<Record<string, readonly string[]>>;
  readonly fields: Readonly<Record<string, string>>;
}

type Json = { readonly [name: string]: unknown };

const ECS = JSON.parse(readFileSync(new URL('../conformance/ecs-fields.json', import.meta.url), 'utf8')) as EcsFields;

const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  date: (value) => typeof value === 'string' && DATE.test(value) && !Number.isNaN(Date.parse(value)),
  long: (value) => Number.isSafeInteger(value),
  float: (value) => typeof value === 'number',
  ip: (value) => typeof value === 'string' && isIP(value) > 0,
};
const isText = (value: unknown) => typeof value === 'string' && value !== '';

/** What an Elasticsearch data stream or an Elastic rule would not take of a document; none where it is sound. */
export function ecsFaults(document: Json): string[] {
  const { onvif, labels = {}, ...rest } = document;
  return [
    ...fieldFaults(rest, ''),
    ...Object.entries(labels as Json).flatMap(([name, value]) =>
      isText(value) ? [] : [`labels.${name} must be text`],
    ),
    ...ownFaults(onvif),
    ...categoryFaults(rest),
  ];
}

function fieldFaults(value: Json, above: string): string[] {
  return Object.entries(value).flatMap(([name, each]) => {
    const path = `${above}${name}`;
    const type = ECS.fields[path];
    if (type !== undefined) return holds(type, each) ? [] : [`${path} must be ${type}, not ${JSON.stringify(each)}`];
    return isMap(each) ? fieldFaults(each, `${path}.`) : [`${path} is no field of ECS`];
  });
}

function holds(type: string, value: unknown): boolean {
  const check = TYPES[type.replace('[]', '')] ?? isText;
  return type.endsWith('[]') ? Array.isArray(value) && value.length > 0 && value.every(check) : check(value);
}

/** Our own namespace: one field, one type, whatever the topic. */
function ownFaults(onvif: unknown): string[] {
  if (!isMap(onvif)) return ['onvif is missing'];
  return ['source', 'key', 'data', 'capabilities'].flatMap((name) =>
    leaves(onvif[name]).flatMap((leaf) =>
      typeof leaf === 'string' || leaf === null
        ? []
        : [`onvif.${name} holds ${JSON.stringify(leaf)}, which is no text`],
    ),
  );
}

function leaves(value: unknown): unknown[] {
  if (value === undefined) return [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [value];
}

function categoryFaults(document: Json): string[] {
  const event = document.event as Json;
  const faults: string[] = [];
  for (const name of ['@timestamp', 'message', 'ecs', 'data_stream']) {
    if (document[name] === undefined) faults.push(`${name} is missing`);
  }
  for (const name of ['id', 'kind', 'type', 'action', 'created', 'dataset', 'module']) {
    if (event[name] === undefined) faults.push(`event.${name} is missing`);
  }
  if ((document.ecs as Json | undefined)?.version !== ECS.version) faults.push('ecs.version is another');
  if (!ECS.kinds.includes(String(event.kind))) faults.push(`event.kind cannot be ${event.kind}`);
  if (event.outcome !== undefined && !ECS.outcomes.includes(String(event.outcome)))
    faults.push(`event.outcome cannot be ${event.outcome}`);
  const types = (event.type ?? []) as readonly string[];
  faults.push(...types.filter((type) => !ECS.types.includes(type)).map((type) => `event.type cannot be ${type}`));
  for (const category of (event.category ?? []) as readonly string[]) {
    const expected = ECS.expectedTypes[category];
    if (expected === undefined) faults.push(`event.category cannot be ${category}`);
    for (const type of types) {
      if (expected !== undefined && !expected.includes(type))
        faults.push(`event.type ${type} is not expected of ${category}`);
    }
  }
  return faults;
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
