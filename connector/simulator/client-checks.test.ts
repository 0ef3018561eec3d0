import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CallOptions,
  createBody,
  plainCall,
  pullBody,
  serviceUrls,
  subscribe,
} from '../../test/support/plain-client.ts';
import { type Simulator, startSimulator } from './simulator.ts';

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(() => simulator.close());

const rules = () => simulator.violations.map(({ rule }) => rule);

describe('what the simulator sees a client do wrong', () => {
  it('is nothing for a client that does all as it should', async () => {
    const address = await subscribe(simulator.devices[0]!.address);
    await plainCall(address, pullBody());
    await plainCall(address, '<wsnt:Unsubscribe/>');
    expect(simulator.violations).toEqual([]);
  });

  const cases: [string, CallOptions, string][] = [
    ['no wsa:Action', { action: null }, 'action'],
    [
      'the action of another operation',
      { action: 'http://www.onvif.org/ver10/events/wsdl/EventPortType/GetEventPropertiesRequest' },
      'action',
    ],
    ['a media type with another action', { mediaAction: 'urn:x' }, 'media-type-action'],
    ['no MessageID', { messageId: null }, 'message-id'],
    ['no To', { to: null }, 'to'],
    ['another To than the Address given', { to: 'http://192.0.2.1/' }, 'to'],
  ];
  it.each(cases)('%s', async (_, options, rule) => {
    const address = await subscribe(simulator.devices[0]!.address);
    expect((await plainCall(address, pullBody(), options)).status).toBe(200);
    expect(rules()).toContain(rule);
  });

  it('a MessageID used twice', async () => {
    const address = await subscribe(simulator.devices[0]!.address);
    await plainCall(address, pullBody('PT0S'), { messageId: 'urn:uuid:1' });
    await plainCall(address, pullBody('PT0S'), { messageId: 'urn:uuid:1' });
    expect(rules()).toEqual(['message-id']);
  });

  it('a filter with a prefix nobody declared', async () => {
    const { events } = serviceUrls(simulator.devices[0]!.address);
    const expression =
      '<wsnt:TopicExpression Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">tns1:Door//.</wsnt:TopicExpression>';
    const answer = await plainCall(events, createBody(`<tev:Filter>${expression}</tev:Filter>`));
    expect(answer.text).toContain('InvalidTopicExpressionFault');
    expect(rules()).toEqual(['filter-prefix']);
  });

  it('an operation sent to a service that does not have it', async () => {
    const { device } = serviceUrls(simulator.devices[0]!.address);
    expect((await plainCall(device, createBody())).text).toContain('ter:ActionNotSupported');
    expect(rules()).toEqual(['endpoint']);
  });

  it('a header marked mustUnderstand, which is a fault as well', async () => {
    const { device } = serviceUrls(simulator.devices[0]!.address);
    const headers = '<x:Odd xmlns:x="urn:x" env:mustUnderstand="1"/>';
    expect((await plainCall(device, '<tds:GetSystemDateAndTime/>', { headers })).text).toContain(
      'SOAP-ENV:MustUnderstand',
    );
  });
});
