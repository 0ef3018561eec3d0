import { inspect } from 'node:util';

const MASK = '***';

/**
 * A password or token that cannot leak by being printed: text, JSON and `console.log` show `***`.
 * Only `reveal()` gives the text; call it where it is handed to the protocol, and keep no copy.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  /** True where both hold the same text: a reload that changed only a password is still a change. */
  equals(other: Secret): boolean {
    return this.#text === other.#text;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

/** The text with what stands before `@` masked: `mqtt://user:pass@host` → `mqtt://***@host`. */
export function maskUserinfo(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, `$1${MASK}@`);
}
