import { meant } from './mapping-file.ts';
import { FAULTY } from './rules-compiler.ts';
import { type Operation, orElse } from './rules-operation.ts';
import { type Expression, member } from './rules-path.ts';
import { textOf } from './template.ts';

/** `{ $lookup: doors, key: $source.DoorToken, field: name, otherwise: … }` */
export function lookup({ written, place, compiler, inner }: Operation): Expression {
  const name = String(written.$lookup);
  const key = inner('key') ?? FAULTY;
  const otherwise = inner('otherwise');
  const table = compiler.tables.get(name);
  if (table === undefined) {
    const names = [...compiler.tables.keys()];
    const hint = meant(name, names) ?? (names.length > 0 ? `known are ${names.join(', ')}` : 'the file has no tables');
    compiler.fault([...place, '$lookup'], `there is no table '${name}'; ${hint}`);
    return FAULTY;
  }
  // Its faults are told where it is written.
  if (table === null) return FAULTY;
  const { field } = written;
  if (field !== undefined && table.fields !== undefined && !table.fields.has(String(field))) {
    const hint = meant(String(field), table.fields) ?? `it has ${[...table.fields].join(', ')}`;
    compiler.fault([...place, 'field'], `table '${name}' has no column '${String(field)}'; ${hint}`);
    return FAULTY;
  }
  const row: Expression = (scope) => {
    const wanted = textOf(key(scope));
    if (wanted === undefined) return undefined;
    return scope.isLabel ? table.publicRow(wanted) : table.row(wanted);
  };
  return orElse(field === undefined ? row : (scope) => member(row(scope), String(field)), otherwise);
}
