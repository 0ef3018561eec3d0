import { describe, expect, test, vi } from 'vitest';
import { mosquittoAvailable } from '../support/mosquitto.ts';
import { figuresTable } from './figures-table.ts';
import type { ProcessFigures } from './process-figures.ts';
import { type RunningFleet, runFleet } from './running-fleet.ts';
import { type SimulatedFleet, startFleet } from './simulated-fleet.ts';

const PROCESSES = 2;
const DEVICES = Number(process.env.FLEET_DEVICES ?? 2000);
/** Events a second and device; the devices of a process move in step, every five seconds. */
const RATE = Number(process.env.FLEET_RATE ?? 0.2);
/** The start is spread over ten seconds by design; the rest is describing two thousand devices on two cores. */
const ONLINE_WITHIN_MS = 100_000;
const ANSWER_WITHIN_MS = 1_000;
const ASKED = 9;
/** The two ends of the time measured are not cut at the same moment. */
const KEPT_UP = 0.95;
const MEASURED_MS = 20_000;
/** As config/systemd and config/compose.yaml grant. */
const STOP_WITHIN_MS = 30_000;
/** Half access controllers with two doors (65 series), half cameras (29), and what is said of every device. */
const SERIES_A_DEVICE = 60;
const SERIES_BESIDE = 2_000;
/** One connection waits in PullMessages, one is for everything else. */
const DESCRIPTORS_A_DEVICE = 2.1;
/** Resident. V8 collects no sooner than it must: about twice what is in use. */
const BYTES_A_DEVICE = 650 * 1024;

const PATHS = [
  '/',
  '/metrics',
  '/readyz',
  '/api/v1/devices',
  '/api/v1/devices/device-1',
  '/api/v1/doors',
  '/api/v1/sinks',
];

describe.runIf(mosquittoAvailable())(`${DEVICES} devices`, () => {
  test('are online in time, observed within a second, bounded, and left in order', { retry: 0 }, async () => {
    const rows: [string, string][] = [];
    const alone = await baseline();
    const fleet = await startFleet(PROCESSES, DEVICES / PROCESSES, RATE);
    const running = await runFleet(fleet.addresses);
    try {
      rows.push(['all online after', seconds(await untilOnline(running))]);
      rows.push(...(await pace(running, fleet)));
      rows.push(...(await answers(running)));
      rows.push(...(await series(running)));
      const holding = running.figures();
      rows.push(...memory(holding, alone));
      heldMemory(holding, alone);
      const { code, ms } = await running.stop();
      rows.push(['stopped after', seconds(ms)]);
      expect(code, running.program.stderr().slice(-2000)).toBe(0);
      expect(ms).toBeLessThan(STOP_WITHIN_MS);
      expect(await fleet.openSubscriptions(), 'subscriptions left on devices').toBe(0);
      const ends = await fleet.ends();
      rows.push(['subscriptions ended', JSON.stringify(ends)]);
      const { violations, requests } = await fleet.totals();
      rows.push(['requests to the devices', count(requests)]);
      expect(violations, 'what the simulator found wrong with its client').toBe(0);
    } finally {
      process.stdout.write(figuresTable(`${DEVICES} devices`, rows));
      await running.close();
      await fleet.close();
    }
  });
});

/** The connector with no device: what of its memory is its own. */
async function baseline(): Promise<ProcessFigures> {
  const running = await runFleet([]);
  try {
    await vi.waitFor(async () => expect((await running.ask('/readyz')).status).toBe(200), {
      timeout: 20_000,
      interval: 200,
    });
    return running.figures();
  } finally {
    await running.close();
  }
}

async function untilOnline(running: RunningFleet): Promise<number> {
  await vi.waitFor(
    async () => {
      const { devices } = JSON.parse((await running.ask('/readyz')).text) as { devices: Record<string, string> };
      const online = Object.values(devices).filter((status) => status === 'online');
      expect(online).toHaveLength(DEVICES);
    },
    { timeout: ONLINE_WITHIN_MS, interval: 500 },
  );
  return performance.now() - running.startedAt;
}

