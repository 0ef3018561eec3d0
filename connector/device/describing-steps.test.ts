import { describe, expect, it } from 'vitest';
import { RetryNowError, RetrySlowlyError, UnauthorizedError } from '../errors.ts';
import { type ConnectionHabits, forgetfulHabits } from './connection-habits.ts';
import { describingSteps } from './describing-steps.ts';

const hangUp = () => Promise.reject(new RetryNowError('connection-lost', 'it hung up'));
const fine = async () => 'told';

/** One connection: the steps in order, ended by the first that throws. */
async function connect(habits: ConnectionHabits, broken: ReadonlySet<string>, step = hangUp): Promise<string> {
  const steps = describingSteps(habits);
  const told: string[] = [];
  try {
    for (const what of ['GetServices', 'GetDeviceInformation', 'GetEventProperties', 'GetServiceCapabilities']) {
      told.push(`${(await steps.attempt(what, broken.has(what) ? step : fine)) === null ? '-' : '+'}`);
    }
  } catch (error) {
    return `${told.join('')} ${(error as Error).message}`;
  }
  return told.join('');
}

describe('a device that hangs up at one step each time', () => {
  it.each(['GetServices', 'GetDeviceInformation', 'GetEventProperties'])(
    '%s: is described without it after a few tries',
    async (what) => {
      const habits = forgetfulHabits();
      const broken = new Set([what]);
      expect(await connect(habits, broken)).toContain('it hung up');
      expect(await connect(habits, broken)).toContain('it hung up');
      expect(await connect(habits, broken)).toMatch(/^\+*-\+*$/);
      expect(habits.unanswered).toBe(what);
    },
  );

  it('is not asked that again', async () => {
    const habits = forgetfulHabits();
    const broken = new Set(['GetEventProperties']);
    for (let n = 0; n < 3; n++) await connect(habits, broken);
    const steps = describingSteps(habits);
    expect(await steps.attempt('GetEventProperties', () => expect.fail('asked'))).toBeNull();
    expect(steps.missing).toHaveLength(1);
  });

  it('learns two of them', async () => {
    const habits = forgetfulHabits();
    const broken = new Set(['GetDeviceInformation', 'GetEventProperties']);
    for (let n = 0; n < 6; n++) await connect(habits, broken);
    expect(await connect(habits, broken)).toBe('+--+');
    expect(habits.unanswered).toBe('GetDeviceInformation GetEventProperties');
  });
});

describe('nothing is learned of a device', () => {
  it('that is away: nothing after the step gets an answer either', async () => {
    const habits = forgetfulHabits();
    const all = new Set(['GetServices', 'GetDeviceInformation', 'GetEventProperties', 'GetServiceCapabilities']);
    for (let n = 0; n < 10; n++) await connect(habits, all);
    expect(habits.unanswered).toBe('');
  });

  it('that failed now and then', async () => {
    const habits = forgetfulHabits();
    const broken = new Set(['GetServices']);
    for (let n = 0; n < 10; n++) await connect(habits, n % 3 === 2 ? new Set() : broken);
    expect(habits.unanswered).toBe('');
  });

  it.each([
    new UnauthorizedError('not-authorized', 'who are you'),
    new RetrySlowlyError('unreachable', 'nobody there'),
    new RetrySlowlyError('tls', 'no certificate'),
  ])('that refuses everything alike: $message', async (error) => {
    const habits = forgetfulHabits();
    for (let n = 0; n < 5; n++) {
      expect(await connect(habits, new Set(['GetServices']), () => Promise.reject(error))).toContain(error.message);
    }
    expect(habits.unanswered).toBe('');
  });
});
