import type { Writable } from 'node:stream';

/** What a verb may touch of the process. */
export interface Streams {
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: NodeJS.ProcessEnv;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Aborts when nobody reads stdout any more: the end of a verb whose result goes there, not of the daemon. */
  readonly readerGone: AbortSignal;
}

/** Options every verb has. */
export interface CommonOptions {
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
  readonly logFormat?: 'json' | 'pretty' | undefined;
}

export type Exit = number;
