/** A rule the client broke (standard, section on simulators: checks the device side makes on the client). */
export interface Violation {
  readonly device: string;
  /** A word for the rule: action, media-type-action, message-id, to, reference-parameters, concurrent-pull, … */
  readonly rule: string;
  readonly operation: string;
  readonly detail: string;
  /** ms since 1970. */
  readonly at: number;
}

export interface ViolationList {
  /** The first 10,000; later ones are only counted. */
  readonly list: readonly Violation[];
  readonly count: number;
  add(violation: Omit<Violation, 'at'>): void;
}

const KEPT = 10_000;
const LONGEST_DETAIL = 500;

export function violationList(): ViolationList {
  const list: Violation[] = [];
  let count = 0;
  return {
    list,
    get count() {
      return count;
    },
    add(violation) {
      count++;
      const detail = violation.detail.slice(0, LONGEST_DETAIL);
      if (list.length < KEPT) list.push({ ...violation, detail, at: Date.now() });
    },
  };
}
