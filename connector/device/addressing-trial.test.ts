import { describe, expect, it } from 'vitest';
import { AdaptRequestError, RetrySlowlyError, SubscriptionLostError, UnauthorizedError } from '../errors.ts';
import { addressingTrial } from './addressing-trial.ts';
import { forgetfulHabits } from './connection-habits.ts';

const bare400 = new RetrySlowlyError('http-status', 'HTTP 400', { facts: { status: 400 } });
const lost = new SubscriptionLostError('subscription-unknown', 'no such subscription');

describe('WS-Addressing headers', () => {
  it.each([
    ['a bare 400', bare400],
    ['a header that is not understood', new AdaptRequestError('header-refused', 'MustUnderstand')],
  ])('are left out once after %s, and for good where that helps', (_, error) => {
    const habits = forgetfulHabits();
    const trial = addressingTrial(habits);
    expect(trial.plain).toBe(false);
    expect(trial.isWorth(error)).toBe(true);
    trial.worked(true);
    expect(habits.addressing).toBe(false);
    expect(trial.plain).toBe(true);
  });

  it.each([
    ['HTTP 500', new RetrySlowlyError('http-status', 'HTTP 500', { facts: { status: 500 } })],
    ['a refused login, which would be another failed one', new UnauthorizedError('not-authorized', 'no')],
    ['a subscription that is gone', lost],
  ])('stay after %s', (_, error) => {
    expect(addressingTrial(forgetfulHabits()).isWorth(error)).toBe(false);
  });

  it('stay where a request with them went through before', () => {
    const trial = addressingTrial(forgetfulHabits());
    trial.worked(false);
    expect(trial.isWorth(bare400)).toBe(false);
  });

  it('are not left out again and again on a device that refuses in general', () => {
    const trial = addressingTrial(forgetfulHabits());
    expect(Array.from({ length: 5 }, () => trial.isWorth(bare400))).toEqual([true, true, true, false, false]);
  });

  it('come back where a device knows no subscription without them (Hikvision G3)', () => {
    const habits = forgetfulHabits();
    habits.learn('addressing', false, 'earlier');
    const trial = addressingTrial(habits);
    expect(trial.isWorth(lost)).toBe(true);
    trial.worked(false);
    expect(habits.addressing).toBe(true);
  });
});
