import { describe, expect, it } from 'vitest';
import {
  COMPLETE,
  dataOf,
  item,
  message,
  notification,
  pulled,
  READ,
  simple,
  wrapped,
} from '../../test/support/pull-answer.ts';

describe('items', () => {
  it('have their references resolved and their blanks kept', () => {
    expect(dataOf(item('a', ' &lt;R&amp;D&gt; &#65;&#x1F600; '))).toEqual([simple('a', ' <R&D> A\u{1F600} ')]);
  });

  it('keep what no reference is: an ampersand, an entity of HTML', () => {
    const data = item('a', 'Tom & Jerry') + item('b', 'x?c=1&d=2') + item('e', 'f;g&nbsp;');
    expect(dataOf(data)).toEqual([simple('a', 'Tom & Jerry'), simple('b', 'x?c=1&d=2'), simple('e', 'f;g&nbsp;')]);
  });

  it('have an empty value or name where a device leaves it out', () => {
    expect(dataOf('<tt:SimpleItem Name="a"/><tt:SimpleItem Value="b"/><tt:SimpleItem Name="c" Value=""/>')).toEqual([
      simple('a', ''),
      simple('', 'b'),
      simple('c', ''),
    ]);
  });

  it('of groups that repeat are all there', () => {
    const twice = `<tt:Message UtcTime="u"><tt:Data>${item('a', '1')}</tt:Data><tt:Data>${item('b', '2')}</tt:Data></tt:Message>`;
    expect(pulled(notification(wrapped(twice))).notifications[0]?.messages[0]?.data).toEqual([
      simple('a', '1'),
      simple('b', '2'),
    ]);
  });

  it('with element content are trees with resolved names', () => {
    const content =
      '<tt:ElementItem Name="Config"><a:Config xmlns:a="urn:a" xmlns="urn:d" a:id="1" plain="2"><In> t <![CDATA[<x>]]></In><In/></a:Config></tt:ElementItem>';
    expect(dataOf(content + item('after', '1'))).toEqual([
      {
        kind: 'element',
        name: 'Config',
        element: {
          uri: 'urn:a',
          local: 'Config',
          prefix: 'a',
          text: '',
          attributes: [
            { uri: 'urn:a', local: 'id', prefix: 'a', value: '1' },
            { uri: '', local: 'plain', prefix: '', value: '2' },
          ],
          children: [
            { uri: 'urn:d', local: 'In', prefix: '', text: ' t <x>', attributes: [], children: [] },
            { uri: 'urn:d', local: 'In', prefix: '', text: '', attributes: [], children: [] },
          ],
        },
      },
      simple('after', '1'),
    ]);
  });

  it('that a device sends as ElementItem though they are simple keep their value (trap 40)', () => {
    const data =
      '<tt:ElementItem Name="a"> 45 </tt:ElementItem><tt:ElementItem Name="b" Value="46"/><tt:ElementItem Name="c"/>';
    expect(dataOf(data)).toEqual([simple('a', '45'), simple('b', '46'), { kind: 'element', name: 'c', element: null }]);
  });

  it('may hold faults, envelopes, notifications and messages: they are content and nothing else (trap 39)', () => {
    const inner = `<s:Envelope><s:Body><s:Fault><s:Code/></s:Fault></s:Body></s:Envelope>`;
    for (const element of [
      inner,
      '<s:Fault/>',
      COMPLETE,
      wrapped(message('')),
      `<tt:Source>${item('x', 'y')}</tt:Source>`,
    ]) {
      const document = pulled(
        notification(wrapped(message(`<tt:ElementItem Name="e">${element}</tt:ElementItem>${item('after', '1')}`))) +
          COMPLETE,
      );
      expect(document).toMatchObject({ bodyElement: 'PullMessagesResponse', damage: null });
      expect(document.notifications).toHaveLength(2);
      expect(document.notifications[0]?.messages).toHaveLength(1);
      expect(document.notifications[0]?.messages[0]).toMatchObject({
        source: null,
        data: [{ kind: 'element', name: 'e' }, simple('after', '1')],
      });
      expect(document.notifications[1]).toEqual(READ);
    }
  });
});
