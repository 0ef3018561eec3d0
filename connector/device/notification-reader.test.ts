import { describe, expect, it } from 'vitest';
import {
  AXIS,
  CLOSE,
  COMPLETE,
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
import { NS } from './namespaces.ts';

describe('an answer to PullMessages', () => {
  it('is its times and its notifications, all groups of items told apart', () => {
    const groups =
      '<tt:Source><tt:SimpleItem Name="A" Value=" 1 "/></tt:Source><tt:Key/><tt:Data><tt:SimpleItem Name="B" Value="2"/><tt:SimpleItem Name="B" Value="3"/></tt:Data>';
    const document = pulled(
      `<tev:CurrentTime> 2026-11-23T08:00:00Z </tev:CurrentTime><tev:TerminationTime>2026-11-23T08:01:00Z</tev:TerminationTime>${notification(
        `<wsnt:ProducerReference><wsa:Address> urn:p </wsa:Address></wsnt:ProducerReference>${wrapped(`<tt:Message UtcTime="2026-11-23T08:00:00Z">${groups}</tt:Message>`)}`,
      )}`,
    );
    expect(document).toEqual({
      bodyElement: 'PullMessagesResponse',
      currentTime: '2026-11-23T08:00:00Z',
      terminationTime: '2026-11-23T08:01:00Z',
      damage: null,
      notifications: [
        {
          topic: READ.topic,
          producerAddress: 'urn:p',
          messages: [
            {
              utcTime: '2026-11-23T08:00:00Z',
              propertyOperation: null,
              source: [simple('A', ' 1 ')],
              key: [],
              data: [simple('B', '2'), simple('B', '3')],
            },
          ],
        },
      ],
    });
  });

  it('has all messages of a notification, in order (trap 38)', () => {
    const { notifications } = pulled(
      notification(wrapped(message(item('N', '1')), message(item('N', '2')), message(item('N', '3')))),
    );
    expect(notifications).toHaveLength(1);
    expect(notifications[0]?.messages.map(({ data }) => data)).toEqual([
      [simple('N', '1')],
      [simple('N', '2')],
      [simple('N', '3')],
    ]);
  });

  it('has messages that stand without their wrapper', () => {
    const bare = message(item('N', '1')) + message(item('N', '2'), 'PropertyOperation="Changed"');
    const { notifications } = pulled(notification(bare) + COMPLETE);
    expect(notifications[0]?.messages.map(({ data }) => data)).toEqual([[simple('N', '1')], [simple('N', '2')]]);
    expect(notifications[1]).toEqual(READ);
  });

  it('takes attributes in any order, on lines of their own, prefixed or not', () => {
    const odd = `<tt:Message\n  PropertyOperation='Changed'\n  UtcTime='2026-11-23T08:00:00Z'\n><tt:Data><tt:SimpleItem Value='true'\r\n Name='State'/></tt:Data></tt:Message>`;
    expect(pulled(notification(wrapped(odd))).notifications[0]).toEqual(READ);
    const prefixed = `<tt:Message tt:UtcTime="2026-11-23T08:00:00Z" tt:PropertyOperation="Changed"><tt:Data><tt:SimpleItem tt:Name="State" tt:Value="true"/></tt:Data></tt:Message>`;
    expect(pulled(notification(wrapped(prefixed))).notifications[0]).toEqual(READ);
  });

  it('reads by local name, whatever namespace a device puts its elements in (traps 21, 42)', () => {
    const text = `<Envelope xmlns="${NS.env}"><Body><PullMessagesResponse xmlns="urn:x"><CurrentTime>t</CurrentTime><NotificationMessage><Topic>Own</Topic><Message><Message UtcTime="u"><Data><SimpleItem Name="a" Value="b"/></Data></Message></Message></NotificationMessage></PullMessagesResponse></Body></Envelope>`;
    const document = read(text);
    expect(document).toMatchObject({ bodyElement: 'PullMessagesResponse', currentTime: 't', damage: null });
    expect(document.notifications[0]?.messages[0]?.data).toEqual([simple('a', 'b')]);
  });
});

describe('notifications', () => {
  it('are kept though they are placeholders: no topic, no message (quirk 35)', () => {
    const empty =
      '<wsnt:NotificationMessage><wsnt:Topic/><wsnt:Message/></wsnt:NotificationMessage><wsnt:NotificationMessage/>';
    const { notifications } = pulled(empty + COMPLETE);
    expect(notifications.map(({ topic, messages }) => [topic.text, messages.length])).toEqual([
      ['', 0],
      ['', 0],
      [READ.topic.text, 1],
    ]);
  });

  it('carry nothing over from one to the next', () => {
    const first = notification(
      `<wsnt:ProducerReference><wsa:Address>urn:p</wsa:Address></wsnt:ProducerReference>${wrapped(message(item('a', 'b')))}`,
    );
    const { notifications } = pulled(
      `${first}<wsnt:NotificationMessage>${wrapped(message(''))}</wsnt:NotificationMessage>`,
    );
    expect(notifications[1]).toMatchObject({
      topic: { text: '', dialect: null, prefixes: {} },
      producerAddress: null,
      messages: [{ data: [] }],
    });
  });

  it('have what an Extension holds in no group', () => {
    const extended = `<tt:Message UtcTime="u"><tt:Data>${item('a', 'b')}<tt:Extension><tt:SimpleItem Name="x" Value="y"/></tt:Extension></tt:Data><tt:Extension><tt:Source>${item('x', 'y')}</tt:Source></tt:Extension></tt:Message>`;
    expect(pulled(notification(wrapped(extended))).notifications[0]?.messages[0]).toMatchObject({
      source: null,
      data: [simple('a', 'b')],
    });
  });

  it('are told apart from other answers by the element that Body holds', () => {
    expect(read(`${OPEN}<s:Fault><s:Code/></s:Fault>${CLOSE}`).bodyElement).toBe('Fault');
    expect(read('<html><body>404</body></html>').bodyElement).toBe('html');
    expect(read(`${OPEN}${CLOSE}`)).toMatchObject({ bodyElement: '', damage: null });
  });

  it('also come in Notify and in metadata streams', () => {
    expect(read(`${OPEN}<wsnt:Notify>${COMPLETE}${COMPLETE}</wsnt:Notify>${CLOSE}`)).toMatchObject({
      bodyElement: 'Notify',
      notifications: [READ, READ],
    });
    const stream = read(`<tt:MetadataStream xmlns:tt="${NS.tt}"><tt:Event>${COMPLETE}</tt:Event></tt:MetadataStream>`);
    expect(stream).toMatchObject({ bodyElement: 'MetadataStream', notifications: [READ] });
  });
});

describe('a topic', () => {
  const topicOf = (text: string, attributes = '') =>
    pulled(`<wsnt:NotificationMessage><wsnt:Topic ${attributes}>${text}</wsnt:Topic></wsnt:NotificationMessage>`)
      .notifications[0]?.topic;

  it('is trimmed, and names the namespace of each of its prefixes', () => {
    expect(topicOf('\n   tns1:Device/tnsaxis:IO/tnsaxis:Port  \n', ' Dialect=" urn:d "')).toEqual({
      text: 'tns1:Device/tnsaxis:IO/tnsaxis:Port',
      dialect: 'urn:d',
      prefixes: { tns1: NS.tns1, tnsaxis: AXIS },
    });
  });

  it('resolves prefixes where it stands (trap 35)', () => {
    expect(topicOf('a:X/tns1:Y', 'xmlns:a="urn:here" xmlns:tns1="urn:mine"')?.prefixes).toEqual({
      a: 'urn:here',
      tns1: 'urn:mine',
    });
    expect(topicOf('a:X')?.prefixes).toEqual({});
  });

  it('knows tns1 where nothing declares it (onvif_simple_server)', () => {
    const { notifications } = read(
      '<wsnt:Notify><wsnt:NotificationMessage><wsnt:Topic>tns1:A/B</wsnt:Topic></wsnt:NotificationMessage></wsnt:Notify>',
    );
    expect(notifications[0]?.topic.prefixes).toEqual({ tns1: NS.tns1 });
  });

  it('may stand in CDATA, behind a comment, after the message', () => {
    expect(topicOf('<!-- x --><![CDATA[tns1:A]]>/B')?.text).toBe('tns1:A/B');
    const last = `<wsnt:NotificationMessage>${wrapped(message(''))}<wsnt:Topic>tns1:A</wsnt:Topic></wsnt:NotificationMessage>`;
    expect(pulled(last).notifications[0]).toMatchObject({ topic: { text: 'tns1:A' }, messages: [{ data: [] }] });
  });
});
