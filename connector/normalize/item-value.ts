import { NS } from '../device/namespaces.ts';
import type { TypeName } from '../device/topic-set.ts';

/** How text becomes a JSON value. */
export type ValueKind = 'boolean' | 'integer' | 'decimal' | 'float' | 'text';

const INTEGERS = new Set([
  'integer',
  'int',
  'long',
  'short',
  'byte',
  'nonNegativeInteger',
  'positiveInteger',
  'nonPositiveInteger',
  'negativeInteger',
  'unsignedLong',
  'unsignedInt',
  'unsignedShort',
  'unsignedByte',
]);
const FLOATS = new Set(['float', 'double']);

/** Only XML Schema's own types are typed: tokens, names and vendor types stay text, digits or not (trap 65). */
export function valueKind(type: TypeName): ValueKind {
  // Devices leave xs undeclared or bind it to an older draft: the local names are unmistakable.
  if (type.uri !== NS.xs && !type.uri.endsWith('/XMLSchema') && type.uri !== '') return 'text';
  if (type.local === 'boolean') return 'boolean';
  if (INTEGERS.has(type.local)) return 'integer';
  if (type.local === 'decimal') return 'decimal';
  return FLOATS.has(type.local) ? 'float' : 'text';
}

/**
 * The text of a SimpleItem as a value of its described type. Lexical forms of XML Schema part 2 only, plus TRUE, True,
 * FALSE and False; what does not fit its type stays text, so nothing is lost by typing. INF and NaN have no JSON form;
 * integers beyond 2^53 and decimals of more than 15 digits would change: they stay text.
 */
export function typedValue(text: string, kind: ValueKind): string | number | boolean {
  switch (kind) {
    case 'boolean':
      return BOOLEANS.get(text) ?? BOOLEANS.get(text.trim()) ?? text;
    case 'integer': {
      const value = /^\s*[+-]?\d{1,16}\s*$/.test(text) ? Number(text) : Number.NaN;
      return Number.isSafeInteger(value) ? value + 0 : text;
    }
    case 'decimal':
      return DECIMAL.test(text) && text.replace(/^[^1-9]+|\D/g, '').length <= 15 ? Number(text) + 0 : text;
    case 'float': {
      const value = FLOAT.test(text) ? Number(text) : Number.NaN;
      return Number.isFinite(value) ? value + 0 : text;
    }
    case 'text':
      return text;
  }
}

// Every character can be matched in one way only: a long text that fits nearly must not cost more than a look at it.
const DECIMAL = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)\s*$/;
const FLOAT = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

/** XML Schema part 2, 3.2.2, and the capitals that devices write (quirk 39). */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['TRUE', true],
  ['True', true],
  ['false', false],
  ['0', false],
  ['FALSE', false],
  ['False', false],
]);
