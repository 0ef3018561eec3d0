import { describe, expect, it } from 'vitest';
import { messageOf, rulesOf, spooled } from '../../test/support/mapping-rig.ts';

const DATA = {
  ...{ State: 'Locked', On: true, Number: 5, Text: ' 7.5 ', Empty: '', Twice: ['a', 'b'] },
  Object: { '@x': 1, Inner: { Deep: false } },
};

/** What a value comes out as; undefined where the payload has no such member. */
function made(value: string, more = ''): unknown {
  const payload = messageOf(rulesOf(`${more}\nrules: [{ name: it, payload: { always: 1, v: ${value} } }]`), {
    data: DATA,
  });
  return (payload.value as { v?: unknown }).v;
}

const VALUES: readonly (readonly [string, unknown])[] = [
  ['text', 'text'],
  ['[]', []],
  ['{}', {}],
  ['null', null],
  ['$data.State', 'Locked'],
  ['$data.Nothing', undefined],
  ['$data.State.length', undefined],
  ['$data.Twice.1', 'b'],
  ['$data.Object', { '@x': 1, Inner: { Deep: false } }],
  ['{ a: $data.Nothing, b: { c: $data.Nothing } }', undefined],
  ['[ $data.Nothing, { x: $data.Nothing }, 1 ]', [1]],
  ['{ $const: "$data.State" }', '$data.State'],
  ['{ $const: { $x: 1 } }', { $x: 1 }],
  ['{ $omit: true }', undefined],
  ['{ $path: data.Nothing, otherwise: none }', 'none'],
  ['{ $template: "Door {source.DoorToken} is {data.State}" }', 'Door D-4 is Locked'],
  ['{ $template: "{{{data.State}}} {data.Twice} {data.Nothing:-?}" }', '{Locked} a,b ?'],
  ['{ $template: "{data.Nothing}" }', undefined],
  ['{ $template: "{data.Object}" }', undefined],
  ['{ $first: [ $data.Nothing, { $template: "{data.No}" }, $data.State, x ] }', 'Locked'],
  ['{ $values: { Locked: { n: 1 }, "true": 2 }, of: $data.State }', { n: 1 }],
  ['{ $values: { "true": 2 }, of: $data.On }', 2],
  ['{ $values: { x: 2 }, of: $data.State }', undefined],
  ['{ $values: { x: 2 }, of: $data.Nothing, otherwise: $data.Number }', 5],
  ['{ $values: { x: 2 }, of: constructor }', undefined],
  ['{ $when: { data.State: Locked }, then: $data.Number, else: no }', 5],
  ['{ $when: { data.State: Open }, then: 1, else: $data.On }', true],
  ['{ $when: { data.State: Open }, then: 1 }', undefined],
  ['{ $time: $time, as: epoch-ms }', Date.parse('2026-05-06T07:08:09Z')],
  ['{ $time: $receivedAt, as: epoch-s }', Date.parse('2026-05-06T07:08:10Z') / 1000],
  ['{ $time: $utcTime, as: iso }', '2026-05-06T07:08:09.000Z'],
  ['{ $time: $data.State, as: iso }', undefined],
  ['{ $number: $data.Text }', 7.5],
  ['{ $number: $data.Number }', 5],
  ['{ $number: $data.Empty }', undefined],
  ['{ $number: $data.State }', undefined],
  ['{ $text: $data.Object, booleans: ["0", "1"] }', { '@x': '1', Inner: { Deep: '0' } }],
  ['{ $text: $data.On }', 'true'],
  ['{ $replace: $topic, each: { "tns1:": "onvif:", "/": "-" } }', 'onvif:Door-State-LockPhysicalState'],
  ['{ $replace: $data.State, each: { "Lock": "Un", "Locked": "Unlocked", ".": "!" } }', 'Unlocked'],
  ['{ $merge: [ $source, { a: 1 }, $data.Nothing, { a: 2 } ] }', { DoorToken: 'D-4', a: 2 }],
  ['{ $merge: [ $data.State ] }', undefined],
  ['{ $hash: $data.State }', expect.stringMatching(/^hmac:[0-9a-f]{32}$/)],
  ['{ $jsonata: "data.Number * 2" }', 10],
  ['{ $jsonata: "nothing" }', undefined],
  ['$local', 'Door/State/LockPhysicalState'],
  [
    '[ $name, $site, $base, $type, $subject ]',
    ['Gate', 'plant 7', 'onvif', 'org.onvif.Door.State.LockPhysicalState', 'DoorToken/D-4'],
  ],
  ['[ $sourceText, $sourcePath, $keyText ]', ['D-4', 'DoorToken/D-4']],
  ['$record.data.State', 'Locked'],
];

describe('a value', () => {
  it.each(VALUES)('%s is %j', (value, expected) => {
    expect(made(value)).toEqual(expected);
  });

  it('may come from a let, which may use those before it', () => {
    const lets = 'let: { a: $data.Number, b: { x: $let.a } }';
    expect(made('[ $let.a, $let.b.x ]', lets)).toEqual([5, 5]);
    const own = rulesOf(
      `${lets}\nrules: [{ name: it, let: { a: own, c: { $jsonata: "let.a & let.b.x" } }, payload: [ $let.a, $let.b.x, $let.c ] }]`,
    );
    expect(messageOf(own, { data: DATA }).value).toEqual(['own', 5, 'own5']);
  });

  it('of one record is not that of the next', () => {
    const mapping = rulesOf('let: { a: $data.State }\nrules: [{ name: it, payload: $let.a }]');
    expect(['x', 'y'].map((State) => messageOf(mapping, { data: { State } }).value)).toEqual(['x', 'y']);
  });

  it('takes names from devices as they are, whatever they are', () => {
    const data = JSON.parse('{"__proto__":{"x":1},"constructor":2}');
    const mapping = rulesOf('rules: [{ name: it, payload: { $merge: [ { $text: $data }, $source ] } }]');
    expect(mapping.map(spooled({ data }))[0]!.payload).toBe(
      '{"__proto__":{"x":"1"},"constructor":"2","DoorToken":"D-4"}',
    );
  });
});

describe('a topic', () => {
  const topic = (template: string, record = {}) =>
    messageOf(rulesOf(`rules: [{ name: it, topic: ${template} }]`), record).topic;
  const nasty = { source: { DoorToken: 'a/b#c+d\u0000', '2': '' } };

  it.each([
    ['"x/{source.DoorToken}/y"', 'x/abcd/y'],
    ['"x/{source.DoorToken|path}"', 'x/a/bcd'],
    ['"x/{source.DoorToken|percent}"', 'x/a%2Fbcd'],
    ['"x/{source.2}/y"', 'x//y'],
    ['"{local}"', 'Door/State/LockPhysicalState'],
    ['"x/{sourcePath}"', 'x/2//DoorToken/abcd'],
    ['["a/{data.Nothing}", "b/{name}"]', 'b/Gate'],
    ['"a/{data.Nothing:-none}"', 'a/none'],
    ['"{{x}}"', '{x}'],
  ])('%s is %s', (template, expected) => {
    expect(topic(template, nasty)).toBe(expected);
  });

  it('never begins with what belongs to the broker', () => {
    expect(topic('"{data.A}/x"', { data: { A: '$SYS' } })).toBe('SYS/x');
  });

  it('cannot be empty', () => {
    expect(() => topic('"{data.A}"', { data: { A: '#' } })).toThrow(/the topic cannot be made/);
  });
});
