import { describe, expect, it } from 'vitest';
import { messageOf, rulesFaults, rulesOf } from '../../test/support/mapping-rig.ts';
import { jsonataRoom } from './rules-jsonata.ts';

function evaluated(expression: string, input: unknown = {}): unknown {
  const compiled = jsonataRoom().compile(expression);
  if (typeof compiled !== 'function') throw new Error(compiled.fault);
  const text = compiled(JSON.stringify(input));
  return text === undefined ? undefined : JSON.parse(text);
}

describe('a JSONata expression', () => {
  it('is done when the call returns', () => {
    expect(evaluated('$sum(a) & "x"', { a: [1, 2] })).toBe('3x');
    expect(evaluated('$map(a, function($v) { $v * 2 })', { a: [1, 2] })).toEqual([2, 4]);
    expect(evaluated('a[x > 1]^(>x).x', { a: [{ x: 1 }, { x: 2 }, { x: 3 }] })).toEqual([3, 2]);
    expect(evaluated('nothing')).toBeUndefined();
    expect(evaluated('function($x) { $x }')).toBeUndefined();
    expect(evaluated('{ "a": $sum, "b": 1 }')).toEqual({ b: 1 });
  });

  it('shares a room without meeting the others', () => {
    const { compile } = jsonataRoom();
    const [one, other] = ['($x := 1; $x)', '$x'].map((text) => compile(text) as (input: string) => string | undefined);
    expect([one!('{}'), other!('{}'), one!('{}')]).toEqual(['1', undefined, '1']);
  });

  it.each([
    ['for ever', '($f := function($n) { $f($n + 1) }; $f(1))'],
    ['in a regular expression', '$match(x, /^(a+)+$/)'],
    ['without end', '($f := function($n) { $f($n + 1) + 1 }; $f(1))'],
  ])('that runs %s is stopped, and the next one works', (_, expression) => {
    const { compile } = jsonataRoom();
    const bad = compile(expression) as (input: string) => string;
    const good = compile('x') as (input: string) => string;
    expect(() => bad(JSON.stringify({ x: `${'a'.repeat(40)}b` }))).toThrow(/takes more than 400 ms|[Ss]tack|depth/);
    expect(good('{"x":1}')).toBe('1');
  });

  it('cannot reach out of its room', () => {
    expect(evaluated('$constructor.constructor("return process")()')).toBeUndefined();
    expect(evaluated('data.constructor', { data: {} })).toBeUndefined();
    expect(evaluated('process')).toBeUndefined();
    expect(evaluated('__proto__.polluted')).toBeUndefined();
  });

  it('fails with words of its own', () => {
    expect(() => evaluated('$number("x")')).toThrow(/Unable to cast/);
    expect(() => evaluated('[1..10000000]')).toThrow(/sequence|size/i);
    // Several at once: what nobody waits for must not end the process.
    for (const both of [
      '[$number("x"), $number("y")]',
      '{ "a": $number("x"), "b": $number("y") }',
      'a{ $string(x): $number(y) }',
    ])
      expect(() =>
        evaluated(both, {
          a: [
            { x: 1, y: 'u' },
            { x: 2, y: 'v' },
          ],
        }),
      ).toThrow(/Unable to cast/);
  });

  it('sees the record, what is beside it, and values of let', () => {
    const expression = 'device & name & local & data.State & let.x & source.DoorToken';
    const mapping = rulesOf(`let: { x: "-" }\nrules: [{ name: it, payload: { $jsonata: '${expression}' } }]`);
    expect(messageOf(mapping).value).toBe('gateGateDoor/State/LockPhysicalStateLocked-D-4');
  });

  it.each([
    ['$now()', 'cannot use $now: the same record must always give the same message'],
    ['$random() > 1', 'cannot use $random'],
    ['$sum(', 'Expected ")" before end of expression (at character 5)'],
  ])('%s is a fault of the mapping', (expression, fault) => {
    expect(rulesFaults(`rules:\n  - name: it\n    payload: { $jsonata: "${expression}" }`)).toEqual([
      expect.stringContaining(`mine.yaml:5: rule 'it': the JSONata expression ${fault}`),
    ]);
  });
});
