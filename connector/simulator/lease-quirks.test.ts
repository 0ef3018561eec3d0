import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  createBody,
  messagesOf,
  plainCall,
  pullBody,
  serviceUrls,
  subscribe,
} from '../../test/support/plain-client.ts';
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

const RENEW = '<wsnt:Renew><wsnt:TerminationTime>PT60S</wsnt:TerminationTime></wsnt:Renew>';
const lifetime = (time: string) => `<tev:InitialTerminationTime>${time}</tev:InitialTerminationTime>`;
const left = (text: string) => {
  const time = (name: string) => Date.parse(new RegExp(`<\\w+:${name}>([^<]*)`).exec(text)?.[1] ?? '');
  return (time('TerminationTime') - time('CurrentTime')) / 1000;
};

describe('quirk of the lease', () => {
  it.each([
    ['renew-400', 400, ''],
    ['renew-not-authorized', 400, 'ter:NotAuthorized'],
    ['renew-without-times', 200, '<wsnt:RenewResponse></wsnt:RenewResponse>'],
  ])('%s', async (quirk, status, part) => {
    const { device } = await quirky(quirk);
    const answer = await plainCall(await subscribe(device.address), RENEW);
    expect([answer.status, part === '' ? answer.text === '' : answer.text.includes(part)]).toEqual([status, true]);
  });

  it('renew-not-authorized: nor is a synchronization point', async () => {
    const { device } = await quirky('renew-not-authorized');
    const answer = await plainCall(await subscribe(device.address), '<tev:SetSynchronizationPoint/>');
    expect(answer.text).toContain('ter:NotAuthorized');
  });

  it('relative-times-ignored: nothing is granted, and the subscription is gone', async () => {
    const { device, urls } = await quirky('relative-times-ignored');
    expect(left((await plainCall(urls.events, createBody(lifetime('PT60S')))).text)).toBe(0);
    await vi.waitFor(() => expect(device.subscriptions).toBe(0));
    const absolute = new Date(Date.now() + 60_000).toISOString();
    expect(left((await plainCall(urls.events, createBody(lifetime(absolute)))).text)).toBeGreaterThan(50);
  });

  it('z-times-only: +00:00 is refused', async () => {
    const { urls } = await quirky('z-times-only');
    const time = new Date(Date.now() + 60_000).toISOString();
    expect((await plainCall(urls.events, createBody(lifetime(time.replace('Z', '+00:00'))))).status).toBe(500);
    expect((await plainCall(urls.events, createBody(lifetime(time)))).status).toBe(200);
  });

  it.each([
    ['pull-sets-lifetime', 8],
    ['pull-sets-lifetime=31622400', 31_622_400],
  ])('%s', async (quirk, seconds) => {
    const { device } = await quirky(quirk);
    const address = await subscribe(device.address, lifetime('PT60S'));
    expect(left((await plainCall(address, pullBody())).text)).toBe(seconds);
  });

  it.each([
    [1, /T\d\d:61:\d\dZ$/],
    [2, /^\d{4}-\d\d-\d\d \d\d:/],
    [3, /T-\d\d:/],
    [4, /^\d{4}-\d\d-\d\d$/],
    [5, /^0000-00-00T00:00:00Z$/],
    [6, /^$/],
  ])('termination-time-garbage=%i, wherever there is one', async (kind, shape) => {
    const { urls } = await quirky(`termination-time-garbage=${kind}`);
    const created = (await plainCall(urls.events, createBody())).text;
    const address = /<wsa:Address>([^<]*)/.exec(created)?.[1] ?? '';
    const texts = [created, (await plainCall(address, pullBody())).text, (await plainCall(address, RENEW)).text];
    for (const text of texts) expect(/:TerminationTime>([^<]*)/.exec(text)?.[1] ?? '').toMatch(shape);
  });
});

describe('quirk of creating and ending', () => {
  it('max-pull-points, unsubscribe-leaks: the place stays taken', async () => {
    const { device, urls } = await quirky('max-pull-points', 'unsubscribe-leaks');
    const address = await subscribe(device.address);
    expect((await plainCall(address, '<wsnt:Unsubscribe/>')).status).toBe(200);
    await subscribe(device.address);
    expect((await plainCall(urls.events, createBody())).text).toContain('SubscribeCreationFailedFault');
  });

  it('freezes-on-rapid-creates: the device is mute for a while', async () => {
    const { device, urls } = await quirky('freezes-on-rapid-creates=2');
    for (let n = 0; n < 2; n++) await subscribe(device.address);
    const signal = AbortSignal.timeout(60);
    await expect(plainCall(urls.events, createBody(), { signal })).rejects.toThrow(/abort/i);
    expect(device.line.silent).toBe(true);
  });

  it('capabilities-lie: nothing where there is something, something where there is nothing', async () => {
    const { urls } = await quirky('capabilities-lie', 'push-only');
    const { text } = await plainCall(urls.events, '<tev:GetServiceCapabilities/>');
    expect(text).toContain('MaxNotificationProducers="0" MaxPullPoints="10"');
  });

  it('unknown-as-404-html', async () => {
    const { urls } = await quirky('unknown-as-404-html');
    const { status, headers, text } = await plainCall(`${urls.base}/onvif/subscription?id=none`, pullBody());
    expect([status, headers['content-type'], text]).toEqual([
      404,
      'text/html; charset=utf-8',
      expect.stringMatching(/^<html>/),
    ]);
  });
});

describe('quirk of the pull', () => {
  it('pull-broken and pull-hangs', async () => {
    const broken = await quirky('pull-broken');
    expect((await plainCall(await subscribe(broken.device.address), pullBody())).text).toContain('ter:Action');
    await simulator?.close();
    const { device } = await quirky('pull-hangs');
    const address = await subscribe(device.address);
    await expect(plainCall(address, pullBody('PT0S'), { signal: AbortSignal.timeout(60) })).rejects.toThrow(/abort/i);
  });

  it('long-pulls-rejected: without naming a limit', async () => {
    const { device } = await quirky('long-pulls-rejected');
    const address = await subscribe(device.address);
    const { text } = await plainCall(address, pullBody('PT61S'));
    expect([text.includes('ter:InvalidArgVal'), text.includes('MaxTimeout')]).toEqual([true, false]);
    expect((await plainCall(address, pullBody('PT60S'))).status).toBe(200);
  });

  it('pull-closes-after: no answer, and nothing is lost', async () => {
    const { device } = await quirky('pull-closes-after=0.05');
    const address = await subscribe(device.address);
    await plainCall(address, pullBody());
    await expect(plainCall(address, pullBody('PT60S'))).rejects.toMatchObject({ code: 'ECONNRESET' });
    device.emit('tns1:AccessControl/AccessGranted/Anonymous');
    expect(messagesOf((await plainCall(address, pullBody('PT60S'))).text)).toHaveLength(1);
  });

  it('pull-overdue: late, and then gone', async () => {
    const { device } = await quirky('pull-overdue=0.05');
    const address = await subscribe(device.address);
    await plainCall(address, pullBody());
    expect((await plainCall(address, pullBody('PT0S'))).text).toContain('ResourceUnknownFault');
    expect(device.subscriptions).toBe(0);
  });
});
