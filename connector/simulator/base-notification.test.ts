import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { messagesOf, plainCall, serviceUrls } from '../../test/support/plain-client.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts';

const closing: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const SUBSCRIBE = 'http://docs.oasis-open.org/wsn/bw-2/NotificationProducer/SubscribeRequest';
const GRANTED = 'tns1:AccessControl/AccessGranted/Credential';
const FILTER =
  '<wsnt:Filter><wsnt:TopicExpression xmlns:tns1="http://www.onvif.org/ver10/topics" Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">tns1:AccessControl//.</wsnt:TopicExpression></wsnt:Filter>';

interface Received {
  readonly text: string;
  readonly headers: IncomingMessage['headers'];
}

/** A consumer that answers with the statuses given, one after the other, then 200. */
async function consumer(statuses: (number | null)[] = []) {
  const received: Received[] = [];
  let [open, mostAtOnce] = [0, 0];
  const server = createServer(async (request, response) => {
    mostAtOnce = Math.max(mostAtOnce, ++open);
    let text = '';
    for await (const chunk of request) text += chunk;
    received.push({ text, headers: request.headers });
    open--;
    const status = statuses.length > 0 ? statuses.shift() : 200;
    if (status === null) return void request.socket.destroy();
    response.writeHead(status ?? 200, { 'Content-Length': 0 }).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closing.push(() => new Promise((done) => server.close(done)));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/n`;
  const tokens = () =>
    received.map(({ text }) => messagesOf(text).map(({ items }) => items.CredentialToken ?? 'other'));
  return { url, received, tokens, mostAtOnce: () => mostAtOnce };
}

async function notifying(options: SimulatorOptions = {}, statuses: (number | null)[] = []) {
  const simulator: Simulator = await startSimulator({
    notify: { retries: 2, retryMs: 10, timeoutMs: 500 },
    ...options,
  });
  closing.push(() => simulator.close());
  const device = simulator.devices[0]!;
  const sink = await consumer(statuses);
  const subscribe = async (inside = FILTER, url = sink.url, parameters = '') => {
    const reference = `<wsnt:ConsumerReference><wsa:Address>${url}</wsa:Address>${parameters}</wsnt:ConsumerReference>`;
    const body = `<wsnt:Subscribe>${reference}${inside}</wsnt:Subscribe>`;
    const answer = await plainCall(serviceUrls(device.address).events, body, { action: SUBSCRIBE });
    return { ...answer, address: /<wsa:Address>([^<]*)/.exec(answer.text)?.[1] ?? '' };
  };
  const granted = (token: string) => device.emit(GRANTED, { data: { CredentialToken: token } });
  return { simulator, device, sink, subscribe, granted };
}

const heard = (check: () => void) => vi.waitFor(check, { timeout: 3000, interval: 5 });

describe('base notification', () => {
  it('notifies initial states first, then what happens, with the reference parameters as headers', async () => {
    const { device, sink, subscribe, granted, simulator } = await notifying();
    const parameters =
      '<wsa:ReferenceParameters><c:Path xmlns:c="urn:consumer" c:kind="k">a &amp; b</c:Path></wsa:ReferenceParameters>';
    const { text, address } = await subscribe('', sink.url, parameters);
    expect(text).toContain('<wsnt:SubscribeResponse><wsnt:SubscriptionReference><wsa:Address>');
    await heard(() => expect(sink.received.length).toBeGreaterThan(0));
    expect(messagesOf(sink.received[0]!.text).every(({ operation }) => operation === 'Initialized')).toBe(true);
    granted('1');
    // It may share a Notify with the last of the initial states.
    await heard(() => expect(sink.tokens().at(-1)?.at(-1)).toBe('1'));
    const { text: notify, headers } = sink.received.at(-1)!;
    expect(notify).toMatch(
      /<c:Path [^>]*xmlns:c="urn:consumer"[^>]* wsa:IsReferenceParameter="true" c:kind="k">a &amp; b<\/c:Path>/,
    );
    expect(notify).toContain(`<wsa:To>${sink.url}</wsa:To>`);
    expect(notify).toContain(`<wsnt:SubscriptionReference><wsa:Address>${address}</wsa:Address>`);
    expect(headers).toMatchObject({
      connection: 'close',
      'content-type': expect.stringContaining('application/soap+xml'),
    });
    expect(device.openSubscriptions).toMatchObject([{ flow: 'base-notification', owner: 'client' }]);
    await heard(() =>
      expect(device.ledger.answers.at(-1)).toMatchObject({
        flow: 'base-notification',
        events: [[1, 1]],
        finished: true,
      }),
    );
    expect(simulator.violations).toEqual([]);
  });

  it('is filtered, renewed, synchronized and ended like a pull point, at a manager of its own', async () => {
    const { device, sink, subscribe, granted } = await notifying();
    const { address } = await subscribe();
    device.setProperty('tns1:Device/Trigger/Relay', { source: { RelayToken: 'R' }, data: { LogicalState: 'active' } });
    granted('1');
    await heard(() => expect(sink.tokens()).toEqual([['1']]));
    const renewed = await plainCall(
      address,
      '<wsnt:Renew><wsnt:TerminationTime>PT1H</wsnt:TerminationTime></wsnt:Renew>',
    );
    expect(renewed.text).toContain('RenewResponse');
    expect((await plainCall(address, '<tev:SetSynchronizationPoint/>')).status).toBe(200);
    expect((await plainCall(address, '<tev:PullMessages/>')).text).toContain('ter:ActionNotSupported');
    await plainCall(address, '<wsnt:Unsubscribe/>');
    expect(device.subscriptions).toBe(0);
    expect((await plainCall(address, '<wsnt:Unsubscribe/>')).text).toContain('ResourceUnknownFault');
  });
});

describe('delivery', () => {
  it('sends one Notify at a time, tries again, and gives up what is refused for good', async () => {
    const { device, sink, subscribe, granted } = await notifying({ notify: { retries: 2, retryMs: 5, batch: 1 } }, [
      503,
      null,
      200,
    ]);
    await subscribe();
    for (const token of ['1', '2', '3']) granted(token);
    await heard(() => expect(sink.tokens()).toEqual([['1'], ['1'], ['1'], ['2'], ['3']]));
    expect(sink.mostAtOnce()).toBe(1);
    await heard(() =>
      expect(device.ledger.answers.map(({ finished }) => finished)).toEqual([false, false, true, true, true]),
    );
    const stubborn = await notifying({ notify: { retries: 1, retryMs: 5 } }, [500, 500]);
    await stubborn.subscribe();
    const lost = stubborn.granted('lost');
    await heard(() => expect(stubborn.device.ledger.subscriptions).toMatchObject([{ dropped: [[lost, lost]] }]));
    stubborn.granted('kept');
    await heard(() => expect(stubborn.sink.tokens().at(-1)).toEqual(['kept']));
  });
});

describe('Subscribe', () => {
  it('keeps to MaxNotificationProducers, and 0 is none at all', async () => {
    const { device, subscribe } = await notifying({ limits: { maxNotificationProducers: 1 } });
    expect((await plainCall(serviceUrls(device.address).events, '<tev:GetServiceCapabilities/>')).text).toContain(
      'MaxNotificationProducers="1"',
    );
    await subscribe();
    expect((await subscribe()).text).toContain('SubscribeCreationFailedFault');
    const without = await notifying({ limits: { maxNotificationProducers: 0 } });
    expect((await without.subscribe()).text).toContain('ter:ActionNotSupported');
  });

  it('faults what cannot be: no consumer, times, policies, current messages', async () => {
    const { subscribe, device } = await notifying();
    expect((await subscribe('', 'mailto:x')).text).toContain('ter:InvalidArgVal');
    const past = '<wsnt:InitialTerminationTime>2001-01-01T00:00:00Z</wsnt:InitialTerminationTime>';
    expect((await subscribe(past)).text).toMatch(/UnacceptableInitialTerminationTimeFault.*<wsnt:MinimumTime>/);
    const raw = '<wsnt:SubscriptionPolicy><wsnt:UseRaw/></wsnt:SubscriptionPolicy>';
    expect((await subscribe(raw)).text).toContain('UnsupportedPolicyRequestFault');
    const current = await plainCall(serviceUrls(device.address).events, '<wsnt:GetCurrentMessage/>', { action: 'x' });
    expect(current.text).toContain('NoCurrentMessageOnTopicFault');
  });
});

describe('quirk of notification', () => {
  it('notify-before-response: the Notify is there before the SubscribeResponse', async () => {
    const { sink, subscribe } = await notifying({ quirks: ['notify-before-response'] });
    await subscribe('');
    expect(sink.received).toHaveLength(1);
  });

  it('duplicate-notify and notify-without-subscription-reference', async () => {
    const quirks = ['duplicate-notify=3', 'notify-without-subscription-reference'];
    const { sink, subscribe, granted } = await notifying({ quirks });
    await subscribe();
    granted('1');
    await heard(() => expect(sink.tokens()).toEqual([['1'], ['1'], ['1']]));
    expect(sink.received[0]?.text).not.toMatch(/SubscriptionReference|ProducerReference/);
  });

  it('reordered-notify: the later one comes first', async () => {
    const { sink, subscribe, granted } = await notifying({ quirks: ['reordered-notify'] });
    await subscribe();
    for (const token of ['1', '2', '3']) granted(token);
    await heard(() => expect(sink.tokens()).toEqual([['2'], ['1'], ['3']]));
  });

  it('consumer-url-max: a longer URL crashes the device', async () => {
    const { device, sink, subscribe } = await notifying({ quirks: ['consumer-url-max'] });
    expect((await subscribe()).status).toBe(200);
    await expect(subscribe('', sink.url + 'x'.repeat(60))).rejects.toThrow();
    expect(device.ledger.subscriptions).toMatchObject([{ end: 'reboot' }]);
  });

  it('push-only: no pull point, but notifications', async () => {
    const { device, sink, subscribe, granted } = await notifying({ quirks: ['push-only'] });
    const created = await plainCall(serviceUrls(device.address).events, '<tev:CreatePullPointSubscription/>');
    expect(created.text).toContain('ter:ActionNotSupported');
    await subscribe();
    granted('1');
    await heard(() => expect(sink.tokens()).toEqual([['1']]));
  });
});
