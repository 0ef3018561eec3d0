import { isMap } from './rules-compiler.ts';
import { defaultsSchema, ruleSchema, type WrittenRules } from './rules-schema.ts';
import { tableSchema } from './tables.ts';

/**
 * What of a file has the right shape, so that it can be looked into while the rest has faults of its own. Places stay: a
 * rule that is left out leaves an empty one.
 */
export function soundParts(written: Readonly<Record<string, unknown>>): WrittenRules {
  const rules = Array.isArray(written.rules) ? written.rules : [];
  const defaults = defaultsSchema.safeParse(written.defaults);
  return {
    format: 'rules',
    defaults: defaults.success ? defaults.data : undefined,
    tables: soundTables(written.tables),
    let: isMap(written.let) ? { ...written.let } : undefined,
    rules: rules.map((rule: unknown, index) => {
      const read = ruleSchema.safeParse(rule);
      return read.success ? read.data : { name: `#${index + 1}`, drop: true };
    }),
  };
}

function soundTables(written: unknown): WrittenRules['tables'] {
  if (!isMap(written)) return undefined;
  return Object.fromEntries(
    Object.entries(written).map(([name, table]) => {
      const read = tableSchema.safeParse(table);
      // Its name is known even so: who looks up in it makes no mistake.
      return [name, read.success ? read.data : { rows: {} }];
    }),
  );
}
