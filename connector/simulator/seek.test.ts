import { afterEach, describe, expect, it, vi } from 'vitest';
import { createBody, plainCall, pullBody, serviceUrls, subscribe } from '../../test/support/plain-client.ts';
import { eventStore } from './event-store.ts';
import type { SimulatedEvent } from './simulated-event.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts';

let simulator: Simulator | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});

const GRANTED = 'tns1:AccessControl/AccessGranted/Credential';
const RELAY = 'tns1:Device/Trigger/Relay';
const seekBody = (utcTime: string, reverse = '') =>
  `<tev:Seek><tev:UtcTime>${utcTime}</tev:UtcTime>${reverse === '' ? '' : `<tev:Reverse>${reverse}</tev:Reverse>`}</tev:Seek>`;
const at = (second: number) => `2026-03-01T10:00:${String(second).padStart(2, '0')}.000Z`;

/** A device with 30 events, one a second, out of order, and a pull point that has heard nothing yet. */
async function stored(options: SimulatorOptions = { persistentStorage: true }, filter = '') {
  simulator = await startSimulator(options);
  const device = simulator.devices[0]!;
  const address = await subscribe(device.address, filter);
  const emit = (second: number) =>
    device.emit(GRANTED, { utcTime: at(second), data: { CredentialToken: String(second) } });
  for (let second = 29; second >= 0; second--) emit(second);
  const seek = (utcTime: string, reverse?: string) => plainCall(address, seekBody(utcTime, reverse));
  const pull = async (limit?: number) => tokensOf((await plainCall(address, pullBody('PT0S', limit))).text);
  return { device, address, emit, seek, pull };
}

/** CredentialToken of each message; the topic's last level where there is none. */
function tokensOf(text: string): string[] {
  return [...text.matchAll(/<wsnt:NotificationMessage>(.*?)<\/wsnt:NotificationMessage>/gs)].map(([, one = '']) => {
    const token = /Name="CredentialToken" Value="([^"]*)"/.exec(one)?.[1];
    return token ?? /\/(\w+)<\/wsnt:Topic>/.exec(one)?.[1] ?? '';
  });
}

const span = (from: number, to: number) =>
  Array.from({ length: Math.abs(to - from) + 1 }, (_, index) => String(from + Math.sign(to - from) * index));

describe('Seek', () => {
  it('drops initial states and delivers what was stored in UtcTime order, MessageLimit at a time, then what happens', async () => {
    const { device, seek, pull, emit } = await stored();
    expect((await seek(at(5))).text).toContain('<tev:SeekResponse/>');
    expect(await pull(10)).toEqual(span(5, 14));
    device.emit(GRANTED, { data: { CredentialToken: 'live' } });
    expect(await pull(100)).toEqual([...span(15, 29), 'live']);
    expect(await pull()).toEqual([]);
    emit(40);
    expect(await pull()).toEqual(['40']);
    await vi.waitFor(() =>
      expect(device.ledger.answers.map(({ replayed, begin }) => [replayed, begin])).toEqual([
        [10, false],
        [15, false],
        [0, false],
      ]),
    );
  });

  it('in reverse goes backwards and ends with the beginning of the store, once', async () => {
    const { seek, pull, emit } = await stored();
    await seek(at(3), 'true');
    expect(await pull()).toEqual([...span(3, 0), 'Begin']);
    emit(50);
    expect(await pull()).toEqual([]);
    await seek(at(28), '0');
    expect(await pull()).toEqual(['28', '29', '50']);
  });

  it('is answered with EventBuffer/Begin first where the target lies before the beginning, in either direction', async () => {
    const { device, seek, pull } = await stored();
    expect(device.dropStored(10)).toBe(10);
    await seek(at(9));
    expect(await pull()).toEqual(['Begin', ...span(10, 29)]);
    await seek(at(10));
    expect(await pull()).toEqual(span(10, 29));
    await seek('1990-01-01T00:00:00Z', '1');
    expect(await pull()).toEqual(['Begin']);
  });

  it('writes EventBuffer/Begin without items and without PropertyOperation, to this subscription alone', async () => {
    const filter =
      '<tev:Filter><wsnt:TopicExpression xmlns:tns1="http://www.onvif.org/ver10/topics" Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">tns1:AccessControl//.</wsnt:TopicExpression></tev:Filter>';
    const { device, address, seek } = await stored({ persistentStorage: 3 }, filter);
    const other = await subscribe(device.address, filter);
    await seek(at(0));
    const { text } = await plainCall(address, pullBody('PT0S'));
    expect(tokensOf(text)).toEqual(['Begin', '27', '28', '29']);
    expect(text).toMatch(
      /tns1:EventBuffer\/Begin<\/wsnt:Topic>.*?<tt:Message UtcTime="[^"]*"><tt:Source\/><tt:Data\/>/,
    );
    expect(tokensOf((await plainCall(other, pullBody('PT0S'))).text)).toEqual([]);
  });
});

