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

let simulator: Simulator | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});

const INPUT = 'tns1:Device/Trigger/DigitalInput';
const UTC = '2026-03-01T10:00:00.500Z';

async function quirky(quirks: string[], options: SimulatorOptions = {}) {
  simulator = await startSimulator({ quirks, ...options });
  const device = simulator.devices[0]!;
  const address = await subscribe(device.address);
  const pull = async (timeout = 'PT0S') => (await plainCall(address, pullBody(timeout))).text;
  return { device, address, pull, urls: serviceUrls(device.address) };
}

/** The text of one Changed property under these quirks. */
async function changed(...quirks: string[]) {
  const { device, pull } = await quirky(quirks);
  await pull();
  device.setProperty(INPUT, { source: { InputToken: 'Input_1' }, data: { LogicalState: true }, utcTime: UTC });
  return pull();
}

describe('quirk of the words', () => {
  it.each([
    ['initialized-for-changes', /PropertyOperation="Initialized"/],
    ['no-property-operation', /<tt:Message UtcTime="[^"]*">/],
    ['nested-root-topics', />tns1:VideoAnalytics\/tns1:Device\/Trigger\/DigitalInput</],
    ['topics-end-in-dots', />tns1:Device\/Trigger\/DigitalInput\/\/\.</],
    ['padded-topics', />\r\n +tns1:Device\/Trigger\/DigitalInput\r\n +<\/wsnt:Topic>/],
    ['dialect-holds-xmlns', /Dialect="xmlns=&quot;http:\/\/docs\.oasis-open\.org\/wsn\/b-2&quot;"/],
    ['attributes-reordered', /PropertyOperation="Changed" UtcTime="[^"]*".*Value="Input_1" Name="InputToken"/],
    ['attributes-on-lines', /<tt:SimpleItem\r\n +Name="InputToken"\r\n +Value="Input_1"/],
    ['nested-source', /<tt:ElementItem Name="Nested"><tt:Source><tt:SimpleItem/],
    ['fault-in-element-item', /<tt:ElementItem Name="LastError"><SOAP-ENV:Fault>/],
    ['booleans-as-numbers', /Name="LogicalState" Value="1"/],
    ['booleans-as-words', /Name="LogicalState" Value="ON"/],
    ['utc-time-without-zone', /UtcTime="2026-03-01T10:00:00\.500"/],
    ['utc-time-microseconds', /UtcTime="2026-03-01T10:00:00\.500123Z"/],
    ['utc-time-garbage', /UtcTime="2026-13-01T/],
    ['data-missing', /<\/tt:Source><\/tt:Message>/],
    ['source-missing', /PropertyOperation="Changed"><tt:Data>/],
    ['empty-message', /<wsnt:Message><\/wsnt:Message>/],
    ['duplicate-items', /(<tt:SimpleItem Name="LogicalState" Value="true"\/>)\1/],
  ])('%s', async (quirk, shape) => {
    expect(await changed(quirk)).toMatch(shape);
  });

  it.each([
    ['us-date-values', /Name="Status" Value="\d\d-\d\d-\d{4}T[\d:]+Z"/],
    ['empty-values', /Name="Status" Value=""/],
    ['initialized-1970', /UtcTime="1970-01-01T00:00:00Z" PropertyOperation="Initialized"/],
  ])('%s', async (quirk, shape) => {
    const { pull } = await quirky([quirk]);
    expect(await pull()).toMatch(shape);
  });

  it('undeclared-prefixes: used, never declared', async () => {
    const text = await changed('undeclared-prefixes');
    expect(text).toContain('<wsnt:NotificationMessage>');
    expect(text).not.toMatch(/xmlns:(wsa|wsnt|tns1|ter)=/);
  });

  it('invalid-utf8: decoding leaves a replacement character', async () => {
    expect(await changed('invalid-utf8')).toContain('Name="Text" Value="\ufffd(\ufffd"');
  });

  it('malformed-answers: one of so many', async () => {
    const { device, pull } = await quirky(['malformed-answers=2']);
    const texts = [];
    for (let n = 0; n < 4; n++) {
      device.emit('tns1:AccessControl/AccessGranted/Anonymous');
      texts.push(await pull());
    }
    expect(texts.map((text) => text.includes('</tt:Massage><'))).toEqual([false, true, false, true]);
  });

  it('html-answers: one of so many, and no message dies of it', async () => {
    const { pull, address, device } = await quirky(['html-answers=3']);
    await pull();
    device.emit('tns1:AccessControl/AccessGranted/Anonymous');
    const { status, headers } = await plainCall(address, pullBody('PT0S'));
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(messagesOf(await pull())).toHaveLength(1);
  });
});

describe('quirk of states', () => {
  it('never-initialized: not even on a synchronization point', async () => {
    const { address, pull } = await quirky(['never-initialized']);
    expect((await plainCall(address, '<tev:SetSynchronizationPoint/>')).status).toBe(200);
    expect(messagesOf(await pull())).toEqual([]);
  });

  it('initialized-every-pull: behind what happened', async () => {
    const { pull } = await quirky(['initialized-every-pull']);
    const first = messagesOf(await pull()).length;
    expect([first > 20, messagesOf(await pull()).length]).toEqual([true, first / 2]);
  });

  it('no-deleted: gone without a word, but not without a trace in the ledger', async () => {
    const { device, pull } = await quirky(['no-deleted']);
    await pull();
    device.deleteProperty('tns1:Device/Trigger/Relay', { source: { RelayToken: 'Relay_1' } });
    expect(messagesOf(await pull())).toEqual([]);
    expect(device.ledger.events).toMatchObject([{ operation: 'Deleted' }]);
  });

  it('no-false and single-message-pulls', async () => {
    const { device, pull } = await quirky(['no-false', 'single-message-pulls', 'never-initialized']);
    for (const LogicalState of [true, false, true]) {
      device.setProperty(INPUT, { source: { InputToken: 'Input_1' }, data: { LogicalState } });
    }
    const pulls = [messagesOf(await pull()), messagesOf(await pull()), messagesOf(await pull())];
    expect(pulls.map((messages) => messages.map(({ items }) => items.LogicalState))).toEqual([['true'], ['true'], []]);
  });

  it('initial-burst and log-flood', async () => {
    const { device, pull } = await quirky(['initial-burst=60', 'log-flood=200']);
    expect(messagesOf(await pull()).filter(({ topic }) => topic === INPUT)).toHaveLength(62);
    await vi.waitFor(() => expect(device.ledger.produced).toBeGreaterThan(3));
    expect(device.ledger.events[0]?.topic).toBe('tns1:Device/acme:Logs');
  });
});

describe('quirk of what a device says of itself', () => {
  it('event-properties-fault', async () => {
    const { urls } = await quirky(['event-properties-fault']);
    expect((await plainCall(urls.events, '<tev:GetEventProperties/>')).text).toContain('ter:InvalidArgVal');
  });

  it.each([
    ['repeated-topic-roots', /<tns1:Monitoring>.*<\/tns1:Monitoring><tns1:Monitoring>/],
    ['topic-flag-everywhere', /<tns1:Monitoring wstop:topic="true">.*"xs:float".*"xsd:/],
  ])('%s', async (quirk, shape) => {
    const { urls } = await quirky([quirk]);
    expect((await plainCall(urls.events, '<tev:GetEventProperties/>')).text).toMatch(shape);
  });

  it('undescribed-topics: sent, not described', async () => {
    const { urls, pull } = await quirky(['undescribed-topics']);
    const described = (await plainCall(urls.events, '<tev:GetEventProperties/>')).text;
    expect([described.includes('<LinkStatus'), (await pull()).includes('Monitoring/LinkStatus')]).toEqual([
      false,
      true,
    ]);
  });

  it('shared-endpoint: two devices, one UUID, one serial number, one MAC', async () => {
    await quirky(['shared-endpoint'], { devices: 2 });
    for (const name of ['GetEndpointReference', 'GetDeviceInformation', 'GetNetworkInterfaces']) {
      const told = await Promise.all(simulator!.devices.map(({ address }) => plainCall(address, `<tds:${name}/>`)));
      const facts = told.map(({ text }) => /(?:GUID|SerialNumber|HwAddress)>([^<]*)/.exec(text)?.[1]);
      expect([facts[0], facts[0] === facts[1]]).toEqual([expect.any(String), true]);
    }
  });

  it('local-time-as-utc and no-utc-date-time', async () => {
    const local = await quirky(['local-time-as-utc']);
    const { text } = await plainCall(local.urls.device, '<tds:GetSystemDateAndTime/>');
    const hour = Number(/<tt:UTCDateTime><tt:Time><tt:Hour>(\d+)/.exec(text)?.[1]);
    expect([(hour + 22) % 24, text.includes('<tt:TZ>LOC-2</tt:TZ>')]).toEqual([new Date().getUTCHours(), true]);
    await simulator?.close();
    const none = await quirky(['no-utc-date-time']);
    const answer = (await plainCall(none.urls.device, '<tds:GetSystemDateAndTime/>')).text;
    const localHour = Number(/<tt:LocalDateTime><tt:Time><tt:Hour>(\d+)/.exec(answer)?.[1]);
    expect([(localHour + 22) % 24, answer.includes('UTCDateTime')]).toEqual([new Date().getUTCHours(), false]);
  });
});

describe('quirk of the login', () => {
  const login = { username: 'a', password: 'b' } as const;
  const asked = (url: string, headers = '') => plainCall(url, '<tds:GetScopes/>', { headers });
  const wrong =
    '<wsse:Security><wsse:UsernameToken><wsse:Username>eve</wsse:Username></wsse:UsernameToken></wsse:Security>';
  const device = async (quirks: string[], options: SimulatorOptions) => {
    simulator = await startSimulator({ quirks, ...options });
    return simulator.devices[0]!;
  };

  it('auth-on-date-time, html-401', async () => {
    const { address } = await device(['auth-on-date-time', 'html-401'], login);
    const { status, headers, text } = await plainCall(address, '<tds:GetSystemDateAndTime/>');
    expect([status, headers['content-type'], text.startsWith('<html>')]).toEqual([
      401,
      'text/html; charset=utf-8',
      true,
    ]);
  });

  it('not-authorized-400: no challenge', async () => {
    const { address } = await device(['not-authorized-400'], login);
    const { status, headers, text } = await asked(address);
    expect([status, headers['www-authenticate'], text.includes('ter:NotAuthorized')]).toEqual([400, undefined, true]);
  });

  it('lockout: nobody is let in any more, and that is counted', async () => {
    const one = await device(['lockout=2'], { ...login, auth: 'username-token' });
    for (let n = 0; n < 3; n++) expect((await asked(one.address, wrong)).status).toBe(400);
    expect(one.manners).toMatchObject({ authenticationFailures: { total: 2 }, lockedOut: 1 });
  });

  it('echoes-security: whole, secrets and all', async () => {
    const { address } = await device(['echoes-security'], {});
    const { text } = await plainCall(address, '<tds:GetScopes/>', { headers: wrong });
    expect(text).toMatch(/<SOAP-ENV:Header><wsse:Security[^>]*><wsse:UsernameToken><wsse:Username>eve</);
    const { text: created } = await plainCall(serviceUrls(address).events, createBody(), { headers: wrong });
    expect(created).toContain('<wsse:Username>eve');
  });
});
