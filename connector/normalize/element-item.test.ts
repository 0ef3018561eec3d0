import { describe, expect, it } from 'vitest';
import { elementOf } from '../../test/support/wire.ts';
import type { XmlElement } from '../device/notification-message.ts';
import { elementItemValue, setItem } from './element-item.ts';
import type { Items } from './record.ts';

const TT = 'http://www.onvif.org/ver10/schema';
const value = (xml: string) => elementItemValue(elementOf(xml));

describe('an ElementItem by Core Annex E', () => {
  it.each([
    ['an element that is empty', `<tt:A xmlns:tt="${TT}"/>`, { A: null }],
    ['one with text only', '<A>some text</A>', { A: 'some text' }],
    ['text as it stands, never a number', '<A> 007 </A>', { A: ' 007 ' }],
    ['attributes and text', '<A b="1" c="x">t</A>', { A: { '@b': '1', '@c': 'x', '#text': 't' } }],
    ['attributes alone', '<A b=""/>', { A: { '@b': '' } }],
    ['children in document order', '<A><c>1</c><b/></A>', { A: { c: '1', b: null } }],
    ['siblings that repeat', '<A><p x="1"/><q/><p x="2"/></A>', { A: { p: [{ '@x': '1' }, { '@x': '2' }], q: null } }],
    ['text beside children', '<A>\n before <b>1</b> after\n</A>', { A: { b: '1', '#text': 'before  after' } }],
    ['blanks between children', '<A>\n  <b/>\n</A>', { A: { b: null } }],
  ])('%s', (_, xml, json) => {
    expect(value(xml)).toEqual(json);
    expect(Object.keys((value(xml) as Items).A ?? {})).toEqual(Object.keys((json as unknown as Items).A ?? {}));
  });

  it('is null where the device left the element out', () => {
    expect(elementItemValue(null)).toBeNull();
  });

  it.each([
    TT,
    'http://www.onvif.org/ver20/analytics/humanface',
    'http://www.onvif.org/ver20/analytics/humanbody',
    'http://www.onvif.org/ver20/analytics/radiometry',
  ])('drops the prefix of %s', (uri) => {
    expect(value(`<x:A xmlns:x="${uri}" x:b="1"><x:C>2</x:C></x:A>`)).toEqual({ A: { '@b': '1', C: '2' } });
  });

  it('keeps the prefix of any other namespace, explained in the nearest enclosing object', () => {
    expect(value(`<tt:A xmlns:tt="${TT}"><acme:B xmlns:acme="urn:acme" acme:c="1"><tt:D/></acme:B></tt:A>`)).toEqual({
      A: {
        '@context': { acme: 'urn:acme' },
        'acme:B': { '@context': { acme: 'urn:acme' }, '@acme:c': '1', D: null },
      },
    });
    expect(value('<acme:A xmlns:acme="urn:acme">t</acme:A>')).toEqual({
      '@context': { acme: 'urn:acme' },
      'acme:A': 't',
    });
  });

  it('finds a prefix for a namespace that has none', () => {
    expect(value('<A xmlns="urn:a"><B xmlns="urn:b"/></A>')).toEqual({
      '@context': { ns: 'urn:a' },
      'ns:A': { '@context': { ns: 'urn:b' }, 'ns:B': null },
    });
  });

  it('never gives two namespaces of siblings one prefix', () => {
    expect(value('<A><B xmlns="urn:1"/><B xmlns="urn:2"/><p:B xmlns:p="urn:3"/><p:B xmlns:p="urn:4"/></A>')).toEqual({
      A: {
        '@context': { ns: 'urn:1', ns2: 'urn:2', p: 'urn:3', p2: 'urn:4' },
        ...{ 'ns:B': null, 'ns2:B': null, 'p:B': null, 'p2:B': null },
      },
    });
  });

  it('keeps an attribute called context beside the context', () => {
    expect(value('<A context="c"/>')).toEqual({ A: { '@context': 'c' } });
    expect(value('<A context="c"><x:B xmlns:x="urn:x"/><x:C xmlns:x="urn:x"/></A>')).toEqual({
      A: { '@context': [{ x: 'urn:x' }, 'c'], 'x:B': null, 'x:C': null },
    });
  });

  it('is cut at a bound', () => {
    const many = value(`<A>${'<b/>'.repeat(30_000)}</A>`) as { A: { b: unknown[] } };
    expect(many.A.b.length).toBeLessThanOrEqual(10_000);
    expect(many.A.b.length).toBeGreaterThan(9_000);
  });

  it.each(['__proto__', 'constructor', 'toString', '42'])('has a member called %s where an element is', (name) => {
    const tag = name === '42' ? 'x42' : name;
    const json = value(`<A><${tag}>1</${tag}><${tag}>2</${tag}><b ${tag}="3"/></A>`) as { A: Items };
    expect(JSON.stringify(json)).toBe(`{"A":{"${tag}":["1","2"],"b":{"@${tag}":"3"}}}`);
    expect(Object.getPrototypeOf(json.A)).toBe(Object.prototype);
  });
});

it('finds prefixes for very many namespaces, and takes no longer than there are children', () => {
  const child = (prefix: string, uri: string): XmlElement => ({
    ...{ uri, local: 'B', prefix, attributes: [], children: [], text: '' },
  });
  // The names that would be made up are taken already.
  const taken = Array.from({ length: 3_000 }, (_, at) => child(`p${at + 2}`, `urn:taken:${at}`));
  const same = Array.from({ length: 3_000 }, (_, at) => child('p', `urn:${at}`));
  const root = { ...child('', ''), local: 'A', children: [...taken, ...same, ...same] };
  const began = performance.now();
  const { A } = elementItemValue(root) as { A: Items };
  // Milliseconds when linear.
  expect(performance.now() - began).toBeLessThan(1_000);
  const uris = Object.values(A['@context'] as Items);
  expect(uris).toHaveLength(6_000);
  expect(new Set(uris).size).toBe(6_000);
});

describe('an item set twice', () => {
  it('becomes an array, whatever its name', () => {
    for (const name of ['Scope', '__proto__', 'constructor', '0']) {
      const items: Items = {};
      setItem(items, name, 'a');
      setItem(items, name, 'b');
      setItem(items, name, null);
      expect(JSON.stringify(items)).toBe(`{"${name}":["a","b",null]}`);
    }
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });
});
