import { expect, it } from 'vitest';
import { instantClock } from '../../test/support/fake-clock.ts';
import { countCreated, turnToCreate } from './create-pace.ts';
import { newHabits } from './device-habits.ts';

it('no more than three subscriptions are asked for in eleven seconds, however many are wanted', async () => {
  const clock = instantClock();
  const { recent } = newHabits({ pullTimeoutMs: 1, messageLimit: 1, lifetimeMs: 1 });
  const at: number[] = [];
  for (let n = 0; n < 10; n++) {
    await turnToCreate(recent, clock, new AbortController().signal);
    countCreated(recent, clock);
    at.push(clock.monotonic());
  }
  for (const [index, first] of at.entries()) {
    expect(at.slice(index).filter((each) => each - first < 11_000).length).toBeLessThanOrEqual(3);
  }
  expect(at.at(-1)! - at[0]!).toBe(33_000);
});
