import { expect, it } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { damageFollowUp } from './damage-follow-up.ts';

it('looks into damage at once, later into what comes meanwhile, and ever less often while it goes on', () => {
  const clock = fakeClock();
  const followUp = damageFollowUp(clock);
  expect(followUp.due()).toBeNull();
  followUp.seen(1);
  expect(followUp.due()).toBe(1);
  expect(followUp.due()).toBeNull();
  const waits: number[] = [];
  for (let round = 0; round < 3; round++) {
    followUp.seen(10 + round);
    followUp.seen(99);
    let waited = 0;
    for (let since = followUp.due(); since === null; since = followUp.due()) {
      clock.advance(1_000);
      waited += 1_000;
      if (waited > 1_000_000) throw new Error('never due');
    }
    waits.push(waited);
  }
  expect(waits).toEqual([10_000, 20_000, 40_000]);
});

it('is quick again after a long time without damage', () => {
  const clock = fakeClock();
  const followUp = damageFollowUp(clock);
  for (let round = 0; round < 4; round++) {
    followUp.seen(1);
    clock.advance(3_600_000);
    expect(followUp.due()).toBe(1);
  }
  followUp.seen(2);
  clock.advance(10_000);
  expect(followUp.due()).toBe(2);
});
