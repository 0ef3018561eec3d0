import { expect } from 'vitest';
import { NS } from '../../connector/device/namespaces.ts';
import { readNotifications } from '../../connector/device/notification-reader.ts';

/** Answers of a device as text, and what the reader makes of them. */
export const AXIS = 'http://www.axis.com/2009/event/topics';
export const OPEN = `<s:Envelope xmlns:s="${NS.env}" xmlns:tev="${NS.tev}" xmlns:wsnt="${NS.wsnt}" xmlns:tt="${NS.tt}" xmlns:tns1="${NS.tns1}" xmlns:tnsaxis="${AXIS}"><s:Header><wsa:Action>urn:a</wsa:Action></s:Header><s:Body>`;
export const CLOSE = '</s:Body></s:Envelope>';
export const DIALECT = 'http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet';

export const read = (text: string) => readNotifications(Buffer.from(text));
export const pulled = (inside: string) =>
  read(`${OPEN}<tev:PullMessagesResponse>${inside}</tev:PullMessagesResponse>${CLOSE}`);
export const notification = (content: string, topic = 'tns1:Device/Trigger/DigitalInput') =>
  `<wsnt:NotificationMessage><wsnt:Topic Dialect="${DIALECT}">${topic}</wsnt:Topic>${content}</wsnt:NotificationMessage>`;
export const wrapped = (...messages: string[]) => `<wsnt:Message>${messages.join('')}</wsnt:Message>`;
export const message = (data: string, attributes = 'UtcTime="2026-11-23T08:00:00Z" PropertyOperation="Changed"') =>
  `<tt:Message ${attributes}><tt:Data>${data}</tt:Data></tt:Message>`;
export const item = (name: string, value: string) => `<tt:SimpleItem Name="${name}" Value="${value}"/>`;
/** The data items of the only message read. */
export const dataOf = (data: string) => {
  const { notifications, damage } = pulled(notification(wrapped(message(data))));
  expect(damage).toBeNull();
  return notifications[0]?.messages[0]?.data;
};
export const simple = (name: string, value: string) => ({ kind: 'simple', name, value });
export const COMPLETE = notification(wrapped(message(item('State', 'true'))));
export const READ = {
  topic: { text: 'tns1:Device/Trigger/DigitalInput', dialect: DIALECT, prefixes: { tns1: NS.tns1 } },
  producerAddress: null,
  messages: [
    {
      utcTime: '2026-11-23T08:00:00Z',
      propertyOperation: 'Changed',
      source: null,
      key: null,
      data: [simple('State', 'true')],
    },
  ],
};
