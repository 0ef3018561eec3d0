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
  const groups = readNotifications(
    enveloped(notification('tns1:A', '<Data><SimpleItem Name="N" Value="1"/></Data>'.repeat(40_000))),
  );
  expect(groups.notifications[0]!.messages[0]!.data).toHaveLength(40_000);
  readNotifications(enveloped(notification(':'.repeat(4_000), '').repeat(500)));
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
