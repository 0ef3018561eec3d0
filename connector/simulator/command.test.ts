import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { plainCall } from '../../test/support/plain-client.ts';
import { runSimulate, type SimulateArguments } from './command.ts';

function run(args: Partial<SimulateArguments>) {
  const stdout = new PassThrough().setEncoding('utf8');
  const aborter = new AbortController();
  let printed = '';
  stdout.on('data', (text: string) => {
    printed += text;
  });
  const exit = runSimulate({ port: 0, devices: 1, rate: 0, quirks: [], ...args }, { stdout, signal: aborter.signal });
  return { exit, stop: () => aborter.abort(), printed: () => printed };
}

describe('simulate', () => {
  it('prints devices to paste into a configuration and runs until it is stopped', async () => {
    const { exit, stop, printed } = run({ devices: 2, username: 'ada', password: 's: "x"' });
    await vi.waitFor(() => expect(printed()).toContain('control API'));
    const { devices } = parse(printed()) as {
      devices: { id: string; address: string; username: string; password: string }[];
    };
    expect(devices).toMatchObject([
      { id: 'sim-1', username: 'ada', password: 's: "x"' },
      { id: 'sim-2', address: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/onvif\/device_service$/) },
    ]);
    expect((await plainCall(devices[1]!.address, '<tds:GetSystemDateAndTime/>')).status).toBe(200);
    stop();
    expect(await exit).toBe(0);
    await expect(plainCall(devices[1]!.address, '<tds:GetSystemDateAndTime/>')).rejects.toThrow();
  });

  it('refuses unknown quirks and unreadable scenarios', async () => {
    await expect(run({ quirks: ['odd'] }).exit).rejects.toThrow('Unknown quirk "odd"');
    await expect(run({ scenario: '/nowhere.yaml' }).exit).rejects.toThrow('Scenario /nowhere.yaml cannot be read');
  });

  it('takes the load of its arguments', async () => {
    const { exit, stop, printed } = run({ loadBatch: 5, loadTotal: 10, loadKind: 'motion' });
    await vi.waitFor(() => expect(printed()).toContain('control API'));
    const { devices } = parse(printed()) as { devices: { address: string }[] };
    const events = devices[0]!.address.replace('device_service', 'event_service');
    expect((await plainCall(events, '<tev:GetEventProperties/>')).text).toContain('Name="Sequence"');
    stop();
    expect(await exit).toBe(0);
  });
});
