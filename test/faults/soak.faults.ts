import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { mosquittoAvailable } from '../support/mosquitto.ts';
import { growth } from './harness/growth.ts';
import { markdownTable, numbersOf, plainTable, violationsOf, writeReport } from './harness/report.ts';
import { during, sleep, until } from './harness/scenario.ts';
import { startWorld, type World } from './harness/world.ts';
import { judge } from './oracle/judge.ts';

const SEED = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 1_000_000_000));
const MINUTES = Number(process.env.FAULT_SOAK_MINUTES ?? 2);
const SAMPLE_MS = 1_000;
/**
 * Start-up, first compilations and the first filling of caches and heap say nothing about years of running: they are hurried by
 * many events at once, and a part of the samples is left out.
 */
const WARM_UP_MS = 25_000;
const WARM_UP_RATE = 400;
const LEFT_OUT = 0.2;
/** Events a second while it is measured. */
const RATE = 50;
/** Over the measured time the lower edge of the memory grows by no more than this part of it. */
const MOST_GROWTH = 0.1;
const MOST_DESCRIPTORS = 8;
const MOST_LAG_P99_S = 0.1;

interface Sample {
  readonly at: number;
  readonly rssMiB: number;
  /** The part of it that is memory of its own, without mapped files: the spool is one, and grows into memory as it is touched. */
  readonly anonymousMiB: number;
  readonly descriptors: number;
  readonly lagP99: number;
}

async function sample(world: World): Promise<Sample> {
  const { pid } = world.connector;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  const descriptors = readdirSync(`/proc/${pid}/fd`).length;
  const metrics = await (await fetch(`http://${world.connector.http()}/metrics`)).text();
  const lagP99 = Number(/^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(metrics)?.[1]);
  return { at: Date.now(), rssMiB: mebibytes('VmRSS'), anonymousMiB: mebibytes('RssAnon'), descriptors, lagP99 };
}

/** One mishap after the other, drawn by chance, with calm in between. */
async function mishap(world: World): Promise<void> {
  const ms = 1_000 + Math.floor(world.chance() * 3_000);
  const way = world.deviceWay;
  const draw = Math.floor(world.chance() * 6);
  const onBroker = async () => {
    for (const one of world.brokerWays) one.set({ refuse: true });
    await sleep(ms);
    for (const one of world.brokerWays) one.set({});
  };
  if (draw === 0) await world.fault('cut answers', 'device', () => during(way, { cut: 0.2 }, ms));
  else if (draw === 1) await world.fault('resets', 'device', () => during(way, { reset: 0.1 }, ms));
  else if (draw === 2) await world.fault('refused', 'device', () => during(way, { refuse: true }, ms));
  else if (draw === 3) await world.fault('broker away', 'broker', onBroker);
  else if (draw === 4) await world.fault('half-open', 'device', async () => way.halfOpen());
  else await world.fault('subscriptions ended', 'device', async () => world.device.endSubscriptions());
  await sleep(2_000 + Math.floor(world.chance() * 4_000));
}

async function live(world: World): Promise<Sample[]> {
  const samples: Sample[] = [];
  const end = Date.now() + MINUTES * 60_000;
  let measuring = true;
  const measured = (async () => {
    while (measuring) {
      samples.push(await sample(world));
      await sleep(SAMPLE_MS);
    }
  })();
  try {
    while (Date.now() < end) await mishap(world);
  } finally {
    measuring = false;
    await measured;
  }
  return samples;
}

describe.skipIf(!mosquittoAvailable())('soak', () => {
  test(`${MINUTES} minutes of mixed faults, seed ${SEED}: nothing grows`, async () => {
    const world = await startWorld({ seed: SEED });
    try {
      await world.connector.start();
      await until(world, 'the first subscription', () => world.connector.said(/"msg":"subscribed"/) > 0);
      world.traffic.run(WARM_UP_RATE);
      await sleep(WARM_UP_MS);
      world.traffic.run(RATE);
      const samples = await live(world);
      const limit = 90_000;
      await world.fresh(limit);
      await sleep(1_000);
      const history = await world.history({
        ...{ freshWithinMs: limit, gapBeforeMs: 4_000, gapAfterMs: 75_000, events: 1_000, strikes: 3 },
      });
      const row = {
        name: 'soak',
        seed: SEED,
        verdicts: judge(history),
        extra: [],
        numbers: numbersOf(history),
        note: '',
      };
      console.info(`\nSoak, FAULT_SEED=${SEED}, ${MINUTES} minutes\n${plainTable([row])}\n`);
      const kept = samples.slice(Math.floor(samples.length * LEFT_OUT));
      const memory = growth(kept.map(({ at, rssMiB }) => [at, rssMiB]));
      const anonymous = growth(kept.map(({ at, anonymousMiB }) => [at, anonymousMiB]));
      const files = growth(kept.map(({ at, descriptors }) => [at, descriptors]));
      const lags = kept.map(({ lagP99 }) => lagP99).sort((a, b) => a - b);
      const lag = lags[Math.floor(lags.length / 2)]!;
      const figures = [
        `RSS ${memory.mean.toFixed(1)} MiB on average, ${memory.perHour.toFixed(2)} MiB an hour by regression over its lower edge, ${(memory.part * 100).toFixed(1)} % over the time measured`,
        `of it without mapped files ${anonymous.mean.toFixed(1)} MiB, ${anonymous.perHour.toFixed(2)} MiB an hour`,
        `file descriptors ${files.mean.toFixed(1)} on average, ${files.perHour.toFixed(2)} an hour`,
        `event loop delay, p99 of each second: median ${(lag * 1000).toFixed(1)} ms, worst ${(lags.at(-1)! * 1000).toFixed(1)} ms`,
        `unhandled rejections and crashes: ${world.connector.crashes.length}`,
      ];
      console.info(figures.join('\n'));
      if (process.env.FAULT_REPORT !== undefined) {
        const list = figures.map((figure) => `- ${figure}`).join('\n');
        writeReport(
          process.env.FAULT_REPORT,
          'soak',
          `Seed ${SEED}, ${MINUTES} minutes.\n\n${list}\n\n${markdownTable([row])}`,
        );
      }
      expect(violationsOf(row)).toEqual([]);
      // An unhandled rejection ends a Node.js process.
      expect(world.connector.crashes).toEqual([]);
      expect(memory.part).toBeLessThan(MOST_GROWTH);
      expect(files.perHour * (MINUTES / 60)).toBeLessThan(MOST_DESCRIPTORS);
      expect(lag).toBeLessThan(MOST_LAG_P99_S);
    } finally {
      await world.close();
    }
  });
});
