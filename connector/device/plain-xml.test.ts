import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { plainXmlReader } from './plain-xml.ts';
import { localName } from './qname.ts';
import { type XmlEvents, xmlTag } from './xml-events.ts';
import { xmlName } from './xml-name.ts';

type Event = readonly [kind: 'open' | 'close' | 'text', name: string, attributes?: readonly string[]];

/** What a document is to somebody who wants all of it; neighbouring texts are one. */
function listener() {
  const events: Event[] = [];
  const all: XmlEvents = {
    wantsText: true,
    open: ({ name, attributes }) => void events.push(['open', name, attributes]),
    close: (name) => void events.push(['close', name]),
    text(text) {
      const last = events.at(-1);
      if (last?.[0] === 'text') events[events.length - 1] = ['text', last[1] + text];
      else events.push(['text', text]);
    },
  };
  return { events, all };
}

/** The events, or null where the scanner gives up. */
function plainly(text: string): Event[] | null {
  const { events, all } = listener();
  return plainXmlReader()(text, 0, [], all) ? events : null;
}

/** What the general parser makes of it; null where it finds fault. */
function generally(text: string): Event[] | null {
  const { events, all } = listener();
  const parser = new SaxesParser({ xmlns: false });
  let depth = 0;
  parser.on('opentag', (tag) => {
    depth++;
    all.open(xmlTag(tag.name, Object.entries(tag.attributes).flat()));
  });
  parser.on('closetag', (tag) => {
    depth--;
    all.close(localName(tag.name));
  });
  // Blanks before and after the root are nobody's text.
  parser.on('text', (part) => {
    if (depth > 0) all.text(part);
  });
  try {
    parser.write(text).close();
    return events;
  } catch {
    return null;
  }
}

const PLAIN = [
  '<a/>',
  '<a></a>',
  ' \n<a>\n</a>\n\t',
  '<a b="c"/>',
  `<a b='"' c="'" d=">"/>`,
  '<p:a xmlns:p="urn:x" p:b="1"><p:c/>text<d>more</d></p:a>',
  '<a b=" kept  as it is "> and here </a>',
  '<a b="a\tb\nc"/>',
  '<a>&lt;&gt;&amp;&quot;&apos;&#65;&#233;&#8364;</a>',
  '<a b="&lt;&#38;lt;"/>',
  '<a toString="x" constructor="y"/>',
  '<ä ö="ü">ß</ä>',
  '<a><b/><b/><c x="1" y="2"></c></a>',
  '<a x="1"\n   y="2"\n/>',
  '<a>]]</a>',
] as const;

const NOT_PLAIN = [
  ['', 'nothing'],
  ['text', 'no element'],
  ['<a>', 'no end'],
  ['<a></b>', 'another end'],
  ['</a>', 'an end without a beginning'],
  ['<a/><b/>', 'two roots'],
  ['<a/>text', 'text behind the root'],
  ['text<a/>', 'text before the root'],
  ['<a b></a>', 'an attribute without a value'],
  ['<a b=c/>', 'an attribute without quotes'],
  ['<a b="1"c="2"/>', 'attributes without a blank between'],
  ['<a b="1" b="2"/>', 'an attribute twice'],
  ['<a b="<"/>', 'a less-than sign in an attribute'],
  ['<a b="1', 'a broken end in an attribute'],
  ['<a', 'a broken end in a tag'],
  ['<', 'a broken end behind the sign'],
  ['<1a/>', 'a name that is none'],
  ['<a:b:c/>', 'a name with two colons'],
  ['<a><!-- --></a>', 'a comment'],
  ['<a><![CDATA[x]]></a>', 'a CDATA section'],
  ['<a><?x?></a>', 'an instruction'],
  ['<!DOCTYPE a><a/>', 'a document type'],
  ['<a>&other;</a>', 'another entity'],
  ['<a>& b</a>', 'a bare ampersand'],
  ['<a>&#0;</a>', 'a forbidden character reference'],
  ['<a>&#x41;</a>', 'a hexadecimal reference'],
  ['<a>\r\n</a>', 'a carriage return'],
  ['<a / >', 'a blank in the end of a tag'],
  ['<a></a >', 'a blank in an end tag'],
  ['<a b = "c"/>', 'blanks around an equals sign'],
] as const;

describe('plain XML', () => {
  it.each(PLAIN)('%j is read as the general parser reads it', (text) => {
    expect(plainly(text)).not.toBeNull();
    expect(plainly(text)).toEqual(generally(text));
  });

  it.each(NOT_PLAIN)('%j is left to the general parser: %s', (text) => {
    expect(plainly(text)).toBeNull();
  });

  it('cut anywhere is never taken for whole', () => {
    const whole = '<e:E xmlns:e="u"><e:B a="1" b="&lt;">text &amp; more<c/></e:B></e:E>';
    for (let length = 0; length < whole.length; length++) expect(plainly(whole.slice(0, length))).toBeNull();
    expect(plainly(whole)).toEqual(generally(whole));
  });

  it('damaged by any one character is read as the general parser reads it, or not at all', () => {
    const whole = '<e:E xmlns:e="u"><e:B a="1" b="&lt;">x &amp; y<c/></e:B></e:E>';
    for (let at = 0; at < whole.length; at++) {
      for (const character of '<>/&;="\' :a\u0001') {
        const damaged = whole.slice(0, at) + character + whole.slice(at + 1);
        const read = plainly(damaged);
        if (read === null) continue;
        // Control characters are the one thing it lets pass that the general parser names, harmlessly.
        if (!damaged.includes('\u0001')) expect([damaged, read]).toEqual([damaged, generally(damaged)]);
      }
    }
  });

  it('goes on inside elements that are open already', () => {
    const { events, all } = listener();
    expect(plainXmlReader()('<a>skipped<b/></a>', 10, [xmlName('a')], all)).toBe(true);
    expect(events).toEqual([
      ['open', 'b', []],
      ['close', 'b'],
      ['close', 'a'],
    ]);
  });

  it('does not cut out text that nobody wants', () => {
    const texts: string[] = [];
    const deaf = { wantsText: false, open() {}, close() {}, text: (text: string) => void texts.push(text) };
    expect(plainXmlReader()('<a>one<b>two</b></a>', 0, [], deaf)).toBe(true);
    expect(texts).toEqual([]);
  });
});
