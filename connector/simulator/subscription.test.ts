import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  createBody,
  messagesOf,
  plainCall,
  pullBody,
  serviceUrls,
  subscribe,
} from '../../test/support/plain-client.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts';

const running: Simulator[] = [];

async function started(options: SimulatorOptions = {}) {
  const simulator = await startSimulator(options);
  running.push(simulator);
  const device = simulator.devices[0]!;
  return { simulator, device, urls: serviceUrls(device.address) };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

const CONCRETE_SET = 'http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet';
const topics = (expression: string, xmlns = 'xmlns:tns1="http://www.onvif.org/ver10/topics"') =>
  `<tev:Filter><wsnt:TopicExpression ${xmlns} Dialect="${CONCRETE_SET}">${expression}</wsnt:TopicExpression></tev:Filter>`;
const content = (expression: string) =>
  `<tev:Filter><wsnt:MessageContent xmlns:tt="http://www.onvif.org/ver10/schema" Dialect="http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter">${expression.replaceAll('"', '&quot;')}</wsnt:MessageContent></tev:Filter>`;
const relay = { source: { RelayToken: 'Relay_1' }, data: { LogicalState: 'active' } };

describe('a subscription', () => {
  it('begins with every property as Initialized, then brings what happens', async () => {
    const { device } = await started();
    const address = await subscribe(device.address);
    const first = messagesOf((await plainCall(address, pullBody())).text);
    expect(first.length).toBeGreaterThan(10);
    expect(new Set(first.map(({ operation }) => operation))).toEqual(new Set(['Initialized']));
    const pulled = plainCall(address, pullBody());
    await vi.waitFor(() => expect(device.subscriptions).toBe(1));
    device.setProperty('tns1:Device/Trigger/Relay', relay);
    const expected = { topic: 'tns1:Device/Trigger/Relay', operation: 'Changed' };
    expect(messagesOf((await pulled).text)).toMatchObject([expected]);
  });

  it('is kept alive by pulling, at least for the Timeout of the last pull', async () => {
    const { device } = await started();
    const address = await subscribe(device.address, '<tev:InitialTerminationTime>PT1S</tev:InitialTerminationTime>');
    const { text } = await plainCall(address, pullBody('PT30S'));
    const time = (name: string) => Date.parse(new RegExp(`<tev:${name}>([^<]*)`).exec(text)?.[1] ?? '');
    expect(time('TerminationTime') - time('CurrentTime')).toBeGreaterThanOrEqual(29_000);
  });

  it('is gone after Unsubscribe, which answers a blocked pull', async () => {
    const { device } = await started();
    const address = await subscribe(device.address);
    await plainCall(address, pullBody());
    const blocked = plainCall(address, pullBody('PT60S'));
    await vi.waitFor(async () => {
      expect((await plainCall(address, pullBody('PT0S'))).text).toContain('UnableToGetMessagesFault');
    });
    expect((await plainCall(address, '<wsnt:Unsubscribe/>')).status).toBe(200);
    const answer = await blocked;
    expect([answer.status, messagesOf(answer.text)]).toEqual([200, []]);
    const after = await plainCall(address, pullBody());
    expect([after.status, after.text.includes('wsrf-r:ResourceUnknownFault')]).toEqual([500, true]);
  });

  it('repeats all properties on a synchronization point, in batches of the MessageLimit', async () => {
    const { device } = await started();
    const address = await subscribe(device.address);
    const count = messagesOf((await plainCall(address, pullBody())).text).length;
    await plainCall(address, '<tev:SetSynchronizationPoint/>');
    const one = messagesOf((await plainCall(address, pullBody('PT5S', count - 1))).text);
    const two = messagesOf((await plainCall(address, pullBody('PT5S', 1_000_000))).text);
    expect([one.length, two.length]).toEqual([count - 1, 1]);
  });

  it('hears of properties created and deleted, without them with ChangedOnly', async () => {
    const { device } = await started();
    const whole = await subscribe(device.address);
    const changedOnly = await subscribe(
      device.address,
      '<tev:SubscriptionPolicy><tev:ChangedOnly/></tev:SubscriptionPolicy>',
    );
    await plainCall(whole, pullBody());
    const door = { source: { DoorToken: 'Door_9' }, data: { State: 'Open' } };
    device.setProperty('tns1:Door/State/DoorPhysicalState', door);
    device.setProperty('tns1:Door/State/DoorPhysicalState', { ...door, data: { State: 'Closed' } });
    device.deleteProperty('tns1:Door/State/DoorPhysicalState', door);
    const operations = async (address: string) =>
      messagesOf((await plainCall(address, pullBody())).text).map(({ operation }) => operation);
    expect(await operations(whole)).toEqual(['Initialized', 'Changed', 'Deleted']);
    expect(await operations(changedOnly)).toEqual(['Changed']);
  });
});

describe('a filter', () => {
  it('keeps to its topic and content filters', async () => {
    const { device } = await started();
    const byTopic = await subscribe(
      device.address,
      topics(
        'tns1:Door//.|tns1:Device/acme:Cabinet//.',
        'xmlns:tns1="http://www.onvif.org/ver10/topics" xmlns:acme="http://www.example.com/2026/simulator/topics"',
      ),
    );
    const heard = messagesOf((await plainCall(byTopic, pullBody())).text).map(({ topic }) => topic);
    expect(heard.every((topic) => topic.startsWith('tns1:Door/') || topic === 'tns1:Device/acme:Cabinet/Opened')).toBe(
      true,
    );
    expect(heard).toContain('tns1:Device/acme:Cabinet/Opened');
    const byContent = await subscribe(
      device.address,
      content('boolean(//tt:SimpleItem[@Name="DoorToken" and @Value="Door_2"])'),
    );
    const doors = messagesOf((await plainCall(byContent, pullBody())).text);
    expect(new Set(doors.map(({ items }) => items.DoorToken))).toEqual(new Set(['Door_2']));
  });

  it('takes one branch without a topic as long as another has one', async () => {
    const { device } = await started();
    await subscribe(device.address, topics('tns1:PTZController//.|tns1:Door//.'));
    expect(device.subscriptions).toBe(1);
  });
});

describe('a subscription that cannot be', () => {
  it.each([
    [
      'an unknown dialect',
      '<tev:Filter><wsnt:TopicExpression Dialect="urn:x">a:b</wsnt:TopicExpression></tev:Filter>',
      'TopicExpressionDialectUnknownFault',
    ],
    ['an expression that is none', topics('tns1:Door/*'), 'InvalidTopicExpressionFault'],
    ['an undeclared prefix', topics('tnsx:Door//.'), 'InvalidTopicExpressionFault'],
    ['a topic it does not have', topics('tns1:PTZController//.'), 'TopicNotSupportedFault'],
    ['a content expression that is none', content('true()'), 'InvalidMessageContentExpressionFault'],
    ['a filter it does not know', '<tev:Filter><tev:Odd/></tev:Filter>', 'InvalidFilterFault'],
    [
      'a policy it does not know',
      '<tev:SubscriptionPolicy><tev:Odd/></tev:SubscriptionPolicy>',
      'UnrecognizedPolicyRequestFault',
    ],
    [
      'a time of the past',
      '<tev:InitialTerminationTime>2001-01-01T00:00:00Z</tev:InitialTerminationTime>',
      'UnacceptableInitialTerminationTimeFault',
    ],
  ])('is refused for %s', async (_, inside, fault) => {
    const { urls } = await started();
    const answer = await plainCall(urls.events, createBody(inside));
    expect(answer.status).toBe(500);
    expect(answer.text).toContain(`<wsnt:${fault}>`);
  });

  it('is refused when the pull points are used up', async () => {
    const { device, urls } = await started({ limits: { maxPullPoints: 2 } });
    await subscribe(device.address);
    await subscribe(device.address);
    expect((await plainCall(urls.events, createBody())).text).toContain('SubscribeCreationFailedFault');
  });

  it('faults a Timeout above the limit and names it; a large MessageLimit is no fault', async () => {
    const { device } = await started({ limits: { maxTimeoutMs: 60_000, maxMessageLimit: 3 } });
    const address = await subscribe(device.address);
    const refused = await plainCall(address, pullBody('PT61S'));
    expect(refused.text).toContain(
      '<tev:MaxTimeout>PT60S</tev:MaxTimeout><tev:MaxMessageLimit>3</tev:MaxMessageLimit>',
    );
    expect(messagesOf((await plainCall(address, pullBody('PT60S', 1000))).text)).toHaveLength(3);
  });
});
