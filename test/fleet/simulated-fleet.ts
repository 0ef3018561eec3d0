import { type Program, startProgram } from '../support/program.ts';

/** Simulated devices in processes of their own, each device on a port of its own. */
export interface SimulatedFleet {
  readonly addresses: readonly string[];
  /** What `GET /control/stats` counts, summed up over all devices. */
  totals(): Promise<FleetTotals>;
  /** Live subscriptions of all devices. */
  openSubscriptions(): Promise<number>;
  /** How the subscriptions that are over ended, by word; those that live are under `open`. */
  ends(): Promise<Readonly<Record<string, number>>>;
  close(): Promise<void>;
}

export interface FleetTotals {
  readonly produced: number;
  readonly subscriptions: number;
  readonly violations: number;
  readonly requests: number;
}

interface Control<Entry> {
  readonly devices: readonly Entry[];
}

/** @param rate things that happen, a second and device */
export async function startFleet(processes: number, devicesEach: number, rate: number): Promise<SimulatedFleet> {
  const args = (seed: number) => [
    '--port',
    '0',
    '--devices',
    `${devicesEach}`,
    '--rate',
    `${rate}`,
    '--seed',
    `${seed}`,
  ];
  const programs = Array.from({ length: processes }, (_, index) => startProgram(['simulate', ...args(index + 1)]));
  const controls = await Promise.all(programs.map(controlUrlOf));
  const ask = async <Entry>(what: string): Promise<Entry[]> => {
    const answers = await Promise.all(controls.map(async (url) => (await fetch(`${url}${what}`)).json()));
    return (answers as Control<Entry>[]).flatMap(({ devices }) => devices);
  };
  return {
    addresses: programs.flatMap((program) =>
      [...program.stdout().matchAll(/address: (\S+)/g)].map(([, found]) => found!),
    ),
    async totals() {
      const devices = await ask<DeviceStats>('stats');
      const sum = (of: (device: DeviceStats) => number) => devices.reduce((total, device) => total + of(device), 0);
      const counts = (by: Readonly<Record<string, number>>) => Object.values(by).reduce((total, n) => total + n, 0);
      return {
        produced: sum(({ produced }) => produced),
        subscriptions: sum(({ subscriptions }) => subscriptions),
        violations: sum(({ violations }) => counts(violations)),
        requests: sum(({ requests }) => counts(requests)),
      };
    },
    async openSubscriptions() {
      const devices = await ask<{ subscriptions: readonly unknown[] }>('subscriptions');
      return devices.reduce((total, { subscriptions }) => total + subscriptions.length, 0);
    },
    async ends() {
      // After the last answer there ever will be: the subscriptions alone.
      const devices = await ask<{ subscriptions: readonly { end: string | null }[] }>('ledger?after=1e15');
      const found: Record<string, number> = {};
      for (const { end } of devices.flatMap(({ subscriptions }) => subscriptions)) {
        const word = end ?? 'open';
        found[word] = (found[word] ?? 0) + 1;
      }
      return found;
    },
    async close() {
      await Promise.all(programs.map((program) => program.end('SIGTERM')));
    },
  };
}

interface DeviceStats {
  readonly produced: number;
  readonly subscriptions: number;
  readonly requests: Readonly<Record<string, number>>;
  readonly violations: Readonly<Record<string, number>>;
}

async function controlUrlOf(program: Program): Promise<string> {
  const [, url] = await program.says(/control API: (\S+)stats/, 60_000);
  return url!;
}
