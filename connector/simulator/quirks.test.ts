import { afterEach, describe, expect, it } from 'vitest';
import {
  createBody,
  messagesOf,
  plainCall,
  pullBody,
  serviceUrls,
  subscribe,
} from '../../test/support/plain-client.ts';
import { quirksFrom } from './quirks.ts';
import { type Simulator, startSimulator } from './simulator.ts';

let simulator: Simulator | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});

async function quirky(...quirks: string[]) {
  simulator = await startSimulator({ quirks });
  const device = simulator.devices[0]!;
  return { device, urls: serviceUrls(device.address) };
}

const until = (text: string, prefix = 'tev') => {
  const time = (name: string) => Date.parse(new RegExp(`<${prefix}:${name}>([^<]*)`).exec(text)?.[1] ?? '');
  return time('TerminationTime') - time('CurrentTime');
};
const renew = (time = 'PT60S') => `<wsnt:Renew><wsnt:TerminationTime>${time}</wsnt:TerminationTime></wsnt:Renew>`;
const lifetime = (time: string) => `<tev:InitialTerminationTime>${time}</tev:InitialTerminationTime>`;

describe('quirk names', () => {
  it('are checked, and the known ones listed', () => {
    expect(() => quirksFrom(['renew-onyl'])).toThrow(/Unknown quirk "renew-onyl".*renew-only, renew-unsupported/);
    expect(() => quirksFrom(['renew-only=3'])).toThrow('renew-only takes no value');
    expect(() => quirksFrom(['clock-skew=soon'])).toThrow('needs a number');
    expect(quirksFrom(['clock-skew=-60']).value('clock-skew')).toBe(-60);
  });
});

describe('quirk of the lease and the pull', () => {
  it('renew-only: a pull does not extend the subscription, Renew does', async () => {
    const { device } = await quirky('renew-only');
    const address = await subscribe(device.address, lifetime('PT10S'));
    expect(until((await plainCall(address, pullBody('PT60S'))).text)).toBeLessThanOrEqual(10_000);
    expect(until((await plainCall(address, renew())).text, 'wsnt')).toBeGreaterThanOrEqual(59_000);
  });

  it('renew-unsupported', async () => {
    const { device } = await quirky('renew-unsupported');
    expect((await plainCall(await subscribe(device.address), renew())).text).toContain('ter:ActionNotSupported');
  });

  it('relative-times-rejected and absolute-times-rejected', async () => {
    const absolute = new Date(Date.now() + 60_000).toISOString();
    const relative = await quirky('relative-times-rejected');
    expect((await plainCall(relative.urls.events, createBody(lifetime('PT60S')))).text).toContain(
      'UnacceptableInitialTerminationTimeFault',
    );
    const address = await subscribe(relative.device.address, lifetime(absolute));
    expect((await plainCall(address, renew())).text).toContain('UnacceptableTerminationTimeFault');
    await simulator?.close();
    const other = await quirky('absolute-times-rejected');
    expect((await plainCall(other.urls.events, createBody(lifetime(absolute)))).text).toContain(
      'UnacceptableInitialTerminationTimeFault',
    );
  });

  it('max-timeout: names its limits', async () => {
    const { device } = await quirky('max-timeout');
    const { text } = await plainCall(await subscribe(device.address), pullBody('PT11S'));
    expect(text).toContain('<tev:MaxTimeout>PT10S</tev:MaxTimeout><tev:MaxMessageLimit>30</tev:MaxMessageLimit>');
  });

  it('early-empty', async () => {
    const { device } = await quirky('early-empty');
    const address = await subscribe(device.address);
    await plainCall(address, pullBody());
    expect(messagesOf((await plainCall(address, pullBody('PT60S'))).text)).toEqual([]);
  });
});

describe('quirk of the address', () => {
  it('id-in-reference-parameters: the id comes back as a header block or there is no subscription', async () => {
    const { device, urls } = await quirky('id-in-reference-parameters');
    const { text } = await plainCall(urls.events, createBody());
    const address = /<wsa:Address>([^<]*)/.exec(text)?.[1] ?? '';
    const parameter = /<wsa:ReferenceParameters>(.*)<\/wsa:ReferenceParameters>/.exec(text)?.[1] ?? '';
    expect(address).toBe(`${urls.base}/onvif/subscription`);
    const bare = await plainCall(address, pullBody());
    expect([bare.status, bare.text.includes('ter:InvalidArgs')]).toEqual([400, true]);
    const headers = parameter.replace(' sim:form', ' wsa:IsReferenceParameter="true" sim:form');
    expect((await plainCall(address, pullBody(), { headers })).status).toBe(200);
    expect(simulator?.violations.map(({ detail }) => detail)).toEqual(['SubscriptionId is not echoed']);
    expect((await plainCall(address, pullBody('PT0S'), { headers: parameter })).status).toBe(200);
    expect(simulator?.violations.at(-1)?.detail).toContain('lacks wsa:IsReferenceParameter');
    expect(device.subscriptions).toBe(1);
  });

  it('wrong-host-address: To is as given, the connection goes elsewhere', async () => {
    const { device, urls } = await quirky('wrong-host-address');
    const address = await subscribe(device.address);
    expect(new URL(address).host).toBe('192.0.2.1:8999');
    const reachable = address.replace('http://192.0.2.1:8999', new URL(urls.base).origin);
    expect((await plainCall(reachable, pullBody(), { to: address })).status).toBe(200);
    expect(simulator?.violations).toEqual([]);
  });

  it('empty-address: pulled at the event service', async () => {
    const { urls } = await quirky('empty-address');
    const { text } = await plainCall(urls.events, createBody());
    expect(text).toContain('<wsa:Address></wsa:Address>');
    expect(text).toContain('<wsnt:CurrentTime>1970-01-01T00:00:00Z</wsnt:CurrentTime>');
    expect(messagesOf((await plainCall(urls.events, pullBody())).text).length).toBeGreaterThan(10);
    expect((await plainCall(urls.events, '<wsnt:Unsubscribe/>')).status).toBe(200);
  });
});

