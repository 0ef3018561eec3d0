import { describe, expect, it } from 'vitest';
import { QuarantineError } from '../errors.ts';
import { NS } from './namespaces.ts';
import { attribute, child, childrenNamed, childText, MAX_DEPTH, parseXml, resolveInContent } from './xml-tree.ts';

const parse = (text: string) => parseXml(Buffer.from(text));
const refusal = (code: string) => expect.objectContaining({ name: QuarantineError.name, code });

describe('names', () => {
  it('resolves prefixes, default namespaces and their ends', () => {
    const root = parse(
      '<a xmlns="urn:1" xmlns:p="urn:2"><p:b/><c xmlns=""/><d xmlns="urn:3" xmlns:p="urn:4"><p:e/></d></a>',
    );
    expect(root).toMatchObject({ uri: 'urn:1', local: 'a', prefix: '' });
    expect(root.children.map(({ uri, prefix, local }) => [uri, prefix, local])).toEqual([
      ['urn:2', 'p', 'b'],
      ['', '', 'c'],
      ['urn:3', '', 'd'],
    ]);
    expect(root.children[2]!.children[0]).toMatchObject({ uri: 'urn:4', local: 'e' });
  });

  it('puts unprefixed attributes in no namespace and leaves declarations out', () => {
    const root = parse('<a xmlns="urn:1" xmlns:p="urn:2" b="1" p:c="2" xml:lang="en"/>');
    expect(root.attributes).toEqual([
      { uri: '', local: 'b', prefix: '', value: '1' },
      { uri: 'urn:2', local: 'c', prefix: 'p', value: '2' },
      { uri: 'http://www.w3.org/XML/1998/namespace', local: 'lang', prefix: 'xml', value: 'en' },
    ]);
  });

  it('knows well-known prefixes that a device forgot to declare (quirk 11)', () => {
    const root = parse('<SOAP-ENV:Envelope><tad:Capabilities/><wsnt:CurrentTime/><acme:X/></SOAP-ENV:Envelope>');
    expect(root.uri).toBe(NS.env);
    expect(root.children.map(({ uri }) => uri)).toEqual([
      'http://www.onvif.org/ver10/analyticsdevice/wsdl',
      NS.wsnt,
      '',
    ]);
  });

  it('believes a declaration more than a convention', () => {
    expect(parse('<tt:a xmlns:tt="urn:mine"/>').uri).toBe('urn:mine');
  });

  it('resolves QNames in content where they stand', () => {
    const root = parse('<a xmlns:p="urn:outer"><b xmlns:p="urn:inner"/></a>');
    expect(resolveInContent(root, 'p')).toBe('urn:outer');
    expect(resolveInContent(root.children[0]!, 'p')).toBe('urn:inner');
    expect(resolveInContent(root, 'xs')).toBe(NS.xs);
    expect(resolveInContent(root, 'acme')).toBe('');
  });
});

describe('text', () => {
  it('keeps blanks, joins what comments and CDATA part', () => {
    expect(parse('<a> x <!-- y --><![CDATA[<z>]]> </a>').text).toBe(' x <z> ');
  });

  it('resolves character references and the five predefined entities, in text and in attributes', () => {
    const root = parse('<a b="&lt;&gt;&amp;&quot;&apos;">&#65;&#x42;&#x1F600; &amp;lt;</a>');
    expect(attribute(root, 'b')).toBe('<>&"\'');
    expect(root.text).toBe('AB\u{1F600} &lt;');
  });

  it('resolves no other entity', () => {
    expect(parse('<a>&nbsp;&eacute;&copy;</a>').text).toBe('&nbsp;&eacute;&copy;');
  });

  it('survives references to characters that are none', () => {
    expect(parse('<a>&#x110000;&#xFFFFFF;</a>').text).toBe('\ufffd\ufffd');
  });

  it('takes what looks like a reference in a CDATA section as it stands', () => {
    expect(parse('<a><![CDATA[&lt;&#65;]]></a>').text).toBe('&lt;&#65;');
  });

  it('keeps numbers and booleans as they were written', () => {
    const root = parse('<a b="007"><c>1e3</c><d>true</d><e>0x1F</e></a>');
    expect([attribute(root, 'b'), ...root.children.map(({ text }) => text)]).toEqual(['007', '1e3', 'true', '0x1F']);
  });
});

describe('what is refused', () => {
  it.each([
    ['', 'nothing at all'],
    ['no markup', 'plain text'],
    ['<a><b></a></b>', 'crossed tags'],
    ['<a><b>', 'a broken-off document'],
    ['<a b=1/>', 'an unquoted attribute'],
    ['<a b="1" b="2"/>', 'an attribute given twice'],
    ['<?xml version="1.0"?>', 'a declaration alone'],
  ])('%j: %s', (text) => {
    expect(() => parse(text)).toThrow(refusal('xml-malformed'));
  });

  it('a document type declaration, with or without entities', () => {
    const laughs = '<!DOCTYPE a [<!ENTITY l "ha"><!ENTITY m "&l;&l;&l;&l;">]><a>&m;</a>';
    expect(() => parse(laughs)).toThrow(refusal('xml-doctype'));
    expect(() => parse(`<!-- <a> -->${laughs}`)).toThrow(refusal('xml-doctype'));
  });

  it('deeper nesting than any message has', () => {
    const nested = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth);
    expect(parse(nested(MAX_DEPTH)).local).toBe('a');
    expect(() => parse(nested(MAX_DEPTH + 2))).toThrow(refusal('xml-malformed'));
    expect(() => parse(nested(200_000))).toThrow(refusal('xml-malformed'));
  });

  it.each(['__proto__', 'constructor', 'prototype'])('an element or attribute named %s', (name) => {
    expect(() => parse(`<a><${name}><polluted>1</polluted></${name}></a>`)).toThrow(refusal('xml-malformed'));
    expect(() => parse(`<a ${name}="polluted"/>`)).toThrow(refusal('xml-malformed'));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('looking into a tree', () => {
  const root = parse('<a xmlns:p="urn:p"><p:b> 1 </p:b><b>2</b><c p:d="3" d="4"/></a>');

  it('finds children by local name, whatever their namespace', () => {
    expect(child(root, 'b')?.uri).toBe('urn:p');
    expect(childrenNamed(root, 'b').map(({ text }) => text)).toEqual([' 1 ', '2']);
    expect(child(root, 'x')).toBeUndefined();
    expect(childrenNamed(undefined, 'b')).toEqual([]);
  });

  it('trims the text of a child', () => {
    expect(childText(root, 'b')).toBe('1');
    expect(childText(root, 'c')).toBe('');
    expect(childText(root, 'x')).toBeUndefined();
  });
});
