import { describe, expect, it } from 'vitest';
import { CLOSE, COMPLETE, OPEN } from '../../test/support/pull-answer.ts';
import { notificationReader, readNotifications } from './notification-reader.ts';

const ANSWER = `<tev:PullMessagesResponse><tev:CurrentTime>t</tev:CurrentTime>${COMPLETE}</tev:PullMessagesResponse>`;
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Reads all of `texts` with one reader and holds each against a fresh one. */
function readInTurn(...texts: readonly string[]): void {
  const remembering = notificationReader();
  for (const text of texts)
    expect(remembering(Buffer.from(text)), text.slice(0, 200)).toEqual(readNotifications(Buffer.from(text)));
}

describe('a reader that remembers how a device begins its answers', () => {
  it('reads the next answers like the first', () => {
    const whole = DECLARATION + OPEN + ANSWER + CLOSE;
    readInTurn(whole, whole, `${DECLARATION}${OPEN}<tev:PullMessagesResponse/>${CLOSE}`, whole);
  });

  it('reads an answer that begins in another way, and goes on', () => {
    const other = OPEN.replaceAll('tns1', 'xyz').replaceAll('s:', 'e:').replace('xmlns:s=', 'xmlns:e=');
    const otherAnswer = ANSWER.replaceAll('tns1', 'xyz');
    const foreign = OPEN.replace('http://www.onvif.org/ver10/topics', 'urn:other');
    const first = OPEN + ANSWER + CLOSE;
    readInTurn(
      first,
      other + otherAnswer + CLOSE.replaceAll('s:', 'e:'),
      first,
      foreign + ANSWER + CLOSE,
      first,
      first,
    );
  });

  it('remembers the namespaces of the first element alone', () => {
    const local = OPEN.replace('<s:Body>', '<s:Body xmlns:tns1="urn:local">');
    readInTurn(OPEN + ANSWER + CLOSE, local + ANSWER + CLOSE, OPEN + ANSWER + CLOSE);
  });

  it('finds the damage in an answer that begins well, wherever it breaks off', () => {
    const whole = OPEN + ANSWER + CLOSE;
    const remembering = notificationReader();
    remembering(Buffer.from(whole));
    for (let length = 0; length < whole.length; length++) {
      const { damage, notifications } = remembering(Buffer.from(whole.slice(0, length)));
      expect(damage).toMatchObject({ code: 'xml-malformed' });
      expect(notifications).toEqual(readNotifications(Buffer.from(whole.slice(0, length))).notifications);
    }
    expect(remembering(Buffer.from(whole)).damage).toBeNull();
  });

  it('reads texts whose characters are not as many as their bytes', () => {
    const saying = (value: string) => OPEN + ANSWER.replace('"true"', `"${value}"`) + CLOSE;
    const remembering = notificationReader();
    remembering(Buffer.from(saying('true')));
    // The last is as long in characters as in bytes: the ampersand is written out, and the letters have two bytes each.
    for (const value of ['Tür', '门', '\u{1f6aa}', 'a & b', 'ääää & b']) {
      const { damage, notifications } = remembering(Buffer.from(saying(value)));
      expect(damage).toBeNull();
      expect(notifications[0]?.messages[0]?.data).toEqual([{ kind: 'simple', name: 'State', value }]);
    }
    const broken = Buffer.from(saying('X').replace('X', '\xff'), 'latin1');
    expect(remembering(broken)).toEqual(readNotifications(broken));
  });

  it('remembers nothing of what was no envelope, or not whole', () => {
    const whole = OPEN + ANSWER + CLOSE;
    readInTurn('<html><body/></html>', '<html><body/></html>', OPEN, whole, '', whole, `<!-- x -->${whole}`, whole);
  });

  it('is not misled by what an attribute of the envelope holds', () => {
    const odd = OPEN.replace('<s:Envelope ', `<s:Envelope note='a > b &amp; "c"' `);
    readInTurn(odd + ANSWER + CLOSE, odd + ANSWER + CLOSE);
  });

  it('refuses a document type declaration before a beginning it knows', () => {
    const remembering = notificationReader();
    remembering(Buffer.from(OPEN + ANSWER + CLOSE));
    for (const text of [`<!DOCTYPE x>${OPEN}${ANSWER}${CLOSE}`, `${OPEN}<!DOCTYPE x>${ANSWER}${CLOSE}`])
      expect(() => {
        const { damage } = remembering(Buffer.from(text));
        if (damage !== null) throw damage;
      }).toThrow(expect.objectContaining({ name: 'QuarantineError' }));
  });
});
