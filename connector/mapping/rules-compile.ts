import type { FormatContext } from './mapping-format.ts';
import type { Compiler, Place } from './rules-compiler.ts';
import { jsonataRoom } from './rules-jsonata.ts';
import { compileMatch, type Match } from './rules-match.ts';
import { compileMessage, type MakeMessage } from './rules-message.ts';
import { type Expression, onceAScope } from './rules-path.ts';
import type { WrittenMessage, WrittenRule, WrittenRules } from './rules-schema.ts';
import { value } from './rules-value.ts';
import { readTable, type Table } from './tables.ts';

export interface Rule {
  readonly name: string;
  /** `file:line` */
  readonly where: string;
  readonly match: Match;
  readonly emit: readonly MakeMessage[];
  /** The rules after it are asked too. */
  readonly goesOn: boolean;
}

export interface CompiledRules {
  readonly rules: readonly Rule[];
  /** How many `let` values there are. */
  readonly lets: number;
  readonly usesIdentity: boolean;
  readonly personalTables: boolean;
  /** Each with its place; the rest is of no use where there are any. */
  readonly faults: readonly string[];
}

const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** Compiles a file of rules whose shape is sound. */
export function compileRules(written: WrittenRules, context: FormatContext): CompiledRules {
  const faults = new Map<string, string>();
  const fault = (place: Place, message: string, rule?: string) => {
    const text = context.located(place, rule === undefined ? message : `rule '${rule}': ${message}`);
    // What is wrong with the defaults is wrong with them once, however many rules have them.
    const isShared = place[0] !== 'rules' && !message.includes('no let ');
    const mark = isShared ? `${place.join('.')} ${message}` : text;
    if (!faults.has(mark)) faults.set(mark, text);
  };
  const tables = compileTables(written, context, fault);
  const slots = { used: 0 };
  const common = { tables, jsonata: jsonataRoom(), hash: context.hash, needs: { identity: false } };
  const shared = new Map<string, Expression>();
  compileLets(written.let, ['let'], { ...common, fault, lets: shared }, shared, slots);
  const names = new Set<string>();
  const rules = written.rules.map((rule, index): Rule => {
    const place = ['rules', index];
    if (names.has(rule.name)) fault([...place, 'name'], `there is a rule '${rule.name}' before this one`);
    names.add(rule.name);
    const lets = new Map(shared);
    const own: Compiler = { ...common, lets, fault: (at, message) => fault(at, message, rule.name) };
    compileLets(rule.let, [...place, 'let'], own, lets, slots);
    return {
      name: rule.name,
      where: context.located(place, '').replace(/: $/, ''),
      match: compileMatch(rule.match, [...place, 'match'], own),
      emit: compileEmit(rule, place, written, context, own),
      goesOn: rule.continue ?? false,
    };
  });
  const personalTables = [...tables.values()].some((table) => table?.isPersonal === true);
  return { rules, lets: slots.used, usesIdentity: common.needs.identity, personalTables, faults: [...faults.values()] };
}

type Fault = (place: Place, message: string) => void;

function compileTables(
  { tables = {} }: WrittenRules,
  context: FormatContext,
  fault: Fault,
): ReadonlyMap<string, Table | null> {
  return new Map(
    Object.entries(tables).map(([name, written]) => {
      const table = readTable(written, context.file, context.hash);
      if (!('fault' in table)) return [name, table];
      fault(['tables', name, ...(table.member === '' ? [] : [table.member])], `table '${name}': ${table.fault}`);
      return [name, null];
    }),
  );
}

/** Adds to `lets`, which the compiler reads from: each may use those before it. */
function compileLets(
  written: Readonly<Record<string, unknown>> = {},
  place: Place,
  compiler: Compiler,
  lets: Map<string, Expression>,
  slots: { used: number },
): void {
  for (const [name, of] of Object.entries(written)) {
    if (!NAME.test(name)) compiler.fault([...place, name], `'${name}' cannot be a name: letters, digits, _ and -`);
    const made = value(of, [...place, name], compiler);
    lets.set(name, onceAScope(slots.used++, made));
  }
}

const MESSAGE_MEMBERS = ['topic', 'key', 'payload', 'contentType', 'retain', 'attributes', 'extensions'] as const;

function compileEmit(
  rule: WrittenRule,
  place: Place,
  { defaults = {} }: WrittenRules,
  context: FormatContext,
  compiler: Compiler,
): MakeMessage[] {
  const own = MESSAGE_MEMBERS.filter((member) => rule[member] !== undefined);
  const compile = (written: WrittenMessage, at: Place) => compileMessage(written, at, defaults, context.name, compiler);
  if (rule.drop === true) {
    const extra = [
      ...own,
      ...(rule.emit === undefined ? [] : ['emit']),
      ...(rule.continue === true ? ['continue'] : []),
    ];
    for (const member of extra) compiler.fault([...place, member], `'${member}' makes no sense with drop: true`);
    return [];
  }
  if (rule.emit === undefined) return [compile(messageOf(rule), place)];
  for (const member of own)
    compiler.fault([...place, member], `'${member}' stands beside emit: write it into its messages, or into defaults`);
  return rule.emit.map((written, index) => compile(written, [...place, 'emit', index]));
}

function messageOf({ topic, key, payload, contentType, retain, attributes, extensions }: WrittenRule): WrittenMessage {
  return { topic, key, payload, contentType, retain, attributes, extensions };
}
