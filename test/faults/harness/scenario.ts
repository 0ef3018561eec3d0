import type { History } from '../oracle/history.ts';
import type { FaultProxy } from './fault-proxy.ts';
import { startWorld, type World, type WorldOptions, waitUntil } from './world.ts';

/** A way things go wrong, and what is to be expected of it. */
export interface Scenario {
  readonly name: string;
  /** What makes it impossible here, printed; null where it can run. */
  readonly impossible?: () => string | null;
  readonly world?: Omit<WorldOptions, 'seed'>;
  /** States and streams that have to be there before it strikes. */
  readonly prepare?: (world: World) => Promise<void>;
  /** Events a second while it runs; default 40. 0: the scenario makes its own. */
  readonly rate?: number;
  /** Strikes, and undoes it. Traffic flows before, meanwhile and after. */
  readonly strike: (world: World) => Promise<void>;
  /** What goes beyond the laws: assertions over the finished history. */
  readonly extra?: (history: History, world: World) => readonly string[];
  readonly expected?: Partial<History['expected']>;
}

/** Times in the scenarios are short; with `FAULT_LONG=1` they are those of real life. */
export const LONG = process.env.FAULT_LONG === '1';

/** A duration in ms: what is used by default, and the real one. */
export function lasting(shortMs: number, longMs: number): number {
  return LONG ? longMs : shortMs;
}

/** A device retries after at most a minute, and a request may take its time: the way back takes no longer. */
const WAY_BACK_MS = 75_000;

const EXPECTED: History['expected'] = {
  freshWithinMs: WAY_BACK_MS,
  // The last answer before a fault is as old as a pull, and the store's stamp of it as an answer.
  gapBeforeMs: 4_000,
  gapAfterMs: WAY_BACK_MS,
  events: 100,
  strikes: 1,
};

/** Time that events flow before the first strike and after the last, ms. */
const AROUND_MS = 2_000;

export async function play(scenario: Scenario, seed: number): Promise<{ history: History; extra: readonly string[] }> {
  const world = await startWorld({ seed, ...scenario.world });
  const expected = { ...EXPECTED, ...scenario.expected };
  try {
    await world.connector.start();
    await until(world, 'the first subscription', () => world.connector.said(/"msg":"subscribed"/) > 0);
    if (scenario.rate !== 0) world.traffic.run(scenario.rate ?? 40);
    else world.traffic.access();
    await until(world, 'first events', () => world.received.marks > 0);
    await scenario.prepare?.(world);
    await sleep(AROUND_MS);
    await scenario.strike(world);
    await world.fresh(expected.freshWithinMs);
    await sleep(AROUND_MS);
    const history = await world.history(expected);
    const extra = [...(scenario.extra?.(history, world) ?? []), ...world.connector.crashes];
    return { history, extra };
  } catch (error) {
    throw new Error(`${scenario.name}: ${(error as Error).message}\n${world.connector.log().slice(-4000)}`, {
      cause: error,
    });
  } finally {
    await world.close();
  }
}

export async function until(world: World, what: string, holds: () => boolean, withinMs = 30_000): Promise<void> {
  if (await waitUntil(() => holds() || world.connector.crashes.length > 0, withinMs)) {
    if (world.connector.crashes.length === 0) return;
    throw new Error(`the connector ${world.connector.crashes.join('; ')}`);
  }
  throw new Error(`${what}: not within ${withinMs} ms; ${world.received.marks} events came`);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Sets faults on a way for a while. */
export async function during(way: FaultProxy, faults: Parameters<FaultProxy['set']>[0], ms: number): Promise<void> {
  way.set(faults);
  await sleep(ms);
  way.set({});
}
