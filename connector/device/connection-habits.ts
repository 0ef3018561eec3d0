/**
 * What connecting to a device taught: how it wants to be talked to. Learned from its answers, never decided by vendor, and kept
 * by whoever hands it in.
 */
export interface ConnectionLessons {
  /** The kind of credentials it took: what it wants is sent with the first request. null before any was taken. */
  login: 'digest' | 'username-token' | null;
  /** False once it answered without WS-Addressing headers what it would not answer with them (quirk 8). */
  addressing: boolean;
  /** Operations at which it hangs or hangs up each time, blanks between: it is described without them. */
  unanswered: string;
}

/** Lessons to be read, and the way to add one. */
export interface ConnectionHabits extends Readonly<ConnectionLessons> {
  /** How often in a row an operation got no answer. */
  readonly silences: Map<string, number>;
  /** @param from which answer taught it: for people */
  learn<Name extends keyof ConnectionLessons>(name: Name, value: ConnectionLessons[Name], from: string): void;
}

export const UNTAUGHT: ConnectionLessons = { login: null, addressing: true, unanswered: '' };

/** Habits that are forgotten with the connection. */
export function forgetfulHabits(): ConnectionHabits {
  const habits: ConnectionHabits = {
    ...UNTAUGHT,
    silences: new Map(),
    learn(name, value) {
      Object.assign(habits, { [name]: value });
    },
  };
  return habits;
}
