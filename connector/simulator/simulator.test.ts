import { Agent } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { messagesOf, plainCall, post, pullBody, serviceUrls, subscribe } from '../../test/support/plain-client.ts';
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
const relay = { source: { RelayToken: 'Relay_1' }, data: { LogicalState: 'active' } };

describe('a client that goes away', () => {
  it('leaves its pull behind: the next one is refused and the message is lost, and the ledger knows', async () => {
    const { device } = await started();
    const address = await subscribe(device.address);
    await plainCall(address, pullBody());
    const aborter = new AbortController();
    const gone = plainCall(address, pullBody('PT60S'), { signal: aborter.signal }).catch((error: Error) => error.name);
    await vi.waitFor(async () => {
      expect((await plainCall(address, pullBody('PT0S'))).text).toContain('UnableToGetMessagesFault');
    });
    aborter.abort();
    expect(await gone).toBe('AbortError');
    expect((await plainCall(address, pullBody())).text).toContain('UnableToGetMessagesFault');
    const number = device.setProperty('tns1:Device/Trigger/Relay', relay);
    await vi.waitFor(() =>
      expect(device.ledger.answers.at(-1)).toMatchObject({ events: [[number, number]], finished: false }),
    );
    const next = device.setProperty('tns1:Device/Trigger/Relay', relay);
    await plainCall(address, pullBody());
    await vi.waitFor(() =>
      expect(device.ledger.answers.at(-1)).toMatchObject({ events: [[next, next]], finished: true }),
    );
  });
});

describe('a device', () => {
  it('forgets subscriptions and connections at a reboot and says when it was', async () => {
    const { device, urls } = await started();
    const address = await subscribe(device.address);
    await plainCall(address, pullBody());
    const agent = new Agent({ keepAlive: true });
    const blocked = plainCall(address, pullBody('PT60S'), { agent }).catch(
      (error: NodeJS.ErrnoException) => error.code,
    );
    await vi.waitFor(async () => {
      expect((await plainCall(address, pullBody('PT0S'))).text).toContain('UnableToGetMessagesFault');
    });
    device.reboot(50);
    expect(await blocked).toBe('ECONNRESET');
    await expect(plainCall(urls.device, '<tds:GetSystemDateAndTime/>')).rejects.toThrow();
    await vi.waitFor(async () =>
      expect((await plainCall(urls.device, '<tds:GetSystemDateAndTime/>')).status).toBe(200),
    );
    expect((await plainCall(address, pullBody())).text).toContain('ResourceUnknownFault');
    expect(device.ledger.subscriptions).toMatchObject([{ end: 'reboot' }]);
  });

  it('answers SystemReboot before it goes', async () => {
    const { urls } = await started();
    expect((await plainCall(urls.device, '<tds:SystemReboot/>')).text).toContain('SystemRebootResponse');
    await vi.waitFor(() => expect(plainCall(urls.device, '<tds:GetSystemDateAndTime/>')).rejects.toThrow());
  });

  it('switches a relay, with tds elements at the DeviceIO service, and tells by an event', async () => {
    const { device, urls } = await started();
    const address = await subscribe(device.address, topics('tns1:Device/Trigger//.'));
    await plainCall(address, pullBody());
    const order =
      '<tds:SetRelayOutputState><tds:RelayOutputToken>Relay_2</tds:RelayOutputToken><tds:LogicalState>active</tds:LogicalState></tds:SetRelayOutputState>';
    expect((await plainCall(urls.io, order)).text).toContain('tds:SetRelayOutputStateResponse');
    expect(messagesOf((await plainCall(address, pullBody())).text)).toEqual([
      {
        topic: 'tns1:Device/Trigger/Relay',
        operation: 'Changed',
        items: { RelayToken: 'Relay_2', LogicalState: 'active' },
      },
    ]);
    expect((await plainCall(urls.io, order.replace('Relay_2', 'Relay_9'))).text).toContain('ter:RelayToken');
  });
});

describe('what a device is asked', () => {
  it('gives service addresses with the host of the request', async () => {
    const { device, urls } = await started();
    const { text } = await plainCall(
      urls.device,
      '<tds:GetServices><tds:IncludeCapability>false</tds:IncludeCapability></tds:GetServices>',
      {
        httpHeaders: { host: 'camera.example:8080' },
      },
    );
    expect(text).toContain(`http://camera.example:8080/${device.id}/onvif/event_service`);
    expect(text).not.toContain('Capabilities');
  });

  it.each([
    ['GET', { method: 'GET' }, 405],
    ['another media type', { contentType: 'text/xml' }, 415],
  ])('refuses %s with a bare status', async (_, options, status) => {
    const { urls } = await started();
    expect(await plainCall(urls.device, '<tds:GetSystemDateAndTime/>', options)).toMatchObject({ status, text: '' });
  });

  it.each([
    ['broken XML', '<a', 'ter:WellFormed'],
    ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'ter:WellFormed'],
    [
      'a SOAP 1.1 envelope',
      '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>',
      'VersionMismatch',
    ],
    ['endless depth', '<a>'.repeat(1000), 'ter:WellFormed'],
  ])('faults %s', async (_, text, fault) => {
    const { urls } = await started();
    const answer = await post(urls.device, text, { contentType: 'application/soap+xml' });
    expect([answer.status, answer.text.includes(fault)]).toEqual([400, true]);
  });

  it('faults an operation it does not have as Receiver/ActionNotSupported', async () => {
    const { urls } = await started();
    const answer = await plainCall(urls.device, '<tds:GetUsers/>');
    expect([answer.status, answer.text.includes('ter:ActionNotSupported')]).toEqual([500, true]);
  });
});

describe('a simulator', () => {
  it('tells the same story for the same seed', async () => {
    const story = async () => {
      const { device } = await started({ rate: 500, seed: 7 });
      await vi.waitFor(() => expect(device.ledger.events.length).toBeGreaterThan(50));
      return device.ledger.events.slice(0, 50).map(({ topic, source, data }) => ({ topic, source, data }));
    };
    expect(await story()).toEqual(await story());
  });

  it('lives on a port of its own where asked to, with the standard path', async () => {
    const { simulator } = await started({ devices: 3, portPerDevice: true });
    const urls = simulator.devices.map(({ address }) => new URL(address));
    expect(new Set(urls.map(({ port }) => port)).size).toBe(3);
    expect(new Set(urls.map(({ pathname }) => pathname))).toEqual(new Set(['/onvif/device_service']));
    expect(simulator.devices.map(({ preset }) => preset)).toEqual(['access-controller', 'camera', 'access-controller']);
  });

  it('cannot be started on a port that is taken, and says so', async () => {
    const { device } = await started();
    const port = Number(new URL(device.address).port);
    await expect(startSimulator({ port })).rejects.toThrow(/Cannot listen on 127\.0\.0\.1:\d+.*Choose another port/);
  });
});
