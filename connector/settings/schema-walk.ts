import type { z } from 'zod';
import type { ValueKind } from './value-schemas.ts';

/** Any zod schema, looked at by its definition (zod's documented `def`). */
export type Schema = z.core.$ZodType;

interface Definition {
  readonly type: string;
  readonly innerType?: Schema;
  readonly in?: Schema;
  readonly options?: readonly Schema[];
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly element?: Schema;
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, string>>;
  readonly defaultValue?: unknown;
}

export interface Described {
  readonly description?: string;
  readonly kind?: ValueKind;
}

const definition = (schema: Schema) => schema._zod.def as unknown as Definition;
const described = (schema: Schema) => (schema as z.ZodType).meta() as Described | undefined;

/** The schema and everything it wraps, outermost first, on the side people write: optional, default, transform … */
function layers(schema: Schema): readonly Schema[] {
  const { innerType, in: input } = definition(schema);
  const inner = innerType ?? input;
  return inner ? [schema, ...layers(inner)] : [schema];
}

/** The choices a value has: the members of a union, or the one schema itself, unwrapped. */
export function choicesOf(schema: Schema): readonly Schema[] {
  const core = layers(schema).at(-1)!;
  const { options } = definition(core);
  return options ? options.flatMap(choicesOf) : [core];
}

export function kindOf(schema: Schema): ValueKind | undefined {
  return layers(schema)
    .map((layer) => described(layer)?.kind)
    .find((kind) => kind !== undefined);
}

export function descriptionOf(schema: Schema): string {
  return (
    layers(schema)
      .map((layer) => described(layer)?.description)
      .find((text) => text !== undefined) ?? ''
  );
}

/** The default as people would write it; undefined where there is none. */
export function defaultOf(schema: Schema): unknown {
  return layers(schema)
    .map((layer) => definition(layer).defaultValue)
    .find((value) => value !== undefined);
}

export function isOptional(schema: Schema): boolean {
  return ['optional', 'prefault', 'default'].includes(definition(schema).type);
}

/** The values a schema names one by one (enum, literals); empty where it takes others too. */
export function namedValuesOf(schema: Schema): readonly (string | number)[] {
  const choices = choicesOf(schema).map(definition);
  if (!choices.every((choice) => choice.values || choice.entries)) return [];
  const all = choices.flatMap((choice) => choice.values ?? Object.values(choice.entries ?? {}));
  return [...new Map((all as (string | number)[]).map((value) => [String(value), value])).values()];
}

/** zod's words for what a value may be: string, number, boolean, array, object, enum, literal … */
export function typesOf(schema: Schema): readonly string[] {
  return choicesOf(schema).map((choice) => definition(choice).type);
}

/** Keys of the object(s) a value may be; of a union only the members `value` can be, told by their `type`. */
export function shapesOf(schema: Schema, value?: unknown): readonly Readonly<Record<string, Schema>>[] {
  const shapes = choicesOf(schema)
    .map((choice) => definition(choice).shape)
    .filter((shape) => shape !== undefined);
  const type = (value as { type?: unknown } | undefined)?.type;
  const told = shapes.filter((shape) => shape.type !== undefined && namedValuesOf(shape.type).includes(type as string));
  return told.length > 0 ? told : shapes;
}

export function elementOf(schema: Schema): Schema | undefined {
  return choicesOf(schema)
    .map((choice) => definition(choice).element)
    .find((element) => element !== undefined);
}

/** The schema one step down from `schema`, where `value` stands; undefined where there is no such key. */
export function stepInto(schema: Schema, segment: string | number, value: unknown): Schema | undefined {
  if (typeof segment === 'number') return elementOf(schema);
  return shapesOf(schema, value).find((shape) => Object.hasOwn(shape, segment))?.[segment];
}
