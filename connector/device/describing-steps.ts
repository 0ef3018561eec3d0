import { ConnectorError, isAbort, RetryNowError, RetrySlowlyError, UnauthorizedError } from '../errors.ts';
import type { ConnectionHabits } from './connection-habits.ts';

/** The requests by which a device is got to know, each of which it may be unable to answer. */
export interface DescribingSteps {
  /**
   * The answer of a step; null where the device is described without it.
   *
   * @throws the step's error where another try may go better: a refused login, a device that is not there
   */
  attempt<T>(what: string, step: () => Promise<T>): Promise<T | null>;
  /** All steps were tried. The last one has none behind it to show that the device is there: those before it do. */
  done(): void;
  /** Steps that are missing, and why: for people. */
  readonly missing: readonly string[];
}

/** Steps without which a device is read untyped, or asked at the wrong address. */
const NEEDED = new Set(['GetServices', 'GetEventProperties']);
/** So often in a row a step may end without an answer before the device is described without it. */
const TRIES = 3;

export function describingSteps(habits: ConnectionHabits): DescribingSteps {
  const missing: string[] = [];
  /** Left out for want of an answer in this connection: known for it once the device answers something after it. */
  const leftOut: string[] = [];
  let lastAnswered: string | null = null;
  const answered = (what: string) => {
    habits.silences.delete(what);
    lastAnswered = what;
    settle(what);
  };
  const settle = (what: string) => {
    for (const left of leftOut.splice(0)) {
      const unanswered = habits.unanswered === '' ? left : `${habits.unanswered} ${left}`;
      habits.learn('unanswered', unanswered, `it hung or hung up at ${left} ${TRIES} times, and answered ${what}`);
    }
  };
  return {
    missing,
    done() {
      if (lastAnswered !== null) settle(lastAnswered);
    },
    async attempt(what, step) {
      if (habits.unanswered.split(' ').includes(what)) {
        missing.push(`${what}: not asked, as it got no answer before`);
        return null;
      }
      try {
        const answer = await step();
        answered(what);
        return answer;
      } catch (error) {
        if (isSilence(error)) {
          const silences = (habits.silences.get(what) ?? 0) + 1;
          habits.silences.set(what, silences);
          if (silences < TRIES) throw error;
          leftOut.push(what);
        } else if (isRefusal(error, NEEDED.has(what))) answered(what);
        else throw error;
        missing.push(`${what}: ${(error as ConnectorError).message}`);
        return null;
      }
    },
  };
}

/** The connection was there and ended without an answer, or the answer never came. */
function isSilence(error: unknown): boolean {
  return error instanceof RetryNowError && !isAbort(error);
}

/**
 * True where the device answered that it cannot do a step, or in a way nobody understands: it is read without. Not where the
 * login was refused, which is the same for every step, nor where it cannot be reached, or is too busy for what is needed.
 */
function isRefusal(error: unknown, needed: boolean): error is ConnectorError {
  if (!(error instanceof ConnectorError) || isAbort(error)) return false;
  if (error instanceof UnauthorizedError) return false;
  if (error.code === 'unreachable' || error.code === 'tls') return false;
  return !(needed && error instanceof RetrySlowlyError) || error.code === 'fault' || error.code === 'http-status';
}
