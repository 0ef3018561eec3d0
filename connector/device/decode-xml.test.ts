import { describe, expect, it } from 'vitest';
import { QuarantineError } from '../errors.ts';
import { decodeXml } from './decode-xml.ts';

const decoded = (text: string) => decodeXml(Buffer.from(text));

describe('bytes of an answer as text', () => {
  it('reads UTF-8', () => {
    expect(decoded('<a>Tür 門</a>')).toBe('<a>Tür 門</a>');
  });

  it('puts U+FFFD for bytes that are not UTF-8 and keeps the rest', () => {
    const latin1 = Buffer.concat([Buffer.from('<a b="T'), Buffer.from([0xfc]), Buffer.from('r"/>')]);
    expect(decodeXml(latin1)).toBe('<a b="T\ufffdr"/>');
  });

  it('drops a byte order mark and blanks before the declaration', () => {
    expect(decoded('\ufeff<a/>')).toBe('<a/>');
    expect(decoded('\r\n <?xml version="1.0"?><a/>')).toBe('<?xml version="1.0"?><a/>');
  });

  it.each([
    ['after the declaration', '<?xml version="1.0"?>\n<!DOCTYPE a><a/>'],
    ['after a comment that holds a tag', '<!-- <a> --><!DOCTYPE a><a/>'],
    ['after an instruction that holds a tag', '<?x <a ?> <!DOCTYPE a><a/>'],
    ['after a byte order mark', '\ufeff<!DOCTYPE a><a/>'],
    ['in small letters, as web pages have it', '<!doctype html><html></html>'],
  ])('refuses a document type declaration %s', (_, text) => {
    expect(() => decoded(text)).toThrow(expect.objectContaining({ code: 'xml-doctype' }));
    expect(() => decoded(text)).toThrow(QuarantineError);
  });

  it('takes a text that only talks about document types', () => {
    const text = '<!-- <!DOCTYPE a> --><a b="&lt;!DOCTYPE a>"><![CDATA[<!DOCTYPE a>]]></a>';
    expect(decoded(text)).toBe(text);
  });

  it('takes an ampersand that begins no reference for itself', () => {
    expect(decoded('<a b="x?a=1&b=2">R&D & more &</a>')).toBe('<a b="x?a=1&amp;b=2">R&amp;D &amp; more &amp;</a>');
  });

  it('leaves references and CDATA sections as they are', () => {
    const text = '<a>&amp;&lt;&#65;&#x41;&nbsp;<![CDATA[a & b &c;]]></a>';
    expect(decoded(text)).toBe(text);
  });

  it('takes no longer than the text is long, whatever stands in it', () => {
    const began = performance.now();
    for (const bomb of ['<!--', '<!---->', '<?x?>', '<![CDATA[', '&', ' ', '<![CDATA[&]]>'])
      decoded(bomb.repeat(200_000));
    // Milliseconds when linear; a square would take hours.
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
