import { describe, expect, it } from 'vitest';
import {
  CLOSE,
  COMPLETE,
  DIALECT,
  item,
  message,
  notification,
  OPEN,
  pulled,
  READ,
  read,
  simple,
  wrapped,
} from '../../test/support/pull-answer.ts';
import { readNotifications } from './notification-reader.ts';
import { MAX_DEPTH } from './xml-tree.ts';

describe('documents of real devices', () => {
  it('may declare nineteen namespaces on every element', () => {
    const many = Array.from({ length: 19 }, (_, at) => `xmlns:n${at}="urn:n${at}"`).join(' ');
    const text = `${OPEN}<tev:PullMessagesResponse ${many}><wsnt:NotificationMessage ${many}><wsnt:Topic ${many} Dialect="${DIALECT}">n18:A/n0:B</wsnt:Topic><wsnt:Message ${many}><tt:Message ${many} UtcTime="u"><tt:Data ${many}><tt:SimpleItem ${many} Name="a" Value="b"/></tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage></tev:PullMessagesResponse>${CLOSE}`;
    const { notifications, damage } = read(text);
    expect(damage).toBeNull();
    expect(notifications[0]?.topic.prefixes).toEqual({ n18: 'urn:n18', n0: 'urn:n0' });
    expect(notifications[0]?.messages[0]?.data).toEqual([simple('a', 'b')]);
  });

  it('may use prefixes they never declare', () => {
    const text = `<SOAP-ENV:Envelope><SOAP-ENV:Body><tev:PullMessagesResponse>${COMPLETE}<acme:X acme:y="1"/></tev:PullMessagesResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>`;
    expect(read(text)).toMatchObject({ bodyElement: 'PullMessagesResponse', notifications: [READ], damage: null });
  });

  it.each([
    ['\ufeff', '', 'a byte order mark'],
    ['\r\n<?xml version="1.0" encoding="utf-8"?>\r\n', '\r\n', 'blanks before the declaration'],
    ['<?xml version="1.1" encoding="x y"?>', '', 'a declaration nobody understands'],
    ['', '\0\0\0', 'a buffer sent to its end'],
    ['', '<!-- end -->', 'a comment at the end'],
  ])('may have %j before and %j behind: %s', (before, behind) => {
    const document = read(
      `${before}${OPEN}<tev:PullMessagesResponse>${COMPLETE}</tev:PullMessagesResponse>${CLOSE}${behind}`,
    );
    expect(document).toMatchObject({ notifications: [READ], damage: null });
  });

  it('may hold bytes that are not UTF-8, and characters that XML does not allow', () => {
    const [before, behind] =
      `${OPEN}<tev:PullMessagesResponse>${notification(wrapped(message(item('n', '@'))))}${COMPLETE}</tev:PullMessagesResponse>${CLOSE}`.split(
        '@',
      );
    const bytes = Buffer.concat([Buffer.from(before!), Buffer.from([0x54, 0xfc, 0x72, 0x01]), Buffer.from(behind!)]);
    const { notifications, damage } = readNotifications(bytes);
    expect(damage).toBeNull();
    expect(notifications[0]?.messages[0]?.data).toEqual([simple('n', 'T\ufffdr\u0001')]);
    expect(notifications[1]).toEqual(READ);
  });
});

describe('a broken document', () => {
  const whole = `${OPEN}<tev:PullMessagesResponse><tev:CurrentTime>t</tev:CurrentTime>${COMPLETE.repeat(3)}</tev:PullMessagesResponse>${CLOSE}`;

  it('keeps what was complete wherever it is cut off, and says so', () => {
    const ends = [...whole.matchAll(/<\/wsnt:NotificationMessage>/g)].map((match) => match.index + match[0].length);
    for (let length = 0; length < whole.length; length++) {
      const { notifications, damage } = read(whole.slice(0, length));
      expect(notifications).toEqual(ends.filter((end) => end <= length).map(() => READ));
      expect(damage).toMatchObject({ name: 'QuarantineError', code: 'xml-malformed' });
    }
    expect(read(whole)).toMatchObject({ notifications: [READ, READ, READ], damage: null });
  });

  it.each([
    ['<tt:Message><tt:Data></tt:Message>', 'crossed tags'],
    ['<tt:Message UtcTime=2026>', 'an unquoted attribute'],
    ['<1>', 'a tag that is none'],
  ])('keeps what stood before %j: %s', (broken) => {
    const { notifications, damage } = pulled(`${COMPLETE}${notification(wrapped(broken))}${COMPLETE}`);
    expect(notifications[0]).toEqual(READ);
    expect(damage).toMatchObject({ name: 'QuarantineError', code: 'xml-malformed' });
  });

  it('refuses a document type declaration, entities or not', () => {
    const laughs = `<!DOCTYPE s:Envelope [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>`;
    for (const text of [laughs + whole, `<!-- <a> -->${laughs}${whole}`, `<!DOCTYPE html>${whole}`]) {
      expect(() => read(text)).toThrow(expect.objectContaining({ code: 'xml-doctype' }));
    }
  });

  it('is given up where it nests deeper than any message, also inside an item', () => {
    const deep = '<a>'.repeat(500_000);
    for (const text of [deep, notification(wrapped(message(`<tt:ElementItem Name="e">${deep}`)))]) {
      const { notifications, damage } = pulled(COMPLETE + text);
      expect(notifications).toEqual([READ]);
      expect(damage?.message).toContain(`deeper than ${MAX_DEPTH}`);
    }
  });

  it('is never mistaken for an empty answer', () => {
    for (const text of ['', ' ', 'no markup', '{}', '\0'])
      expect(read(text).damage).toMatchObject({ code: 'xml-malformed' });
  });
});
