import type { Clock } from '../clock.ts';

/** How a client behaves towards a device that is not its own. */
export interface GuestManners {
  /** CreatePullPointSubscription and Subscribe requests. */
  readonly creates: {
    readonly total: number;
    /** Refused for want of room, or by a device in trouble. */
    readonly refused: number;
    readonly lastMinute: number;
    /** The most in any 60 s. */
    readonly mostInAMinute: number;
    /** ms between the two that came closest; null with fewer than two. */
    readonly shortestIntervalMs: number | null;
  };
  /** Credentials that were given and found wrong; a first request without any is no failure. */
  readonly authenticationFailures: {
    readonly total: number;
    readonly lastMinute: number;
    readonly mostInAMinute: number;
  };
  /** Requests while the account was locked (quirk lockout). */
  readonly lockedOut: number;
  /** PullMessages while another one blocked on the same subscription. */
  readonly concurrentPulls: number;
  /** The most PullMessages of the device at one time, over all subscriptions. */
  readonly mostPullsAtOnce: number;
  readonly connections: number;
}

/** Counters of one device; the requests of clients by operation. */
export interface RequestStatistics {
  readonly requests: Map<string, number>;
  readonly manners: GuestManners;
  request(operation: string): void;
  create(): void;
  refusedCreate(): void;
  createsWithin(ms: number): number;
  authenticationFailure(): void;
  failuresWithin(ms: number): number;
  lockedOut(): void;
  concurrentPull(): void;
  pullBegins(): () => void;
  connection(): void;
}

const MINUTE = 60_000;

export function requestStatistics(clock: Clock): RequestStatistics {
  const requests = new Map<string, number>();
  const creates = times(clock);
  const failures = times(clock);
  let [refused, locked, concurrent, pulls, mostPulls, connections] = [0, 0, 0, 0, 0, 0];
  return {
    requests,
    get manners() {
      const facts = (of: ReturnType<typeof times>) => ({
        ...{ total: of.total, lastMinute: of.within(MINUTE), mostInAMinute: of.mostInAMinute },
      });
      return {
        creates: { ...facts(creates), refused, shortestIntervalMs: creates.shortest },
        authenticationFailures: facts(failures),
        ...{ lockedOut: locked, concurrentPulls: concurrent, mostPullsAtOnce: mostPulls, connections },
      };
    },
    request: (operation) => void requests.set(operation, (requests.get(operation) ?? 0) + 1),
    create: creates.add,
    refusedCreate: () => void refused++,
    createsWithin: creates.within,
    authenticationFailure: failures.add,
    failuresWithin: failures.within,
    lockedOut: () => void locked++,
    concurrentPull: () => void concurrent++,
    pullBegins() {
      mostPulls = Math.max(mostPulls, ++pulls);
      return () => void pulls--;
    },
    connection: () => void connections++,
  };
}

function times(clock: Clock) {
  /** Of the last minute. */
  let recent: number[] = [];
  let [total, most] = [0, 0];
  let last: number | null = null;
  let shortest: number | null = null;
  const within = (ms: number) => recent.filter((time) => time > clock.monotonic() - ms).length;
  return {
    within,
    get total() {
      return total;
    },
    get mostInAMinute() {
      return most;
    },
    get shortest() {
      return shortest;
    },
    add() {
      const now = clock.monotonic();
      total++;
      if (last !== null) shortest = Math.min(shortest ?? Number.POSITIVE_INFINITY, Math.round(now - last));
      last = now;
      recent = recent.filter((time) => time > now - MINUTE);
      recent.push(now);
      most = Math.max(most, recent.length);
    },
  };
}
