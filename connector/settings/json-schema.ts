import { z } from 'zod';
import { settingsSchema } from './settings-schema.ts';

type JsonSchema = Record<string, unknown>;

/** A string with `${NAME}` in it may become anything. */
const VARIABLE = { type: 'string', pattern: '\\$\\{' };

/**
 * JSON Schema (2020-12) of the configuration file, for editors: completion, hover, squiggles. It accepts what `validate` accepts;
 * what it cannot say (duplicate ids, filter grammar, files that are not there) only `validate` finds.
 */
export function settingsJsonSchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(settingsSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: forEditors,
  }) as JsonSchema;
  return {
    $schema,
    $id: 'urn:onvif-connector:configuration:1',
    title: 'Configuration of onvif-connector',
    description: 'Devices, sinks and what is between them. Every key: docs/configuration.md.',
    ...(withVariables(schema) as JsonSchema),
  };
}

/** Takes out what only we understand: `kind`, and secrets that are already wrapped. */
function forEditors({ jsonSchema }: { jsonSchema: JsonSchema }): void {
  delete jsonSchema.kind;
  const { anyOf } = jsonSchema;
  if (Array.isArray(anyOf)) jsonSchema.anyOf = anyOf.filter((choice) => Object.keys(choice as JsonSchema).length > 0);
}

/** Every value that is not free text may also be written as `${NAME}`. */
function withVariables(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withVariables);
  if (typeof schema !== 'object' || schema === null) return schema;
  const walked = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, KEPT.has(key) ? value : withVariables(value)]),
  );
  if (!isNarrow(walked)) return walked;
  const { description, default: fallback, ...constraint } = walked;
  return {
    ...(description ? { description } : {}),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [constraint, VARIABLE],
  };
}

const KEPT = new Set(['default', 'enum', 'required', 'const']);

function isNarrow({ type, const: constant, enum: values, pattern, properties }: JsonSchema): boolean {
  if (properties !== undefined || constant !== undefined) return false;
  return type === 'integer' || type === 'number' || type === 'boolean' || values !== undefined || pattern !== undefined;
}
