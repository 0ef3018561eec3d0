/** Ends a wait early: for workers that wait for one thing and must see to another. */
export interface WakeSignal {
  wake(): void;
  /** Aborts with `signal`, and at the next `wake` from now on. */
  until(signal: AbortSignal): AbortSignal;
}

export function wakeSignal(): WakeSignal {
  let nudge = new AbortController();
  // Made once for many waits: signals combined leave something behind in their parts.
  let combined: { readonly of: AbortSignal; readonly signal: AbortSignal } | undefined;
  return {
    wake: () => nudge.abort(),
    until(signal) {
      if (combined?.of !== signal || combined.signal.aborted) {
        if (combined?.signal.aborted) nudge = new AbortController();
        combined = { of: signal, signal: AbortSignal.any([signal, nudge.signal]) };
      }
      return combined.signal;
    },
  };
}
