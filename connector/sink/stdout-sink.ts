import type { Writable } from 'node:stream';
import { type Clock, systemClock } from '../clock.ts';
import { type ConnectorError, messageOf, RetryNowError, RetrySlowlyError } from '../errors.ts';
import type { OutboundMessage } from '../mapping/mapping.ts';
import type { Sink, SinkConnection } from './sink.ts';

export interface StdoutSinkOptions {
  readonly name: string;
  /** `process.stdout`, or any stream; it is not ended by the sink. */
  readonly stream: Writable;
  readonly clock?: Clock | undefined;
}

/** How long `close` waits for a reader that takes nothing, ms. */
const CLOSE_TIMEOUT_MS = 1_000;

/**
 * A sink that writes one payload a line (NDJSON). A payload of zero bytes, a deleted state, is the line `null`.
 * Messages count as delivered when the stream took them, so a slow reader slows the sink; a reader that is gone (EPIPE) breaks it.
 */
export function stdoutSink({ name, stream, clock = systemClock }: StdoutSinkOptions): Sink {
  let broke: ((error: ConnectorError) => void) | undefined;
  // For as long as the process lives: an 'error' nobody hears would end it.
  stream.on('error', (cause) => broke?.(unwritable(name, cause)));
  stream.on('close', () => broke?.(gone(name)));
  return {
    name,
    async connect(): Promise<SinkConnection> {
      if (!stream.writable) throw gone(name);
      let ended: ConnectorError | undefined;
      let pending: Promise<unknown> = Promise.resolve();
      /** Of the calls that the stream has not answered: one that is destroyed need not. */
      const open = new Set<(error: ConnectorError) => void>();
      const broken = new Promise<ConnectorError>((resolve) => {
        broke = (error) => {
          ended ??= error;
          for (const reject of open) reject(ended);
          resolve(ended);
        };
      });
      return {
        broken,
        publish(messages) {
          if (ended !== undefined) return Promise.reject(ended);
          if (messages.length === 0) return Promise.resolve([]);
          const written = write(name, stream, messages.map(line).join(''));
          pending = written.catch(() => {});
          return new Promise((resolve, reject) => {
            open.add(reject);
            void written.then(resolve, reject).finally(() => open.delete(reject));
          });
        },
        async close() {
          await settledWithin(CLOSE_TIMEOUT_MS, pending, clock);
          broke?.(new RetryNowError('sink-closed', `sink ${name}: this connection was closed`));
        },
      };
    },
  };
}

function settledWithin(ms: number, work: Promise<unknown>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve);
    void work.finally(() => {
      cancel();
      resolve();
    });
  });
}

function gone(name: string): ConnectorError {
  return new RetrySlowlyError('stdout-closed', `sink ${name}: its output is closed; nobody reads it any more`);
}

function unwritable(name: string, cause: Error): ConnectorError {
  return new RetrySlowlyError('stdout-broken', `sink ${name}: its output cannot be written: ${messageOf(cause)}`, {
    cause,
  });
}

function write(name: string, stream: Writable, text: string): Promise<readonly never[]> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(unwritable(name, error)) : resolve([])));
  });
}

function line({ payload }: OutboundMessage): string {
  if (payload === '') return 'null\n';
  // JSON has line breaks only between its tokens, where a space means the same.
  return `${payload.includes('\n') ? payload.replaceAll(/\r?\n/g, ' ') : payload}\n`;
}
