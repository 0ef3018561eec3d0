import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { readScenario } from './scenario.ts';
import { type Simulator, startSimulator } from './simulator.ts';

let simulator: Simulator | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});

async function played(text: string, devices = 2) {
  simulator = await startSimulator({ devices, persistentStorage: true, scenario: readScenario(text, 's.yaml') });
  await simulator.scenarioDone;
  return simulator.devices;
}

const faultsOf = (text: string) => {
  try {
    readScenario(text, 's.yaml');
  } catch (error) {
    return (error as Error).message.split('\n');
  }
  return [];
};

describe('a scenario', () => {
  it('plays its steps in order, for a named device and for all others', async () => {
    const [one, two] = await played(`
devices:
  sim-1:
    - set: tns1:Door/State/DoorMode
      source: { DoorToken: Door_7 }
      data: { State: Locked }
    - wait: 20ms
    - set: tns1:Door/State/DoorMode
      source: { DoorToken: Door_7 }
      data: { State: Accessed }
    - delete: tns1:Door/State/DoorMode
      source: { DoorToken: Door_7 }
  "*":
    - clock: -1h
    - emit: acme:Analytics/Loitering
      utcTime: "2026-01-01T00:00:00Z"
      data: { Seconds: 3, Zone: [a, b] }
`);
    expect(one?.ledger.events.map(({ operation }) => operation)).toEqual(['Initialized', 'Changed', 'Deleted']);
    expect(two?.ledger.events).toMatchObject([
      { topic: 'acme:Analytics/Loitering', utcTime: '2026-01-01T00:00:00Z', data: { Zone: ['a', 'b'] } },
    ]);
    expect(two?.clockOffset).toBe(-3_600_000);
  });

  it('knows every trouble a device can have', async () => {
    const [one, two] = await played(`
devices:
  sim-1:
    - emit: tns1:AccessControl/AccessGranted/Credential
      count: 3
      data: { CredentialToken: "T{number}" }
    - refuse-subscriptions: 1h
    - unavailable: 1h
    - half-open: 1h
    - cut-off: 1h
    - calm: true
    - refuse-subscriptions: 1h
    - cut-answers: 0.1
      forMs: 30s
    - reset-connections: 0.1
    - password: other
    - password: null
    - strangers: 2
      lifetimeMs: 1m
    - drop-stored: 1
    - store-limit: 5
  sim-2:
    - power-cycle: 10ms
      clock: "2017-12-31T16:00:00Z"
      recycleIds: true
      strangers: 1
      forgetProperties: true
    - wait: 50ms
`);
    expect(one?.ledger.events.map(({ data }) => data.CredentialToken)).toEqual(['T1', 'T2', 'T3']);
    expect([one?.line.refusing, one?.line.silent, one?.line.overloaded, one?.subscriptions]).toEqual([
      true,
      false,
      false,
      2,
    ]);
    expect([one?.stored, two?.openSubscriptions.map(({ owner }) => owner)]).toEqual([
      { size: 2, limit: 5 },
      ['stranger'],
    ]);
    expect(new Date(Date.now() + (two?.clockOffset ?? 0)).getUTCFullYear()).toBe(2017);
  });

  it('may be JSON, and the example is one', async () => {
    expect(
      readScenario('{"devices":{"*":[{"reboot":"2s"},{"unsubscribe-all":true}]}}', 's.json').devices['*'],
    ).toMatchObject([{ verb: 'reboot' }, { verb: 'unsubscribe-all' }]);
    const file = new URL('../../config/scenario.example.yaml', import.meta.url);
    expect(Object.keys(readScenario(await readFile(file, 'utf8'), 'scenario.example.yaml').devices)).toEqual([
      'sim-1',
      '*',
    ]);
  });

  it('names file and line of everything that is wrong with it', () => {
    const text = `repeat: often
devices:
  sim-1:
    - wait: long
    - emit: no topic
    - emit: tns1:A/B
      dada: { X: 1 }
    - { wait: 1s, reboot: 1s }
    - wait: -1s
    - set: tns1:A/B
      operation: Exploded
  sim-2: none
speed: 2`;
    expect(faultsOf(text)).toEqual([
      's.yaml:1: repeat is true or false',
      expect.stringMatching(/^s\.yaml:4: wait: a time like 500ms/),
      expect.stringMatching(/^s\.yaml:5: emit: "no topic" is no topic/),
      's.yaml:6: "dada" is not known in a step with emit',
      expect.stringMatching(/^s\.yaml:8: a step has exactly one of wait, emit, set/),
      expect.stringMatching(/^s\.yaml:9: wait: a time/),
      expect.stringMatching(/^s\.yaml:10: set: .*operation is one of/),
      's.yaml:12: sim-2 has a list of steps',
      expect.stringMatching(/^s\.yaml:13: "speed" is not known here/),
    ]);
    expect(faultsOf('devices: [')[0]).toMatch(/^s\.yaml:\d+: /);
    expect(faultsOf('')).toEqual(['s.yaml:1: a scenario is a mapping with `devices`']);
    expect(faultsOf('repeat: true')).toEqual(['s.yaml:1: no devices']);
  });

  it('ends with file and line of a step that cannot be done', async () => {
    const text = 'devices:\n  sim-1:\n    - delete: tns1:Door/State/DoorMode\n';
    await expect(played(text)).rejects.toThrow('s.yaml:3: sim-1 has no such property of tns1:Door/State/DoorMode');
    await simulator?.close();
    await expect(played('devices:\n  sim-9:\n    - wait: 1s\n')).rejects.toThrow(
      'no device "sim-9"; there are sim-1, sim-2',
    );
  });
});
