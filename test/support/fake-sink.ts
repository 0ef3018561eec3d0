import { type ConnectorError, RetryNowError } from '../../connector/errors.ts';
import type { Refusal, Settled, Sink, SinkConnection } from '../../connector/sink/sink.ts';

/** One call of `publish`, which the test is to answer. */
export interface Published {
  readonly topics: readonly string[];
  resolve(refusals?: readonly Refusal[]): void;
  /** What is told of it when the connection breaks. */
  settled(settled: Settled): void;
}

/** One connection of the fake sink; what it is given waits for the test to answer it. */
export interface FakeConnection extends SinkConnection {
  readonly published: Published[];
  readonly isClosed: boolean;
  /** What it has not answered rejects. */
  break(error?: ConnectorError): void;
}

function fakeConnection(): FakeConnection {
  const published: Published[] = [];
  const rejects: ((error: Error) => void)[] = [];
  let tell: (error: ConnectorError) => void = () => {};
  const broken = new Promise<ConnectorError>((resolve) => (tell = resolve));
  let isClosed = false;
  return {
    published,
    broken,
    get isClosed() {
      return isClosed;
    },
    publish: (messages, cutShort) =>
      new Promise((resolve, reject) => {
        rejects.push(reject);
        published.push({
          topics: messages.map(({ topic }) => topic),
          resolve: (refusals = []) => resolve(refusals),
          settled: (settled) => cutShort?.(settled),
        });
      }),
    break(error = new RetryNowError('broken', 'the broker hung up')) {
      for (const reject of rejects) reject(error);
      tell(error);
    },
    async close() {
      isClosed = true;
    },
  };
}

/** A sink; each entry of `script` is what one attempt to connect brings, later ones connect. */
export function fakeSink(script: Error[] = []) {
  const connections: FakeConnection[] = [];
  const sink: Sink = {
    name: 'broker',
    async connect() {
      const failure = script.shift();
      if (failure !== undefined) throw failure;
      connections.push(fakeConnection());
      return connections.at(-1)!;
    },
  };
  return { sink, connections };
}
