import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { messagesOf, plainCall, pullBody, subscribe } from '../../test/support/plain-client.ts';
import { type Simulator, startSimulator } from './simulator.ts';

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator({ devices: 2, limits: { queueLimit: 30 } });
});
afterEach(() => simulator.close());

async function get(path: string): Promise<Record<string, unknown>> {
  const response = await fetch(simulator.controlUrl + path);
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

async function act(path: string, body: unknown): Promise<{ status: number; value: Record<string, unknown> }> {
  const response = await fetch(`${simulator.controlUrl}devices/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return { status: response.status, value: (await response.json()) as Record<string, unknown> };
}

describe('the control API', () => {
  it('raises events that arrive like any other, and shows them in the ledger', async () => {
    const address = await subscribe(simulator.devices[0]!.address);
    await plainCall(address, pullBody());
    const topic = 'tns1:AccessControl/Denied/Credential';
    const emitted = await act('sim-1/emit', {
      topic,
      source: { AccessPointToken: 'A' },
      data: { Reason: 'Other' },
      utcTime: '2026-01-01T00:00:00Z',
    });
    expect(emitted).toEqual({ status: 200, value: { number: 1 } });
    const { text } = await plainCall(address, pullBody());
    expect(messagesOf(text)).toEqual([{ topic, operation: null, items: { AccessPointToken: 'A', Reason: 'Other' } }]);
    expect(text).toContain('UtcTime="2026-01-01T00:00:00Z"');
    await vi.waitFor(async () => {
      const { devices } = await get('ledger?device=sim-1&after=1');
      expect(devices).toMatchObject([
        {
          device: 'sim-1',
          produced: 1,
          answers: [{ answer: 2, events: [[1, 1]], synchronization: 0, finished: true }],
        },
      ]);
    });
    expect(await get('events?device=sim-1')).toMatchObject({ events: [{ number: 1, topic }] });
  });

  it('sets and deletes properties, moves clocks, reboots and ends subscriptions', async () => {
    const door = { topic: 'tns1:Door/State/DoorMode', source: { DoorToken: 'Door_1' }, data: { State: 'Blocked' } };
    expect((await act('sim-1/set', door)).status).toBe(200);
    expect((await act('sim-1/delete', door)).status).toBe(200);
    expect(await act('sim-1/delete', door)).toMatchObject({
      status: 400,
      value: { error: expect.stringContaining('no such property') },
    });
    await act('sim-2/clock', { offsetMs: -5000 });
    expect(simulator.devices[1]?.clockOffset).toBe(-5000);
    await subscribe(simulator.devices[1]!.address);
    await act('sim-2/unsubscribe-all', {});
    expect(simulator.devices[1]?.subscriptions).toBe(0);
    await act('sim-2/reboot', { downMs: 60_000 });
    await expect(plainCall(simulator.devices[1]!.address, '<tds:GetSystemDateAndTime/>')).rejects.toThrow();
  });

  it('says what is wrong with a request', async () => {
    expect(await act('sim-1/emit', {})).toEqual({ status: 400, value: { error: 'topic is missing' } });
    expect((await act('sim-1/emit', { topic: 'nonsense' })).value.error).toContain('"nonsense" is no topic');
    expect((await act('sim-1/emit', { topic: 'tns1:A', data: { B: null } })).value.error).toContain('data.B is text');
    expect((await act('sim-9/emit', { topic: 'tns1:A' })).status).toBe(404);
  });

  it('counts requests and shows violations', async () => {
    await plainCall(simulator.devices[1]!.address, '<tds:GetSystemDateAndTime/>', { action: 'urn:wrong' });
    expect(await get('stats')).toMatchObject({
      devices: [{ requests: {} }, { requests: { GetSystemDateAndTime: 1 } }],
    });
    expect(await get('violations')).toMatchObject({ count: 1, violations: [{ device: 'sim-2', rule: 'action' }] });
  });

  it('shows what a full queue dropped', async () => {
    const device = simulator.devices[1]!;
    await subscribe(device.address);
    const waiting = 12;
    for (let number = 1; number <= 30 + waiting; number++)
      device.emit('acme:Analytics/Loitering', { data: { Seconds: number } });
    const { devices } = await get('ledger?device=sim-2');
    expect(devices).toMatchObject([{ subscriptions: [{ dropped: [[1, waiting]], end: null }] }]);
  });
});
