import { expect, it } from 'vitest';
import { readNotifications } from './notification-reader.ts';

const enveloped = (content: string) =>
  Buffer.from(
    `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><PullMessagesResponse>${content}</PullMessagesResponse></e:Body></e:Envelope>`,
  );
const notification = (topic: string, data: string) =>
  `<NotificationMessage><Topic>${topic}</Topic><Message><Message UtcTime="2026-11-23T08:00:00Z">${data}</Message></Message></NotificationMessage>`;

it('takes no longer than an answer is long, whatever repeats in it', () => {
  const began = performance.now();
  const repeated = (times: number) =>
    readNotifications(enveloped(notification('tns1:A', '<Data><SimpleItem Name="N" Value="1"/></Data>'.repeat(times))));
  expect(repeated(1_500).notifications[0]!.messages[0]!.data).toHaveLength(1_500);
  expect(repeated(100_000)).toMatchObject({ notifications: [], damage: { code: 'xml-malformed' } });
  readNotifications(enveloped(notification(':'.repeat(4_000), '').repeat(500)));
  const prefixes = Array.from({ length: 500 }, (_, at) => `xmlns:p${at}="urn:${at}"`).join(' ');
  const element = `<ElementItem Name="E"><A>${'<p0:a/>'.repeat(50_000)}</A></ElementItem>`;
  expect(readNotifications(enveloped(notification('A', `<Data ${prefixes}>${element}</Data>`))).damage).toBeNull();
  // Milliseconds when linear; a square would take minutes.
  expect(performance.now() - began).toBeLessThan(5_000);
});

it('a topic of absurd length is damage, and what came before it is kept', () => {
  const { notifications, damage } = readNotifications(
    enveloped(notification('tns1:A', '') + notification('x'.repeat(5_000), '') + notification('tns1:B', '')),
  );
  expect(notifications.map(({ topic }) => topic.text)).toEqual(['tns1:A']);
  expect(damage).toMatchObject({ code: 'xml-malformed' });
});

it.each([
  ['notifications', '<NotificationMessage><Topic>A</Topic></NotificationMessage>'.repeat(20_001), 20_000],
  [
    'messages',
    notification('A', '') +
      `<NotificationMessage><Message>${'<Message/>'.repeat(20_001)}</Message></NotificationMessage>`,
    1,
  ],
  ['items in a message', notification('A', '') + notification('B', `<Data>${'<SimpleItem/>'.repeat(2_001)}</Data>`), 1],
  [
    'namespaces in scope',
    `${notification('A', '')}<x ${Array.from({ length: 600 }, (_, at) => `xmlns:p${at}="u"`).join(' ')}/>`,
    1,
  ],
])('an answer of too many %s is damaged, and what came before is kept', (what, content, kept) => {
  const { notifications, damage } = readNotifications(enveloped(content));
  expect(notifications).toHaveLength(kept);
  expect(damage?.message).toContain(what);
});

it('what damage quotes of an answer is bounded', () => {
  const { damage } = readNotifications(Buffer.from(`<a></${'b'.repeat(100_000)}>`));
  expect(damage!.message.length).toBeLessThan(300);
});
