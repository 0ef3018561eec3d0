import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createBody, plainCall, pullBody, serviceUrls, subscribe } from '../../test/support/plain-client.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts';

let simulator: Simulator | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});

async function quirky(quirks: string[], options: SimulatorOptions = {}) {
  simulator = await startSimulator({ quirks, ...options });
  const device = simulator.devices[0]!;
  return { device, urls: serviceUrls(device.address) };
}

/** No WS-Addressing header at all. */
const bare = { action: null, messageId: null, to: null };

describe('quirk of the address', () => {
  it.each([
    ['address-without-host', /^http:\/\/\/sim-1\/onvif\/subscription\?id=/],
    ['address-control-character', /^http:\/\/&#x7;:80\/sim-1\/onvif\/subscription/],
    ['address-any-host', /^http:\/\/0\.0\.0\.0\/sim-1\/onvif/],
    ['address-double-port', /^http:\/\/127\.0\.0\.1:(\d+):\1\/sim-1\/onvif/],
    ['address-wrong-port', /^http:\/\/127\.0\.0\.1:80\/sim-1\/onvif/],
  ])('%s: the path is right all the same', async (quirk, shape) => {
    const { device, urls } = await quirky([quirk]);
    const address = await subscribe(device.address);
    expect(address).toMatch(shape);
    const path = address.slice(address.indexOf('/onvif'));
    const to = address.replace('&#x7;', '\u0007');
    // The control character cannot be written in XML: what is sent as To is not looked at here.
    const call = quirk === 'address-control-character' ? {} : { to };
    expect((await plainCall(urls.base + path, pullBody(), call)).status).toBe(200);
  });

  it('urn-address: pulled at the event service', async () => {
    const { device, urls } = await quirky(['urn-address']);
    const address = await subscribe(device.address);
    expect(address).toMatch(/^urn:uuid:/);
    expect((await plainCall(urls.events, pullBody(), { to: address })).status).toBe(200);
    expect(simulator?.violations).toEqual([]);
  });

  it('address-percent-date: comes back letter by letter or is unknown', async () => {
    const { device } = await quirky(['address-percent-date']);
    const address = await subscribe(device.address);
    expect(address).toMatch(/%17:46:23$/);
    expect((await plainCall(address, pullBody())).status).toBe(200);
    const recoded = address.replaceAll(':46:23', '%3A46%3A23');
    expect((await plainCall(recoded, pullBody())).text).toContain('ResourceUnknownFault');
  });

  it('shared-address: the newest subscription is pulled, whoever made it', async () => {
    const { device } = await quirky(['shared-address']);
    const [one, two] = [await subscribe(device.address), await subscribe(device.address)];
    expect(one).toBe(two);
    expect((await plainCall(one, pullBody('PT0S'))).status).toBe(200);
    expect(device.openSubscriptions.map(({ waiting }) => waiting === 0)).toEqual([false, true]);
  });

  it('addressing-2004: the reference is of the namespace of 2004', async () => {
    const { urls } = await quirky(['addressing-2004', 'id-in-reference-parameters']);
    const { text } = await plainCall(urls.events, createBody());
    expect(text).toMatch(/<wsa5:Address xmlns:wsa5="http:\/\/schemas\.xmlsoap\.org\/ws\/2004\/08\/addressing">http/);
    expect(text).toMatch(/<wsa5:ReferenceParameters xmlns:wsa5="[^"]*">.*<\/wsa5:ReferenceParameters>/);
  });

  it('wrong-host-services: XAddrs nobody can reach', async () => {
    const { urls } = await quirky(['wrong-host-services']);
    const asked = '<tds:GetServices><tds:IncludeCapability>false</tds:IncludeCapability></tds:GetServices>';
    for (const body of [asked, '<tds:GetCapabilities/>']) {
      expect((await plainCall(urls.device, body)).text).toContain('http://192.0.2.1:8999/sim-1/onvif/event_service');
    }
  });
});

describe('quirk of addressing', () => {
  it('needs-addressing: unknown without the headers', async () => {
    const { device } = await quirky(['needs-addressing']);
    const address = await subscribe(device.address);
    expect((await plainCall(address, pullBody(), bare)).text).toContain('ResourceUnknownFault');
    expect((await plainCall(address, pullBody())).status).toBe(200);
  });

  it('needs-addressing-401: 401 without the headers', async () => {
    const { urls } = await quirky(['needs-addressing-401']);
    expect((await plainCall(urls.events, createBody(), bare)).status).toBe(401);
    expect((await plainCall(urls.events, createBody())).status).toBe(200);
  });

  it('chokes-on-addressing: 400 with the headers, and leaving them out is no violation', async () => {
    const { urls } = await quirky(['chokes-on-addressing']);
    expect((await plainCall(urls.events, createBody())).status).toBe(400);
    expect((await plainCall(urls.events, createBody(), bare)).status).toBe(200);
    expect(simulator?.violations).toEqual([]);
  });

  it('odd-headers: marked mustUnderstand, empty, in quotation marks', async () => {
    const { urls } = await quirky(['odd-headers']);
    const { text } = await plainCall(urls.events, createBody());
    expect(text).toMatch(/<wsa:MessageID>"urn:uuid:.*"<\/wsa:MessageID><wsa:ReplyTo SOAP-ENV:mustUnderstand="true"\/>/);
  });

  it('prefixes-demanded: other prefixes are not understood', async () => {
    const { urls } = await quirky(['prefixes-demanded']);
    expect((await plainCall(urls.events, createBody())).status).toBe(200);
    const other =
      '<e:CreatePullPointSubscription xmlns:e="http://www.onvif.org/ver10/events/wsdl"></e:CreatePullPointSubscription>';
    expect((await plainCall(urls.events, other)).text).toContain('ter:UnknownAction');
  });

  it('manager-on-other-port: another port', async () => {
    const open = await quirky(['manager-on-other-port']);
    const address = await subscribe(open.device.address);
    expect(new URL(address).port).not.toBe(new URL(open.device.address).port);
    expect((await plainCall(address, pullBody())).status).toBe(200);
    expect((await plainCall(`${open.urls.base}/onvif/subscription`, pullBody())).status).toBe(404);
  });

  it('manager-on-other-port: the manager has a realm of its own', async () => {
    const { device } = await quirky(['manager-on-other-port'], { username: 'a', password: 'b' });
    const { managerBase } = device as unknown as { managerBase: string };
    const { status, headers } = await plainCall(`${managerBase}/onvif/subscription`, pullBody());
    expect([status, String(headers['www-authenticate'])]).toEqual([
      401,
      expect.stringContaining('subscription manager'),
    ]);
  });

  it('expect-hangs: Expect: 100-continue is never answered', async () => {
    const { device } = await quirky(['expect-hangs']);
    const asked = (signal: AbortSignal) =>
      new Promise((resolve) => {
        const sent = request(device.address, { method: 'POST', headers: { Expect: '100-continue' }, signal });
        sent.once('continue', () => resolve('continue'));
        sent.once('response', () => resolve('response'));
        sent.once('error', ({ name }) => resolve(name));
        sent.flushHeaders();
      });
    expect(await asked(AbortSignal.timeout(80))).toBe('AbortError');
  });
});
