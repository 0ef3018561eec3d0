import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../clock.ts';
import { livingAt, seededChance } from './life.ts';

/** A clock whose timers fire only when it is told the time. */
function steppedClock(): Clock & { at(ms: number): void } {
  let time = 0;
  let timer: (() => void) | null = null;
  return {
    ...systemClock,
    monotonic: () => time,
    after(_, fire) {
      timer = fire;
      return () => {
        timer = null;
      };
    },
    at(ms) {
      time = ms;
      timer?.();
    },
  };
}

describe('a life', () => {
  it('raises as many events as its rate says, whatever a step raises, and catches up when late', () => {
    const clock = steppedClock();
    let raised = 0;
    const stop = livingAt(10, clock, () => {
      raised += 3;
      return 3;
    });
    clock.at(1000);
    expect(raised).toBe(12);
    clock.at(1100);
    expect(raised).toBe(12);
    clock.at(5000);
    expect(raised).toBe(51);
    stop();
    clock.at(9000);
    expect(raised).toBe(51);
  });

  it('is not lived at rate 0', () => {
    const clock = steppedClock();
    livingAt(0, clock, () => expect.fail('nothing may happen'));
    clock.at(1000);
  });

  it('draws the same chances from the same seed, others from another', () => {
    const draw = (seed: number) => Array.from({ length: 5 }, seededChance(seed));
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
    expect(draw(3).every((chance) => chance >= 0 && chance < 1)).toBe(true);
  });
});