/** Events pass while nobody asks for anything; CPU of the steady state. */
async function pace(running: RunningFleet, fleet: SimulatedFleet): Promise<[string, string][]> {
  const online = running.figures();
  await vi.waitFor(async () => expect(value(await metrics(running), 'spool_oldest_age_seconds')).toBeLessThan(1), {
    timeout: 60_000,
    interval: 500,
  });
  const { produced } = await fleet.totals();
  const from = await metrics(running);
  const begin = running.figures();
  await new Promise((resolve) => setTimeout(resolve, MEASURED_MS));
  const end = running.figures();
  const happened = (await fleet.totals()).produced - produced;
  const to = await metrics(running);
  const took = end.at - begin.at;
  const published = value(to, 'events_published_total') - value(from, 'events_published_total');
  expect(happened).toBeGreaterThan(0);
  expect(published, `of ${happened} that happened`).toBeGreaterThan(happened * KEPT_UP);
  expect(value(to, 'spool_oldest_age_seconds')).toBeLessThan(2);
  return [
    ['CPU until all were online', seconds(online.cpuSeconds * 1000)],
    ['events that happened, a second', (happened / took).toFixed(0)],
    ['events published a second', (published / took).toFixed(0)],
    ['CPU while they come, share of a core', percent((end.cpuSeconds - begin.cpuSeconds) / took)],
  ];
}

async function answers(running: RunningFleet): Promise<[string, string][]> {
  const rows: [string, string][] = [];
  for (const path of PATHS) {
    const taken: number[] = [];
    let bytes = 0;
    for (let n = 0; n < ASKED; n++) {
      const { ms, status, text } = await running.ask(path);
      expect(status, path).toBe(200);
      taken.push(ms);
      bytes = Buffer.byteLength(text);
    }
    taken.sort((a, b) => a - b);
    const median = taken[Math.floor(ASKED / 2)]!;
    rows.push([
      path,
      `${median.toFixed(0)} ms (${taken[0]!.toFixed(0)}–${taken.at(-1)!.toFixed(0)}), ${count(bytes)} bytes`,
    ]);
    expect(median, `median of ${path}`).toBeLessThan(ANSWER_WITHIN_MS);
  }
  return rows;
}

async function series(running: RunningFleet): Promise<[string, string][]> {
  const text = await metrics(running);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const ofDevices = lines.filter((line) => /[{,]device="/.test(line));
  expect(new Set(ofDevices.map((line) => /device="([^"]*)"/.exec(line)![1])).size).toBe(DEVICES);
  expect(lines.length).toBeLessThan(DEVICES * SERIES_A_DEVICE + SERIES_BESIDE);
  const late = lines.find((line) => line.startsWith('nodejs_eventloop_lag_p99_seconds'));
  return [
    ['series at /metrics', `${count(lines.length)}, ${(ofDevices.length / DEVICES).toFixed(1)} a device`],
    ['event loop lag, p99', `${(Number(late?.split(' ')[1]) * 1000).toFixed(0)} ms`],
  ];
}

function memory(now: ProcessFigures, alone: ProcessFigures): [string, string][] {
  const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
  return [
    ['resident memory without devices', `${mib(alone.resident)}, ${mib(alone.anonymous)} without mapped files`],
    ['resident memory', `${mib(now.resident)}, ${mib(now.anonymous)} without mapped files`],
    ['memory a device', `${((now.resident - alone.resident) / DEVICES / 1024).toFixed(0)} KiB`],
    [
      'file descriptors',
      `${now.descriptors}, ${((now.descriptors - alone.descriptors) / DEVICES).toFixed(2)} a device`,
    ],
  ];
}

function heldMemory(now: ProcessFigures, alone: ProcessFigures): void {
  expect((now.resident - alone.resident) / DEVICES).toBeLessThan(BYTES_A_DEVICE);
  expect(now.descriptors - alone.descriptors).toBeLessThan(DEVICES * DESCRIPTORS_A_DEVICE);
}

async function metrics(running: RunningFleet): Promise<string> {
  return (await running.ask('/metrics')).text;
}

/** Of all series of the metric of the connector, the sum. */
function value(text: string, name: string): number {
  const found = [...text.matchAll(new RegExp(`^onvif_connector_${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))];
  return found.reduce((sum, [, number]) => sum + Number(number), 0);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}
