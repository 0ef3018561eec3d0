import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { type MqttSinkOptions, mqttSink } from '../../connector/sink/mqtt-sink.ts';
import type { SinkConnection } from '../../connector/sink/sink.ts';
import { type Mosquitto, type MosquittoOptions, startMosquitto } from './mosquitto.ts';
import { type MqttObserver, mqttObserver } from './mqtt-observer.ts';

/*
 * What a test with a real broker is made of. All of it ends with the test.
 */

export async function broker(options?: MosquittoOptions): Promise<Mosquitto> {
  const started = await startMosquitto(options);
  onTestFinished(() => started.close());
  return started;
}

export async function connected(url: string, over: Partial<MqttSinkOptions> = {}): Promise<SinkConnection> {
  const sink = mqttSink({ name: 'broker', url, clientId: 'connector', ...over });
  const connection = await sink.connect(new AbortController().signal);
  onTestFinished(() => connection.close());
  return connection;
}

export async function observer(...args: Parameters<typeof mqttObserver>): Promise<MqttObserver> {
  const observing = await mqttObserver(...args);
  onTestFinished(() => observing.close());
  return observing;
}

export interface Cable {
  readonly url: string;
  /** Bytes towards the broker so far. */
  readonly told: { readonly bytes: number };
  /** Breaks every connection there is. */
  cut(): void;
}

/** Passes bytes on to `port` until it is cut, and counts those towards it. */
export async function cable(port: number): Promise<Cable> {
  const sockets: Socket[] = [];
  const told = { bytes: 0 };
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) sockets.push(socket.on('error', () => {}));
    near.on('data', ({ length }) => {
      told.bytes += length;
    });
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return {
    told,
    url: `mqtt://127.0.0.1:${(server.address() as { port: number }).port}`,
    cut: () => {
      for (const socket of sockets.splice(0)) socket.destroy();
    },
  };
}
