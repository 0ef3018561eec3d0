import { Agent } from 'node:http';
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
import { truthOf } from './truth.ts';

let simulator: Simulator | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});

const GRANTED = 'tns1:AccessControl/AccessGranted/Anonymous';
const CLOCK = '<tds:GetSystemDateAndTime/>';

async function started(options: SimulatorOptions = {}) {
  simulator = await startSimulator({ portPerDevice: true, ...options });
  const device = simulator.devices[0]!;
  const codeOf = (url = device.address, body = CLOCK) =>
    plainCall(url, body).then(
      ({ status }) => status,
      (error: NodeJS.ErrnoException) => error.code,
    );
  const order = async (verb: string, body: unknown = {}) => {
    const url = `${simulator?.controlUrl}devices/${device.id}/${verb}`;
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
    return { status: response.status, value: (await response.json()) as Record<string, unknown> };
  };
  const read = async (path: string) => (await (await fetch(simulator?.controlUrl + path)).json()) as never;
  return { device, urls: serviceUrls(device.address), codeOf, order, read };
}

const back = (codeOf: () => Promise<unknown>) =>
  vi.waitFor(async () => expect(await codeOf()).toBe(200), { timeout: 3000, interval: 5 });

describe('a power cycle', () => {
  it('refuses connections, forgets subscriptions, keeps states, and the control API stays', async () => {
    const { device, codeOf, order } = await started();
    const address = await subscribe(device.address);
    device.setProperty('tns1:Device/Trigger/Relay', {
      source: { RelayToken: 'Relay_1' },
      data: { LogicalState: 'active' },
    });
    expect(await order('power-cycle', { downMs: 100 })).toEqual({ status: 200, value: {} });
    expect(await codeOf()).toBe('ECONNREFUSED');
    await back(codeOf);
    expect((await plainCall(address, pullBody())).text).toContain('ResourceUnknownFault');
    const again = await plainCall(await subscribe(device.address), pullBody());
    expect(messagesOf(again.text)).toContainEqual({
      topic: 'tns1:Device/Trigger/Relay',
      operation: 'Initialized',
      items: { RelayToken: 'Relay_1', LogicalState: 'active' },
    });
    expect(device.ledger.subscriptions[0]).toMatchObject({ end: 'power cycle' });
  });

  it('may come back in 2017, with ids that others were given meanwhile', async () => {
    const { device, codeOf, order } = await started();
    const stale = await subscribe(device.address);
    await order('power-cycle', { downMs: '1ms', clock: '2017-12-31T16:00:00Z', recycleIds: true, strangers: 1 });
    await back(codeOf);
    const { text } = await plainCall(device.address, CLOCK);
    expect(text).toContain('<tt:Year>2017</tt:Year>');
    expect(device.openSubscriptions).toMatchObject([{ owner: 'stranger', id: new URL(stale).searchParams.get('id') }]);
    expect((await plainCall(stale, pullBody('PT0S'))).status).toBe(200);
    await order('clock', { stepMs: '1h' });
    expect((await plainCall(device.address, CLOCK)).text).toContain('<tt:Hour>17</tt:Hour>');
  });
});

describe('a line', () => {
  it('that is cut off refuses connections while the subscription lives and its messages wait', async () => {
    const { device, codeOf, order } = await started();
    const address = await subscribe(device.address);
    await plainCall(address, pullBody());
    await order('cut-off', { forMs: 100 });
    expect(await codeOf()).toBe('ECONNREFUSED');
    const number = device.emit(GRANTED);
    await back(codeOf);
    expect(messagesOf((await plainCall(address, pullBody('PT0S'))).text)).toHaveLength(1);
    await vi.waitFor(() => expect(truthOf(device.ledger)).toMatchObject([{ number, deliveries: [{ answer: 2 }] }]));
  });

  it('that is half open takes connections and never answers, on old ones not even later', async () => {
    const { device, urls, codeOf, order } = await started();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await plainCall(urls.device, CLOCK, { agent });
    await order('half-open', { forMs: 80 });
    const signal = AbortSignal.timeout(60);
    await expect(plainCall(urls.device, CLOCK, { signal })).rejects.toThrow(/abort/i);
    await vi.waitFor(() => expect(device.line.silent).toBe(false));
    await expect(plainCall(urls.device, CLOCK, { agent, signal: AbortSignal.timeout(60) })).rejects.toThrow(/abort/i);
    expect(await codeOf()).toBe(200);
    agent.destroy();
  });

  it('that is overloaded answers 503, and calm ends it', async () => {
    const { codeOf, order } = await started();
    await order('unavailable');
    expect(await codeOf()).toBe(503);
    await order('calm');
    expect(await codeOf()).toBe(200);
  });
});