describe('after a Seek', () => {
  it('loses nothing that happens during the replay, though the queue is short', async () => {
    const { device, seek, pull } = await stored({ persistentStorage: true, limits: { queueLimit: 2 } });
    await seek(at(28));
    for (const token of ['a', 'b', 'c', 'd']) device.emit(GRANTED, { data: { CredentialToken: token } });
    expect(await pull()).toEqual(['28', '29', 'a', 'b', 'c', 'd']);
  });

  it('wakes a blocked pull, and synchronization points bring nothing after it', async () => {
    const { device, address, seek, pull } = await stored();
    await pull();
    const blocked = plainCall(address, pullBody('PT60S'));
    await vi.waitFor(async () =>
      expect((await plainCall(address, pullBody('PT0S'))).text).toContain('UnableToGetMessagesFault'),
    );
    await seek(at(29));
    expect(tokensOf((await blocked).text)).toEqual(['29']);
    expect((await plainCall(address, '<tev:SetSynchronizationPoint/>')).status).toBe(200);
    expect(await pull()).toEqual([]);
    device.setProperty(RELAY, { source: { RelayToken: 'Relay_1' }, data: { LogicalState: 'active' } });
    expect(await pull()).toEqual(['Relay']);
  });

  it('brings no beginning where nothing is missing, and survives a power cycle', async () => {
    simulator = await startSimulator({ persistentStorage: true });
    const device = simulator.devices[0]!;
    const before = new Date(Date.now() - 60_000).toISOString();
    device.emit(GRANTED, { data: { CredentialToken: 'a' } });
    device.powerCycle({ downMs: 1 });
    const address = await vi.waitFor(() => subscribe(device.address));
    await plainCall(address, seekBody(before));
    expect(tokensOf((await plainCall(address, pullBody('PT0S'))).text)).toEqual(['a']);
  });

  it('faults without the capability, and for arguments that are none', async () => {
    const { seek, device } = await stored({});
    expect((await seek(at(0))).text).toContain('ter:ActionNotSupported');
    expect((await plainCall(serviceUrls(device.address).events, '<tev:GetServiceCapabilities/>')).text).toContain(
      'PersistentNotificationStorage="false"',
    );
    await simulator?.close();
    const able = await stored();
    expect((await plainCall(able.address, '<tev:Seek/>')).text).toContain('ter:InvalidArgs');
    expect((await able.seek('yesterday')).text).toContain('ter:InvalidArgVal');
    const { text } = await plainCall(serviceUrls(able.device.address).events, createBody());
    expect(text).toContain('SubscriptionReference');
  });
});

describe('the store', () => {
  const event = (number: number): SimulatedEvent => ({
    ...{ number, topic: GRANTED, operation: null, utcTime: '', source: {}, key: {}, data: {} },
  });
  const numbers = (events: readonly SimulatedEvent[]) => events.map(({ number }) => number);

  it('keeps so many and forgets the oldest', () => {
    const store = eventStore(3, 0);
    for (let number = 1; number <= 5; number++) store.add(event(number), number * 1000);
    expect(numbers(store.seek(0, false).events)).toEqual([3, 4, 5]);
    expect([store.size, store.beginsAt, store.seek(2001, false).beforeBeginning]).toEqual([3, 2001, false]);
    store.setLimit(1);
    expect(store.seek(4000, false)).toMatchObject({ events: [event(5)], beforeBeginning: true });
  });

  it('puts what happened earlier where it belongs, and keeps the order of one moment', () => {
    const store = eventStore(10, 0);
    for (const [number, time] of [
      [1, 5],
      [2, 9],
      [3, 5],
      [4, 1],
    ] as const)
      store.add(event(number), time);
    expect(numbers(store.seek(0, false).events)).toEqual([4, 1, 3, 2]);
    expect(numbers(store.seek(5, true).events)).toEqual([3, 1, 4]);
  });
});
