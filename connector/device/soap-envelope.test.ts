import { describe, expect, it } from 'vitest';
import { NS } from './namespaces.ts';
import type { XmlElement } from './notification-message.ts';
import { envelopeTemplate, referenceParameterBlock } from './soap-envelope.ts';
import { child, childText, parseXml, resolveInContent } from './xml-tree.ts';

const OPERATION = {
  name: 'PullMessages',
  action: 'urn:action',
  body: { 'tev:PullMessages': { 'tev:Timeout': 'PT60S', 'tev:MessageLimit': '100' } },
};
const read = (text: string) => parseXml(Buffer.from(text));
const header = (text: string) => child(read(text), 'Header');

describe('an envelope', () => {
  it('is SOAP 1.2 with the conventional prefixes that devices look for (quirk 15)', () => {
    const text = envelopeTemplate(OPERATION).render('');
    const envelope = read(text);
    expect(envelope).toMatchObject({ uri: NS.env, local: 'Envelope' });
    for (const [prefix, uri] of Object.entries({ wsa: NS.wsa, wsnt: NS.wsnt, tev: NS.tev, tt: NS.tt, tds: NS.tds })) {
      expect(text).toContain(`xmlns:${prefix}="${uri}"`);
    }
    const asked = child(child(envelope, 'Body'), 'PullMessages');
    expect(asked).toMatchObject({ uri: NS.tev, prefix: 'tev' });
    expect([childText(asked, 'Timeout'), childText(asked, 'MessageLimit')]).toEqual(['PT60S', '100']);
  });

  it('does without WS-Addressing where none is asked for', () => {
    expect(header(envelopeTemplate(OPERATION).render(''))?.children).toEqual([]);
  });

  it('carries Action, To and MessageID, and nothing that must be understood (trap 56)', () => {
    const text = envelopeTemplate(OPERATION, { to: 'http://10.0.0.5/x?a=1&b=%17:46' }).render('');
    const blocks = header(text);
    expect(blocks?.children.map(({ uri, local }) => [uri, local])).toEqual([
      [NS.wsa, 'Action'],
      [NS.wsa, 'MessageID'],
      [NS.wsa, 'To'],
    ]);
    expect(childText(blocks, 'Action')).toBe('urn:action');
    expect(childText(blocks, 'To')).toBe('http://10.0.0.5/x?a=1&b=%17:46');
    expect(text).not.toMatch(/mustUnderstand|ReplyTo/);
  });

  it('has a fresh MessageID each time, and is otherwise the same', () => {
    const template = envelopeTemplate(OPERATION, { to: 'http://192.0.2.1/x' });
    const texts = [1, 2, 3].map(() => template.render(''));
    const ids = texts.map((text) => childText(header(text), 'MessageID')!);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids)
      expect(id).toMatch(/^urn:uuid:[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(new Set(texts.map((text, at) => text.replace(ids[at]!, ''))).size).toBe(1);
  });

  it('carries the Security block it is given, with or without addressing', () => {
    const block = `<wsse:Security xmlns:wsse="${NS.wsse}">x</wsse:Security>`;
    for (const template of [envelopeTemplate(OPERATION), envelopeTemplate(OPERATION, { to: 'urn:x' })]) {
      expect(child(header(template.render(block)), 'Security')).toMatchObject({ uri: NS.wsse, text: 'x' });
      expect(child(header(template.render('')), 'Security')).toBeUndefined();
    }
  });

  it('echoes reference parameters as header blocks, one each', () => {
    const referenceParameters = ['<a xmlns="urn:a">1</a>', '<b xmlns="urn:b">2</b>'];
    const blocks = header(envelopeTemplate(OPERATION, { to: 'urn:x', referenceParameters }).render(''));
    expect(blocks?.children.map(({ uri, text }) => [uri, text]).slice(3)).toEqual([
      ['urn:a', '1'],
      ['urn:b', '2'],
    ]);
  });
});

describe('a reference parameter as a header block (WS-Addressing 1.0 SOAP binding, 3.4)', () => {
  /** The block for the first child of `parent`, read again where it has to stand on its own. */
  const block = (parent: string) => referenceParameterBlock(read(parent).children[0]!);
  const alone = (parent: string) => read(`<header>${block(parent)}</header>`).children[0]!;
  const isReferenceParameter = { uri: NS.wsa, local: 'IsReferenceParameter', value: 'true' };

  /** Names, attributes, text and children: what has to come back unchanged. */
  const meaning = ({ uri, local, attributes, children, text }: XmlElement): unknown => ({
    uri,
    local,
    text,
    attributes: attributes
      .filter((each) => each.local !== 'IsReferenceParameter')
      .map(({ uri: of, local: name, value }) => [of, name, value]),
    children: children.map(meaning),
  });

  it.each([
    ['<r><Id xmlns="urn:a">7</Id></r>', 'a default namespace'],
    ['<r xmlns:p="urn:p"><p:Id>7</p:Id></r>', 'a prefix declared above it'],
    ['<r><Id>7</Id></r>', 'no namespace'],
    ['<r xmlns:p="urn:p"><p:Id p:form="opaque" plain="1" xml:lang="en"> 7 </p:Id></r>', 'attributes and blanks'],
    ['<r xmlns:p="urn:p"><p:Id><p:a><b x="1"/>t</p:a><p:c/></p:Id></r>', 'content'],
    ['<r><Id xmlns="urn:a"><none xmlns=""/><b/></Id></r>', 'an undone default namespace'],
    ['<r><Id xmlns="urn:a">a &lt;b&gt; &amp; "c"</Id></r>', 'characters to escape'],
    [
      '<r><wsa:Id xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" wsa:k="v">7</wsa:Id></r>',
      'wsa standing for the older WS-Addressing',
    ],
    [
      '<r xmlns:wsa5="http://www.w3.org/2005/08/addressing"><wsa5:Id>7</wsa5:Id></r>',
      'WS-Addressing by another prefix',
    ],
  ])('%s keeps its meaning: %s', (parent) => {
    const again = alone(parent);
    expect(meaning(again)).toEqual(meaning(read(parent).children[0]!));
    expect(again.attributes).toContainEqual(expect.objectContaining(isReferenceParameter));
  });

  it('declares what QNames in its content stand for, as they stand there', () => {
    const again = alone(
      '<r xmlns:q="urn:outer"><p:Id xmlns:p="urn:p" kind="q:a">q:b<in xmlns:q="urn:inner" kind="q:c"/></p:Id></r>',
    );
    expect([again.text, again.attributes[0]?.value]).toEqual(['q:b', 'q:a']);
    expect(resolveInContent(again, 'q')).toBe('urn:outer');
    expect(resolveInContent(again.children[0]!, 'q')).toBe('urn:inner');
  });

  it('keeps xsi:type with its types', () => {
    const again = alone(
      '<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:vs="urn:types"><Id xmlns="urn:a" xsi:type="vs:Number">7</Id></r>',
    );
    expect(resolveInContent(again, 'vs')).toBe('urn:types');
  });

  it('is marked once, also where the device marked it', () => {
    const text = block(`<r xmlns:w="${NS.wsa}"><Id xmlns="urn:a" w:IsReferenceParameter="true">7</Id></r>`);
    expect(text.match(/IsReferenceParameter/g)).toHaveLength(1);
  });
});
