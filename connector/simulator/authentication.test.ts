import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { createBody, plainCall, serviceUrls } from '../../test/support/plain-client.ts';
import { type SimulatedAuth, type Simulator, startSimulator } from './simulator.ts';

let simulator: Simulator;
afterEach(() => simulator.close());

async function device(auth: SimulatedAuth, clockOffset = 0) {
  simulator = await startSimulator({ auth, username: 'ada', password: 'secret', clockOffset });
  return serviceUrls(simulator.devices[0]!.address);
}

function digestAnswer(challenge: string, target: string, password = 'secret'): Record<string, string> {
  const part = (name: string) => new RegExp(`${name}="([^"]+)`).exec(challenge)?.[1] ?? '';
  const md5 = (text: string) => createHash('md5').update(text).digest('hex');
  const response = md5(
    `${md5(`ada:${part('realm')}:${password}`)}:${part('nonce')}:00000001:c0:auth:${md5(`POST:${target}`)}`,
  );
  return {
    authorization: `Digest username="ada", realm="${part('realm')}", nonce="${part('nonce')}", uri="${target}", qop=auth, nc=00000001, cnonce="c0", response="${response}", opaque="${part('opaque')}", algorithm=MD5`,
  };
}

function token(created = new Date().toISOString(), password = 'secret'): string {
  const nonce = Buffer.from(String(Math.random()));
  const digest = createHash('sha1').update(nonce).update(created).update(password).digest('base64');
  const type = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest';
  return `<wsse:Security><wsse:UsernameToken><wsse:Username>ada</wsse:Username><wsse:Password Type="${type}">${digest}</wsse:Password><wsse:Nonce>${nonce.toString('base64')}</wsse:Nonce><wsu:Created>${created}</wsu:Created></wsse:UsernameToken></wsse:Security>`;
}

const challengesOf = (headers: Readonly<Record<string, unknown>>) => String(headers['www-authenticate']);

describe('credentials', () => {
  it('are not asked for by operations before authentication', async () => {
    const urls = await device('both');
    for (const name of [
      'GetSystemDateAndTime',
      'GetCapabilities',
      'GetServiceCapabilities',
      'GetHostname',
      'GetEndpointReference',
    ]) {
      expect((await plainCall(urls.device, `<tds:${name}/>`)).status).toBe(200);
    }
    expect(
      (
        await plainCall(urls.events, '<tev:GetServiceCapabilities/>', {
          action: 'http://www.onvif.org/ver10/events/wsdl/EventPortType/GetServiceCapabilitiesRequest',
        })
      ).status,
    ).toBe(200);
    expect((await plainCall(urls.device, '<tds:GetDeviceInformation/>')).status).toBe(401);
    expect((await plainCall(urls.events, createBody())).status).toBe(401);
  });

  it('are challenged by a device with Digest, in MD5 and SHA-256', async () => {
    const urls = await device('digest');
    const first = await plainCall(urls.device, '<tds:GetDeviceInformation/>');
    expect([first.status, first.text]).toEqual([401, '']);
    const challenge = challengesOf(first.headers);
    expect(challenge).toMatch(/algorithm=MD5.*algorithm=SHA-256/s);
    const target = new URL(urls.device).pathname;
    const httpHeaders = digestAnswer(challenge, target);
    expect((await plainCall(urls.device, '<tds:GetDeviceInformation/>', { httpHeaders })).status).toBe(200);
    const again = await plainCall(urls.device, '<tds:GetDeviceInformation/>', { httpHeaders });
    expect([again.status, challengesOf(again.headers).includes('stale=true')]).toEqual([401, true]);
    expect(simulator.violations).toMatchObject([{ rule: 'nonce' }]);
  });

  it('are refused as a fault with 400 by a device with UsernameToken alone', async () => {
    const urls = await device('username-token');
    const first = await plainCall(urls.device, '<tds:GetDeviceInformation/>');
    expect([first.status, first.text.includes('ter:NotAuthorized')]).toEqual([400, true]);
    expect((await plainCall(urls.device, '<tds:GetDeviceInformation/>', { headers: token() })).status).toBe(200);
    expect(
      (await plainCall(urls.device, '<tds:GetDeviceInformation/>', { headers: token(undefined, 'x') })).status,
    ).toBe(400);
  });

  it('have a Created in the time of the device, not in ours', async () => {
    const urls = await device('username-token', 3_600_000);
    expect((await plainCall(urls.device, '<tds:GetDeviceInformation/>', { headers: token() })).status).toBe(400);
    const headers = token(new Date(Date.now() + 3_600_000).toISOString());
    expect((await plainCall(urls.device, '<tds:GetDeviceInformation/>', { headers })).status).toBe(200);
  });

  it('of one kind are enough for a device that knows both; of both kinds are a violation', async () => {
    const urls = await device('both');
    expect((await plainCall(urls.device, '<tds:GetDeviceInformation/>', { headers: token() })).status).toBe(200);
    const challenge = challengesOf((await plainCall(urls.device, '<tds:GetDeviceInformation/>')).headers);
    const httpHeaders = digestAnswer(challenge, new URL(urls.device).pathname);
    const both = await plainCall(urls.device, '<tds:GetDeviceInformation/>', { httpHeaders, headers: token() });
    expect(both.status).toBe(200);
    expect(simulator.violations).toMatchObject([{ rule: 'credential-kinds' }]);
  });
});
