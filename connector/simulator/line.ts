import type { Clock } from '../clock.ts';

/** What becomes of one exchange. */
export type Fate = 'lost-request' | 'lost-answer' | 'cut-answer';

/** What stands between a device and its clients for a time; 0 ms ends it at once. */
export interface Line {
  /** Connections are refused or reset; the device itself lives on. */
  refuse(ms: number): void;
  /** Half-open: connections are accepted, nothing is ever answered on them; those that were open are dead too. */
  silence(ms: number): void;
  /** HTTP 503 for everything. */
  overload(ms: number): void;
  /** New subscriptions are refused. */
  refuseSubscriptions(ms: number): void;
  /** Answers end in the middle, with this probability (0 to 1), for `ms` or until set to 0. */
  cutAnswers(probability: number, ms?: number): void;
  /** Connections are reset, before or after the request was acted on, with this probability. */
  resetConnections(probability: number, ms?: number): void;
  /** All of it is over. */
  calm(): void;
  readonly refused: boolean;
  readonly silent: boolean;
  readonly overloaded: boolean;
  readonly refusing: boolean;
  /** Nothing gets through in either direction. */
  readonly cut: boolean;
  /** Drawn once for each exchange; null: all goes well. */
  fate(): Fate | null;
  stop(): void;
}

/** `onRefused` hears when connections are to be refused and taken again, `onSilent` when what is open is dead. */
export function line(of: {
  readonly clock: Clock;
  readonly chance: () => number;
  readonly onRefused: (refused: boolean) => void;
  readonly onSilent: () => void;
}): Line {
  const { clock, chance } = of;
  const spans = { refused: 0, silent: 0, overloaded: 0, refusing: 0, cuts: 0, resets: 0 };
  let [cuts, resets] = [0, 0];
  let refusalTold = false;
  let stopTimer = () => {};
  const until = (ms: number | undefined) => (ms === undefined ? Number.POSITIVE_INFINITY : clock.monotonic() + ms);
  const set = (name: keyof typeof spans, ms: number | undefined) => {
    spans[name] = until(ms);
  };
  const lasts = (name: keyof typeof spans) => clock.monotonic() < spans[name];
  const tellRefusal = () => {
    stopTimer();
    if (lasts('refused')) stopTimer = clock.after(Math.max(1, spans.refused - clock.monotonic()), tellRefusal);
    if (refusalTold === lasts('refused')) return;
    refusalTold = !refusalTold;
    of.onRefused(refusalTold);
  };
  return {
    refuse(ms) {
      set('refused', ms);
      tellRefusal();
    },
    silence(ms) {
      set('silent', ms);
      if (ms > 0) of.onSilent();
    },
    overload: (ms) => set('overloaded', ms),
    refuseSubscriptions: (ms) => set('refusing', ms),
    cutAnswers(probability, ms) {
      cuts = probability;
      set('cuts', ms);
    },
    resetConnections(probability, ms) {
      resets = probability;
      set('resets', ms);
    },
    calm() {
      for (const name of Object.keys(spans)) spans[name as keyof typeof spans] = 0;
      tellRefusal();
    },
    get refused() {
      return lasts('refused');
    },
    get silent() {
      return lasts('silent');
    },
    get overloaded() {
      return lasts('overloaded');
    },
    get refusing() {
      return lasts('refusing');
    },
    get cut() {
      return lasts('refused') || lasts('silent');
    },
    fate() {
      if (lasts('resets') && chance() < resets) return chance() < 0.5 ? 'lost-request' : 'lost-answer';
      return lasts('cuts') && chance() < cuts ? 'cut-answer' : null;
    },
    stop: () => stopTimer(),
  };
}
