import type { MessageContent, NotificationMessage, XmlElement } from '../../connector/device/notification-message.ts';
import { readNotifications } from '../../connector/device/notification-reader.ts';

const OPEN =
  '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:tev="http://www.onvif.org/ver10/events/wsdl" ' +
  'xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:tns1="http://www.onvif.org/ver10/topics" xmlns:acme="urn:acme:topics">' +
  '<e:Body><tev:PullMessagesResponse>';
const CLOSE = '</tev:PullMessagesResponse></e:Body></e:Envelope>';

/** NotificationMessages as a device's answer brings them; fails where the answer is not whole. */
export function notificationsOf(xml: string): readonly NotificationMessage[] {
  const { notifications, damage } = readNotifications(Buffer.from(OPEN + xml + CLOSE));
  if (damage !== null) throw damage;
  return notifications;
}

/** One NotificationMessage with the `tt:Message` elements given (prefix `tt` declared). */
export function notificationText(topic: string, ...messages: string[]): string {
  const content = messages.map((text) =>
    text.replace('<tt:Message', '<tt:Message xmlns:tt="http://www.onvif.org/ver10/schema"'),
  );
  return (
    `<wsnt:NotificationMessage><wsnt:Topic>${topic}</wsnt:Topic>` +
    `<wsnt:Message>${content.join('')}</wsnt:Message></wsnt:NotificationMessage>`
  );
}

/** A `tt:Message` as it is read. */
export function messageOf(xml: string): MessageContent {
  return notificationsOf(notificationText('tns1:T', xml))[0]!.messages[0]!;
}

/** The element inside an ElementItem as it is read. */
export function elementOf(xml: string): XmlElement {
  const message = messageOf(
    `<tt:Message UtcTime="x"><tt:Data><tt:ElementItem Name="E">${xml}</tt:ElementItem></tt:Data></tt:Message>`,
  );
  const item = message.data?.[0];
  if (item?.kind !== 'element' || item.element === null) throw new Error('no element was read');
  return item.element;
}
