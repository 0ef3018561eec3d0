import { type ConnectorError, SubscriptionLostError } from '../errors.ts';
import type { ConnectionHabits } from './connection-habits.ts';

/**
 * Whether a device is talked to with WS-Addressing headers. Core 9 wants them with the event services; some devices know no
 * subscription without them, and a few choke on them (quirk 8). One that has never answered a request as it is made gets it
 * once the other way, and what it answers is kept to.
 */
export interface AddressingTrial {
  /** Without the headers. */
  readonly plain: boolean;
  /** A request with headers to leave out went through. @param plain as it was sent */
  worked(plain: boolean): void;
  /** True where the request is worth sending once the other way. */
  isWorth(error: ConnectorError): boolean;
}

/** A device that refuses in general is not asked everything twice. */
const TRIALS = 3;

export function addressingTrial(habits: Pick<ConnectionHabits, 'addressing' | 'learn'>): AddressingTrial {
  let sure = false;
  let trials = 0;
  return {
    get plain() {
      return !habits.addressing;
    },
    worked(plain) {
      sure = true;
      if (plain !== habits.addressing) return;
      habits.learn('addressing', !plain, `it answered ${plain ? 'without' : 'with'} WS-Addressing headers alone`);
    },
    isWorth(error) {
      if (sure || trials >= TRIALS || !minds(error, !habits.addressing)) return false;
      trials++;
      return true;
    },
  };
}

/** A bare 400, or a header not understood; without headers also a subscription that is not known. */
function minds(error: ConnectorError, plain: boolean): boolean {
  if (error.code === 'header-refused') return true;
  if (error.code === 'http-status') return error.facts.status === 400;
  return plain && error instanceof SubscriptionLostError;
}
