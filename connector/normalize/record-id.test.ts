import { describe, expect, it } from 'vitest';
import { elementOf } from '../../test/support/wire.ts';
import type { Item, MessageContent } from '../device/notification-message.ts';
import { itemsText, occurrenceText, propertyText, recordId } from './record-id.ts';

const simple = (name: string, value: string): Item => ({ kind: 'simple', name, value });
const element = (name: string, xml: string): Item => ({
  ...{ kind: 'element', name, element: elementOf(xml) },
});
const message = (content: Partial<MessageContent> = {}): MessageContent => ({
  ...{ utcTime: '2026-01-01T00:00:00Z', propertyOperation: 'Changed', source: [], key: [], data: [] },
  ...content,
});
const id = (content: Partial<MessageContent> = {}, topic = '{t}A', device = 'd') =>
  recordId(occurrenceText(device, topic, message(content)), 0);

describe('the id of an occurrence', () => {
  it('does not change with the order of items, prefixes, the order of attributes, or blanks between elements', () => {
    const one = [simple('a', '1'), simple('b', '2'), element('e', '<x:p xmlns:x="urn:x" k="1" l="2"><x:q/></x:p>')];
    const other = [element('e', '<p xmlns="urn:x" l="2" k="1">\n <q/>\n</p>'), simple('b', '2'), simple('a', '1')];
    expect(id({ data: one })).toBe(id({ data: other }));
  });

  it('does not tell a group that is empty from one that is missing', () => {
    expect(id({ source: null, data: [] })).toBe(id({ source: [], data: null }));
  });

  it('differs with everything that the device said', () => {
    const items = [simple('a', '1')];
    const variants = [
      id(),
      id({}, '{t}B'),
      id({}, '{t}A', 'e'),
      id({ utcTime: '2026-01-01T00:00:01Z' }),
      id({ utcTime: null }),
      id({ utcTime: '' }),
      id({ propertyOperation: 'Initialized' }),
      id({ propertyOperation: null }),
      id({ source: items }),
      id({ key: items }),
      id({ data: items }),
      id({ data: [simple('a', '2')] }),
      id({ data: [simple('A', '1')] }),
      id({ data: [...items, ...items] }),
      id({ data: [simple('a', '1 ')] }),
      id({ data: [element('a', '<x/>')] }),
      id({ data: [element('a', '<x y="1"/>')] }),
      id({ data: [element('a', '<x>1</x>')] }),
      id({ data: [element('a', '<x><b/><c/></x>')] }),
      id({ data: [element('a', '<x><c/><b/></x>')] }),
      id({ data: [{ kind: 'element', name: 'a', element: null }] }),
      id({ data: [simple('a', '')] }),
      id({ data: [simple('a', 'null')] }),
    ];
    expect(new Set(variants).size).toBe(variants.length);
    for (const each of variants) expect(each).toMatch(/^[0-9a-f]{32}$/);
  });

  it('differs between equal ones of a batch, by their number alone', () => {
    const occurrence = occurrenceText('d', '{t}A', message());
    expect(new Set([0, 1, 2, 11].map((ordinal) => recordId(occurrence, ordinal))).size).toBe(4);
    expect(recordId(occurrence, 1)).toBe(recordId(occurrence, 1));
  });
});

/** Pairs that differ, and would read the same were they only put side by side. */
const tricks: [string, Item[], Item[]][] = [
  ['a name that ends like a value', [simple('a=1', '2')], [simple('a', '1=2')]],
  ['an item inside a value', [simple('a', '1;1:b=1:2')], [simple('a', '1'), simple('b', '2')]],
  ['lengths that run together', [simple('a', '11:b')], [simple('a1', '1:b')]],
  ['an element as text', [simple('a', '["","x",[],"",[]]')], [element('a', '<x/>')]],
  ['a child as text', [element('a', '<x>&lt;y&gt;</x>')], [element('a', '<x><y/></x>')]],
  ['an attribute as text', [element('a', '<x b="1">2</x>')], [element('a', '<x>b12</x>')]],
  ['two attributes as one', [element('a', '<x b="1" c="2"/>')], [element('a', `<x b='1","c","2'/>`)]],
];

describe('texts of items', () => {
  it.each(tricks)('are not the same for %s', (_, one, other) => {
    expect(itemsText(one)).not.toBe(itemsText(other));
    const asData = (data: Item[]) => id({ data });
    expect(asData(one)).not.toBe(asData(other));
  });

  it('are not the same for groups, topics and times that run into each other', () => {
    const items = [simple('a', '1')];
    expect(id({ source: items, key: [] })).not.toBe(id({ source: [], key: items }));
    expect(id({ utcTime: 'y' }, 'A\nx')).not.toBe(id({ utcTime: 'x\ny' }, 'A'));
    expect(id({ utcTime: 'a', propertyOperation: 'bc' })).not.toBe(id({ utcTime: 'ab', propertyOperation: 'c' }));
    expect(id({}, 'bc', 'a')).not.toBe(id({}, 'c', 'ab'));
    const one = propertyText('A\n1:a=9:q', message({ source: [simple('b', 'c')] }));
    expect(one).not.toBe(propertyText('A', message({ source: [simple('a', 'q\n1:b=1:c')] })));
  });
});
