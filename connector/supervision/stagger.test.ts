import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { createStagger } from './stagger.ts';

const turnOver = async () => {
  for (let i = 0; i < 5; i++) await Promise.resolve();
};

/** Asks for so many turns; tells when each came. */
function asking(count: number, options = { atOnce: 4, everyMs: 10 }) {
  const clock = fakeClock();
  const stagger = createStagger(clock, options);
  const came: { who: number; at: number }[] = [];
  const ask = (who: number, signal = new AbortController().signal) =>
    stagger.turn(signal).then(
      () => came.push({ who, at: clock.monotonic() }),
      () => {},
    );
  for (let who = 0; who < count; who++) void ask(who);
  /** Moves on in small steps, so that what follows a turn runs at its time. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed++) {
      clock.advance(1);
      await turnOver();
    }
  };
  return { clock, came, ask, pass };
}

describe('staggered starts', () => {
  it('let a handful through at once', async () => {
    const { came } = asking(4);
    await turnOver();
    expect(came.map(({ at }) => at)).toEqual([0, 0, 0, 0]);
  });

  it('let five thousand through one by one and in order, with one timer', async () => {
    const { clock, came, pass } = asking(5_000, { atOnce: 32, everyMs: 5 });
    await turnOver();
    expect([came.length, clock.waiting]).toEqual([32, 1]);
    let most = 0;
    for (let second = 0; came.length < 5_000 && second < 60; second++) {
      const before = came.length;
      await pass(1_000);
      most = Math.max(most, came.length - before);
      expect(clock.waiting).toBeLessThanOrEqual(1);
    }
    expect(came.map(({ who }) => who)).toEqual(Array.from({ length: 5_000 }, (_, who) => who));
    expect(clock.monotonic()).toBeGreaterThan(20_000);
    expect(clock.monotonic()).toBeLessThan(30_000);
    expect(most).toBeLessThan(300);
  });

  it('are uneven', async () => {
    const { came, pass } = asking(104);
    await pass(1_600);
    const times = came.slice(4).map(({ at }) => at);
    const gaps = new Set(times.slice(1).map((at, index) => at - times[index]!));
    expect(times).toHaveLength(100);
    expect(gaps.size).toBeGreaterThan(3);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(4);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(16);
  });

  it('let a handful through at once again when nobody has started for a while, and have no timer then', async () => {
    const { clock, came, ask, pass } = asking(6);
    await pass(200);
    expect(clock.waiting).toBe(0);
    for (let who = 6; who < 11; who++) void ask(who);
    await turnOver();
    expect(came).toHaveLength(10);
    await pass(20);
    expect(came).toHaveLength(11);
  });

  it('forget who gave up, and lose no time over it', async () => {
    const { came, ask, pass } = asking(4);
    const leaving = new AbortController();
    const left = [4, 5, 6].map((who) => ask(who, leaving.signal));
    void ask(7);
    leaving.abort();
    await Promise.all(left);
    await pass(16);
    expect(came.map(({ who }) => who)).toEqual([0, 1, 2, 3, 7]);
  });
});