describe('a line in trouble', () => {
  it('refuses subscriptions as a device out of threads does', async () => {
    const { device, urls, order, codeOf } = await started();
    await order('refuse-subscriptions', { forMs: '1m' });
    const { status, text } = await plainCall(urls.events, createBody());
    expect([status, text.includes('ter:BlockedThreadUpperLimit'), text.includes('xml:lang="en"></')]).toEqual([
      400,
      true,
      true,
    ]);
    expect(device.manners.creates).toMatchObject({ total: 1, refused: 1 });
    await order('refuse-subscriptions', { forMs: 0 });
    expect((await plainCall(urls.events, createBody())).status).toBe(200);
    await order('refuse-subscriptions');
    device.reboot(1);
    await back(codeOf);
    expect((await plainCall(urls.events, createBody())).status).toBe(200);
  });

  it('cuts answers in the middle and resets connections; what died on it was not delivered', async () => {
    const { device, order } = await started();
    const address = await subscribe(device.address);
    await order('cut-answers', { probability: 1 });
    await expect(plainCall(address, pullBody())).rejects.toThrow();
    await order('calm');
    device.emit(GRANTED);
    await order('reset-connections', { probability: 1, forMs: '1m' });
    await expect(plainCall(address, pullBody())).rejects.toMatchObject({ code: 'ECONNRESET' });
    await order('calm');
    expect(device.ledger.answers.every(({ finished }) => finished === false)).toBe(true);
    expect(truthOf(device.ledger)).toMatchObject([{ deliveries: [] }]);
  });

  it('draws its odds from the seed', async () => {
    const fates = async (seed: number) => {
      const { codeOf, device } = await started({ seed });
      device.line.resetConnections(0.5);
      const codes = [];
      for (let n = 0; n < 12; n++) codes.push(await codeOf());
      await simulator?.close();
      return codes;
    };
    const [one, same, other] = [await fates(1), await fates(1), await fates(2)];
    expect(one).toEqual(same);
    expect(one).not.toEqual(other);
  });
});

describe('a login', () => {
  it('changes and changes back, and counts what was wrong', async () => {
    const { device, urls, order } = await started({ username: 'a', password: 'first', auth: 'username-token' });
    const asks = async (password: string) =>
      (await plainCall(urls.device, '<tds:GetScopes/>', { headers: await token(password) })).status;
    expect(await asks('first')).toBe(200);
    await order('password', { password: 'second' });
    expect([await asks('first'), await asks('second')]).toEqual([400, 200]);
    await order('password', { password: null });
    expect([await asks('second'), await asks('first')]).toEqual([400, 200]);
    expect(device.manners.authenticationFailures).toEqual({ total: 2, lastMinute: 2, mostInAMinute: 2 });
  });
});

async function token(password: string): Promise<string> {
  const { createHash, randomBytes } = await import('node:crypto');
  const nonce = randomBytes(16);
  const created = new Date().toISOString();
  const digest = createHash('sha1').update(nonce).update(created).update(password).digest('base64');
  const type = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest';
  return (
    `<wsse:Security><wsse:UsernameToken><wsse:Username>a</wsse:Username><wsse:Password Type="${type}">${digest}</wsse:Password>` +
    `<wsse:Nonce>${nonce.toString('base64')}</wsse:Nonce><wsu:Created>${created}</wsu:Created></wsse:UsernameToken></wsse:Security>`
  );
}

describe('what truly happened', () => {
  it('is told with every delivery, whoever was there to hear it', async () => {
    const { device, order, read } = await started();
    await order('set', {
      topic: 'tns1:Door/State/DoorMode',
      source: { DoorToken: 'Door_1' },
      data: { State: 'Blocked' },
    });
    await order('delete', { topic: 'tns1:Door/State/DoorMode', source: { DoorToken: 'Door_2' } });
    const addresses = [await subscribe(device.address), await subscribe(device.address)];
    expect(await order('emit', { topic: GRANTED, count: 3, data: { CredentialToken: 'T{number}' } })).toMatchObject({
      value: { number: 5 },
    });
    for (const address of addresses) await plainCall(address, pullBody());
    const ids = device.openSubscriptions.map(({ id }) => id);
    await vi.waitFor(async () => {
      expect(await read('truth?device=sim-1&after=1')).toMatchObject({
        events: [
          { device: 'sim-1', number: 2, operation: 'Deleted', data: { State: 'Locked' }, deliveries: [] },
          ...[3, 4, 5].map((number) => ({
            ...{ number, topic: GRANTED, data: { CredentialToken: `T${number}` } },
            deliveries: ids.map((subscription) => ({ subscription })),
          })),
        ],
      });
    });
    expect(await read('subscriptions?device=sim-1')).toMatchObject({
      devices: [{ device: 'sim-1', subscriptions: ids.map((id) => ({ id, flow: 'pull-point', owner: 'client' })) }],
    });
    const { devices } = (await read('properties')) as { devices: { properties: { topic: string; data: unknown }[] }[] };
    expect(devices[0]?.properties.filter(({ topic }) => topic === 'tns1:Door/State/DoorMode')).toMatchObject([
      { data: { State: 'Blocked' } },
    ]);
  });

  it('shows the manners of a guest', async () => {
    const { device, read, order } = await started({ limits: { maxPullPoints: 2 } });
    await order('strangers', { count: 1 });
    const address = await subscribe(device.address);
    await plainCall(address, pullBody());
    await expect(subscribe(device.address)).rejects.toThrow('SubscribeCreationFailedFault');
    const blocked = plainCall(address, pullBody('PT60S'));
    await vi.waitFor(() => expect(device.requests.get('PullMessages')).toBe(2));
    await plainCall(address, pullBody('PT0S'));
    device.emit(GRANTED);
    await blocked;
    expect(await read('stats')).toMatchObject({
      devices: [
        {
          requests: { CreatePullPointSubscription: 2, PullMessages: 3 },
          violations: { 'concurrent-pull': 1 },
          manners: {
            creates: { total: 2, refused: 1, lastMinute: 2, mostInAMinute: 2, shortestIntervalMs: expect.any(Number) },
            ...{ concurrentPulls: 1, lockedOut: 0 },
          },
        },
      ],
    });
  });
});