describe('quirk of the device', () => {
  it('no-initialized: only a synchronization point brings the state', async () => {
    const { device } = await quirky('no-initialized');
    const address = await subscribe(device.address);
    expect(messagesOf((await plainCall(address, pullBody('PT0S'))).text)).toEqual([]);
    await plainCall(address, '<tev:SetSynchronizationPoint/>');
    expect(messagesOf((await plainCall(address, pullBody())).text).length).toBeGreaterThan(10);
  });

  it('clock-skew: all its times are off', async () => {
    const { device, urls } = await quirky('clock-skew');
    const { text } = await plainCall(urls.events, createBody());
    const now = Date.parse(/<wsnt:CurrentTime>([^<]*)/.exec(text)?.[1] ?? '');
    expect(now - Date.now()).toBeGreaterThan(3_590_000);
    expect(device.clockOffset).toBe(3_600_000);
  });

  it('max-pull-points-1', async () => {
    const { device, urls } = await quirky('max-pull-points-1');
    await subscribe(device.address);
    expect((await plainCall(urls.events, createBody())).text).toContain('SubscribeCreationFailedFault');
  });

  it('unsubscribe-kills-all', async () => {
    const { device } = await quirky('unsubscribe-kills-all');
    const [one, two] = [await subscribe(device.address), await subscribe(device.address)];
    await plainCall(one, '<wsnt:Unsubscribe/>');
    expect((await plainCall(two, pullBody())).text).toContain('ResourceUnknownFault');
  });
});

describe('quirk of the wording', () => {
  it('prefix-every-level, several-messages, upper-case-booleans and placeholder-notification', async () => {
    const { device } = await quirky(
      'prefix-every-level',
      'several-messages',
      'upper-case-booleans',
      'placeholder-notification',
    );
    const address = await subscribe(device.address);
    const { text } = await plainCall(address, pullBody());
    const messages = messagesOf(text);
    expect(messages.filter(({ topic }) => topic === '').length).toBe(messages.length / 2);
    expect(messages.map(({ topic }) => topic)).toContain('tns1:Device/acme:Cabinet/acme:Opened');
    expect(text).toContain('Value="FALSE"');
    expect(text).toMatch(/<\/tt:Message><tt:Message /);
  });

  it.each([
    ['unknown-as-400', 400, 'ter:InvalidArgs'],
    ['unknown-as-404', 404, ''],
    ['unknown-as-500', 500, ''],
  ])('%s', async (quirk, status, part) => {
    const { urls } = await quirky(quirk);
    const answer = await plainCall(`${urls.base}/onvif/subscription?id=none`, pullBody());
    expect([answer.status, part === '' ? answer.text === '' : answer.text.includes(part)]).toEqual([status, true]);
  });

  it('deleted-without-data, bare-topic-set, fixed-lifetime, sync-point-faults', async () => {
    const { device, urls } = await quirky(
      'deleted-without-data',
      'bare-topic-set',
      'fixed-lifetime=7',
      'sync-point-faults',
      'no-initialized',
    );
    const created = await plainCall(urls.events, createBody(lifetime('PT600S')));
    expect(until(created.text, 'wsnt')).toBe(7000);
    const address = /<wsa:Address>([^<]*)/.exec(created.text)?.[1] ?? '';
    device.deleteProperty('tns1:Device/Trigger/Relay', { source: { RelayToken: 'Relay_1' } });
    expect((await plainCall(address, pullBody())).text).toMatch(/"Deleted"><tt:Source>.*<\/tt:Source><\/tt:Message>/);
    expect((await plainCall(urls.events, '<tev:GetEventProperties/>')).text).not.toMatch(
      /wstop:topic|MessageDescription/,
    );
    expect((await plainCall(address, '<tev:SetSynchronizationPoint/>')).status).toBe(500);
  });

  it('initial-time-mandatory and unsupported-branch-faults', async () => {
    const { urls } = await quirky('initial-time-mandatory', 'unsupported-branch-faults');
    expect(await plainCall(urls.events, createBody())).toMatchObject({ status: 500, text: '' });
    const filter =
      '<tev:Filter><wsnt:TopicExpression xmlns:tns1="http://www.onvif.org/ver10/topics" Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">tns1:Door//.|tns1:PTZController//.</wsnt:TopicExpression></tev:Filter>';
    expect((await plainCall(urls.events, createBody(filter + lifetime('PT60S')))).text).toContain(
      'TopicNotSupportedFault',
    );
  });

  it('get-services-unsupported: GetCapabilities knows the event service', async () => {
    const { urls } = await quirky('get-services-unsupported');
    const asked = '<tds:GetServices><tds:IncludeCapability>true</tds:IncludeCapability></tds:GetServices>';
    expect((await plainCall(urls.device, asked)).text).toContain('ter:ActionNotSupported');
    expect((await plainCall(urls.device, '<tds:GetCapabilities/>')).text).toContain(
      `<tt:XAddr>${urls.events}</tt:XAddr>`,
    );
  });
});
