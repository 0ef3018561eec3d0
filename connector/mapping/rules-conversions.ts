import { meant } from './mapping-file.ts';
import { FAULTY, isMap, setMember } from './rules-compiler.ts';
import type { Operation } from './rules-operation.ts';
import type { Expression } from './rules-path.ts';
import { textOf } from './template.ts';

/** One value in the shape another place wants it in. */

const TIMES: Readonly<Record<string, (ms: number) => unknown>> = {
  'epoch-ms': (ms) => ms,
  'epoch-s': (ms) => ms / 1000,
  iso: (ms) => new Date(ms).toISOString(),
};

/** `{ $time: $time, as: epoch-ms }`; nothing where it is no time. */
export function time({ written, place, compiler, inner }: Operation): Expression {
  const of = inner('$time') ?? FAULTY;
  const as = String(written.as);
  const convert = Object.hasOwn(TIMES, as) ? TIMES[as] : undefined;
  if (convert === undefined) {
    const names = Object.keys(TIMES);
    compiler.fault([...place, 'as'], `'as' cannot be ${as}; ${meant(as, names) ?? `must be ${names.join(', ')}`}`);
    return FAULTY;
  }
  return (scope) => {
    const given = of(scope);
    const ms = typeof given === 'string' ? Date.parse(given) : Number.NaN;
    return Number.isNaN(ms) ? undefined : convert(ms);
  };
}

/** `{ $text: $data, booleans: ["0", "1"] }` */
export function text({ written, place, compiler, inner }: Operation): Expression {
  const of = inner('$text') ?? FAULTY;
  const { booleans = ['false', 'true'] } = written;
  if (!Array.isArray(booleans) || booleans.length !== 2)
    compiler.fault([...place, 'booleans'], "'booleans' must be two texts, for false and for true");
  const [no, yes] = (booleans as unknown[]).map(String) as [string, string];
  const asText = (value: unknown): unknown => {
    if (value === null || typeof value === 'string') return value;
    if (typeof value === 'boolean') return value ? yes : no;
    if (Array.isArray(value)) return value.map(asText);
    if (!isMap(value)) return value === undefined ? undefined : String(value);
    const made: Record<string, unknown> = {};
    for (const name of Object.keys(value)) setMember(made, name, asText(value[name]));
    return made;
  };
  return (scope) => asText(of(scope));
}

/** `{ $number: $data.Value }` */
export function number({ inner }: Operation): Expression {
  const of = inner('$number') ?? FAULTY;
  return (scope) => {
    const given = of(scope);
    if (typeof given === 'number') return given;
    const read = typeof given === 'string' && given.trim() !== '' ? Number(given) : Number.NaN;
    return Number.isFinite(read) ? read : undefined;
  };
}

/** `{ $replace: $topic, each: { "tns1:": "onvif:" } }`: in one pass, so that nothing is replaced twice. */
export function replace({ written, place, compiler, inner }: Operation): Expression {
  const of = inner('$replace') ?? FAULTY;
  const { each } = written;
  if (!isMap(each) || Object.keys(each).length === 0 || Object.keys(each).includes('')) {
    compiler.fault([...place, 'each'], "'each' must say what takes the place of which text: { from: to }");
    return FAULTY;
  }
  const longestFirst = Object.keys(each).sort((one, other) => other.length - one.length);
  const escaped = longestFirst.map((from) => from.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&'));
  const any = new RegExp(escaped.join('|'), 'g');
  return (scope) => textOf(of(scope))?.replace(any, (found) => String(each[found]));
}

/** `{ $hash: $device }`: as privacy makes it. */
export function hash({ compiler, inner }: Operation): Expression {
  const of = inner('$hash') ?? FAULTY;
  return (scope) => {
    const given = textOf(of(scope));
    return given === undefined ? undefined : compiler.hash(given);
  };
}
