import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordedExchange {
  /** Local name of the request's Body child. */
  readonly operation: string;
  readonly request: string;
  readonly status: number;
  readonly response: string;
}

/** Stands between a client and a device and keeps what both said. */
export interface RecordingProxy {
  readonly host: string;
  readonly exchanges: readonly RecordedExchange[];
  /** Resolves when `count` requests of this operation have been answered. */
  answered(operation: string, count?: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param target port on this machine
 * @param rewrite what the client is given instead of a response
 */
export async function recordingProxy(
  target: number,
  rewrite = (response: string): string => response,
): Promise<RecordingProxy> {
  const exchanges: RecordedExchange[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const request = await textOf(incoming);
    // The Host header goes along: the device makes addresses of it, and they lead back here.
    const { method, url: path, headers } = incoming;
    const forwarded = httpRequest({ host: '127.0.0.1', port: target, method, path, headers });
    outgoing.on('close', () => forwarded.destroy());
    forwarded.on('error', () => outgoing.destroy());
    forwarded.on('response', async (answer) => {
      const response = await textOf(answer).catch(() => '');
      const operation = /<(?:[\w-]+:)?Body>\s*<(?:[\w-]+:)?(\w+)/.exec(request)?.[1] ?? '';
      exchanges.push({ operation, request, status: answer.statusCode ?? 0, response });
      const { 'content-length': _, 'transfer-encoding': __, ...headers } = answer.headers;
      outgoing.writeHead(answer.statusCode ?? 502, headers).end(rewrite(response));
      server.emit('answered');
    });
    forwarded.end(request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const count = (operation: string) => exchanges.filter((exchange) => exchange.operation === operation).length;
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    async answered(operation, times = 1) {
      while (count(operation) < times) await once(server, 'answered');
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
