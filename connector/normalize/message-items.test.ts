import { describe, expect, it } from 'vitest';
import { elementOf } from '../../test/support/wire.ts';
import { NS } from '../device/namespaces.ts';
import type { Item } from '../device/notification-message.ts';
import { inDescribedOrder, messageTyping, typedItems, valuesBeyond } from './message-items.ts';

const simple = (name: string, value: string): Item => ({ kind: 'simple', name, value });
const element = (name: string, xml: string | null): Item => ({
  ...{ kind: 'element', name, element: xml === null ? null : elementOf(xml) },
});
const describes = (...items: [string, string][]) =>
  messageTyping({
    isProperty: false,
    source: items.map(([name, local]) => ({ kind: 'simple', name, type: { uri: NS.xs, local } })),
    key: [],
    data: [],
  }).source;
const names = (items: readonly Item[]) => items.map(({ name }) => name);

describe('order of items', () => {
  const typing = describes(['VideoSource', 'string'], ['Rule', 'string'], ['VideoSource', 'int']);

  it('is that of the description; what it does not name stays behind, as it came', () => {
    const sent = [simple('Extra', '1'), simple('Rule', 'r'), simple('Other', '2'), simple('VideoSource', 'v')];
    expect(names(inDescribedOrder(sent, typing))).toEqual(['VideoSource', 'Rule', 'Extra', 'Other']);
    expect(names(sent)[0]).toBe('Extra');
  });

  it('is left alone without a description', () => {
    const sent = [simple('b', ''), simple('a', '')];
    expect(inDescribedOrder(sent, undefined)).toBe(sent);
  });
});

describe('typed items', () => {
  it('have the type of their description, repeats included, the first description of a name counts', () => {
    const typing = describes(['Count', 'int'], ['On', 'boolean'], ['Count', 'string']);
    const sent = [simple('Count', '1'), simple('On', '0'), simple('Count', 'many'), simple('Token', '007')];
    expect(typedItems(sent, typing)).toEqual({ Count: [1, 'many'], On: false, Token: '007' });
  });

  it('are elements as sent, simple type described or not', () => {
    expect(
      typedItems([element('Success', '<a>true</a>'), element('None', null)], describes(['Success', 'boolean'])),
    ).toEqual({ Success: { a: 'true' }, None: null });
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty'])('may be called %s', (name) => {
    const items = typedItems([simple(name, '1')], describes([name, 'int']));
    expect(JSON.stringify(items)).toBe(`{"${name}":1}`);
    expect(Object.getPrototypeOf(items)).toBe(Object.prototype);
  });
});

describe('texts beyond the typed items', () => {
  const beyond = (items: Item[], typing = describes()) => valuesBeyond(items, typedItems(items, typing));

  it('are none where the items tell them', () => {
    expect(beyond([simple('A', 'x'), simple('B', '')])).toBeUndefined();
    expect(beyond([simple('A', '42'), simple('B', 'true')], describes(['A', 'int'], ['B', 'boolean']))).toBeUndefined();
    expect(beyond([])).toBeUndefined();
  });

  it.each<[string, Item[], string[]]>([
    ['a number written otherwise', [simple('N', '007')], ['007']],
    ['a boolean written otherwise', [simple('B', 'TRUE')], ['TRUE']],
    ['names that look like indexes', [simple('b', 'x'), simple('1', 'y')], ['x', 'y']],
    ['a name that repeats', [simple('a', 'x'), simple('b', 'y'), simple('a', 'z')], ['x', 'y', 'z']],
    ['a name that repeats alone', [simple('a', 'x'), simple('a', 'y')], ['x', 'y']],
  ])('are given for %s', (_, items, texts) => {
    expect(beyond(items, describes(['N', 'int'], ['B', 'boolean']))).toEqual(texts);
  });

  it('leave out elements', () => {
    expect(beyond([element('E', '<x/>'), simple('N', '07')], describes(['N', 'int']))).toEqual(['07']);
  });

  it.each(['toString', 'valueOf', '__proto__'])('can be read where an element brings a member %s', (name) => {
    const items = [simple('A', 'v'), element('A', `<${name}>x</${name}>`), simple('B', 'w')];
    expect(beyond(items)).toEqual(['v', 'w']);
  });
});
