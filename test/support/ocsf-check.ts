import { readFileSync } from 'node:fs';

interface Attributes {
  readonly attributes: Readonly<Record<string, string>>;
  readonly at_least_one?: readonly string[];
}
interface OcsfClass extends Attributes {
  readonly uid: number;
  readonly caption: string;
  readonly category_uid: number;
  readonly activities: Readonly<Record<string, string>>;
}
interface OcsfSchema {
  readonly version: string;
  readonly base: Attributes['attributes'];
  readonly classes: readonly OcsfClass[];
  readonly objects: Readonly<Record<string, Attributes>>;
}

type Json = { readonly [name: string]: unknown };

const OCSF = JSON.parse(
  readFileSync(new URL('../conformance/ocsf-schema.json', import.meta.url), 'utf8'),
) as OcsfSchema;

/** `integer! 0 1 2`: see `about` in the schema. */
const NOTATION = /^(?<type>\w+)(?<list>\[\])?(?<requirement>[!+])?(?: (?<values>.+))?$/;

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string' && value !== '',
  integer: (value) => Number.isSafeInteger(value),
  long: (value) => Number.isSafeInteger(value),
  timestamp: (value) => Number.isSafeInteger(value) && (value as number) > 1e12,
  float: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  object: isMap,
};

/** What is wrong with an OCSF event; none where it is sound. */
export function ocsfFaults(event: Json): string[] {
  const of = OCSF.classes.find(({ uid }) => uid === event.class_uid);
  if (of === undefined) return [`class_uid cannot be ${event.class_uid}`];
  const attributes = { ...OCSF.base, ...of.attributes };
  const faults = objectFaults(event, { ...of, attributes }, of.caption, '');
  const expected = of.uid * 100 + Number(event.activity_id);
  if (event.type_uid !== expected) faults.push(`type_uid must be class_uid * 100 + activity_id: ${expected}`);
  if (event.category_uid !== of.category_uid) faults.push(`category_uid must be ${of.category_uid}`);
  const activity = of.activities[String(event.activity_id)];
  if (activity === undefined) faults.push(`activity_id ${event.activity_id} is none of ${of.caption}`);
  else if (event.activity_id !== 99 && event.activity_name !== activity)
    faults.push(`activity_name must be ${activity}`);
  if (event.activity_id === 99 && event.activity_name === undefined)
    faults.push('activity_name must say what Other is');
  if ((event.metadata as Json | undefined)?.version !== OCSF.version) faults.push('metadata.version is another');
  return faults;
}

function objectFaults(value: Json, { attributes, at_least_one }: Attributes, caption: string, above: string): string[] {
  const faults: string[] = [];
  for (const [name, notation] of Object.entries(attributes)) {
    if (notation.includes('!') && value[name] === undefined) faults.push(`${above}${name} is required`);
  }
  if (at_least_one !== undefined && !at_least_one.some((name) => value[name] !== undefined))
    faults.push(`${above.replace(/\.$/, '') || caption} needs one of ${at_least_one.join(', ')}`);
  for (const [name, each] of Object.entries(value)) {
    if (each === undefined) continue;
    const notation = attributes[name];
    if (notation === undefined) faults.push(`${above}${name} is no attribute of ${caption}`);
    else faults.push(...attributeFaults(each, notation, `${above}${name}`));
  }
  return faults;
}

function attributeFaults(value: unknown, notation: string, path: string): string[] {
  const { type = '', list, values } = NOTATION.exec(notation)?.groups ?? {};
  if (list !== undefined && (!Array.isArray(value) || value.length === 0)) return [`${path} must be a list`];
  return (list === undefined ? [value] : (value as unknown[])).flatMap((each) => {
    const object = OCSF.objects[type];
    if (object !== undefined && isMap(each)) return objectFaults(each, object, type, `${path}.`);
    const check = object === undefined ? TYPES[type] : isMap;
    if (check === undefined) return [`${path} has the type ${type}, which the schema lacks`];
    if (!check(each)) return [`${path} must be ${type}, not ${JSON.stringify(each)}`];
    return values === undefined || values.split(' ').includes(String(each)) ? [] : [`${path} cannot be ${each}`];
  });
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
