import type { IncomingMessage } from 'node:http';

/** What came of a request's body: all of it; a beginning, as the connection broke off; or more than is taken. */
export type NotifyBody =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'cut'; readonly bytes: Buffer }
  | { readonly kind: 'too-large' };

/**
 * Reads a request's body up to `most` bytes. How long that may take is the server's `requestTimeout`.
 *
 * @param keep false to let it pass: then `bytes` is empty
 */
export function readNotifyBody(request: IncomingMessage, most: number, keep = true): Promise<NotifyBody> {
  if (Number(request.headers['content-length'] ?? 0) > most) return Promise.resolve({ kind: 'too-large' });
  if (request.destroyed) return Promise.resolve({ kind: 'cut', bytes: Buffer.alloc(0) });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const end = (kind: 'whole' | 'cut') => resolve({ kind, bytes: Buffer.concat(chunks) });
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > most) {
        request.pause();
        chunks.length = 0;
        resolve({ kind: 'too-large' });
      } else if (keep) chunks.push(chunk);
    });
    request.on('end', () => end('whole'));
    request.on('error', () => end('cut'));
    // An answer to a promise that has one is no matter.
    request.on('close', () => end('cut'));
  });
}
