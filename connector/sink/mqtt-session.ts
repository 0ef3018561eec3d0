import type { Duplex } from 'node:stream';
import { type IClientOptions, type IConnackPacket, type IPublishPacket, MqttClient } from 'mqtt';
import type { Clock } from '../clock.ts';
import { type ConnectorError, RetryNowError, RetrySlowlyError } from '../errors.ts';
import type { BrokerAddress, BrokerTls } from './broker-address.ts';
import { brokerStream } from './broker-stream.ts';
import { clientError, closedError, streamError } from './connection-error.ts';
import { disconnectError, nameOf, type Parties, pubackError } from './mqtt-reasons.ts';
import { type BrokerLimits, PublishWindow } from './publish-window.ts';

export interface MqttSessionOptions {
  readonly address: BrokerAddress;
  readonly tls: BrokerTls;
  readonly parties: Parties;
  readonly password: string | undefined;
  readonly version: 4 | 5;
  /** Absent for a connection that is a short look. */
  readonly will?: { readonly topic: string; readonly payload: string; readonly qos: 0 | 1; readonly retain: boolean };
  /** Seconds a broken connection may be away before the will is published; MQTT 5.0 only. */
  readonly willDelay: number;
  /** auto: as the broker says in its CONNACK. */
  readonly retain: boolean | 'auto';
  /** Seconds until an event that waits at the broker is worth nothing; undefined for never. MQTT 5.0 only. */
  readonly expirySeconds: number | undefined;
  /** Messages sent and not acknowledged, at most; the broker may lower it. */
  readonly window: number;
  /** Bytes; the broker may lower it. */
  readonly maximumPacketSize: number;
  /** Seconds. */
  readonly keepalive: number;
  readonly connectTimeoutMs: number;
  /** With messages in flight and no PUBACK for so long, the connection is given up. */
  readonly ackTimeoutMs: number;
  readonly clock: Clock;
}

/** A connection after its CONNACK, until it breaks. */
export interface MqttSession {
  readonly window: PublishWindow;
  readonly limits: BrokerLimits;
  /** Resolves once, however it ends; `window` has failed with the same error then. */
  readonly broken: Promise<ConnectorError>;
  /**
   * Subscribes, with QoS 0: a session that ends with its connection keeps nothing for us anyway. To be called before anything is
   * published, as packet identifiers are shared. Resolves with the filters that were refused, and why; rejects where the
   * connection broke, or no answer came in time.
   */
  subscribe(filters: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Told of every message received from now on. What it throws breaks the connection. */
  onMessage(listener: (packet: IPublishPacket) => void): void;
  /**
   * Let go; `broken` and `window` end with `reason`. Orderly: with DISCONNECT, waiting at most `withinMs` for the broker to
   * hang up. Else at once and without a word, so that the broker publishes the will. Never rejects.
   */
  end(reason: ConnectorError, orderly: boolean, withinMs: number): Promise<void>;
}

/** The end of a connection is known after so long, ms. */
const CLOSING_MS = 100;

/** Largest packet the broker may send us. */
const LARGEST_INBOUND = 131_072;

/**
 * Opens one connection. mqtt.js keeps the session (CONNECT, CONNACK, keepalive, DISCONNECT); publishing is the
 * PublishWindow's, on the same stream. Rejects with the error that says what to do, or the signal's reason.
 */
export function openMqttSession(options: MqttSessionOptions, signal: AbortSignal): Promise<MqttSession> {
  const { parties } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    let window: PublishWindow | undefined;
    let stream!: Duplex;
    let farewell: ConnectorError | undefined;
    const { promise: broken, settle } = once<ConnectorError>();
    const fail = (error: ConnectorError): void => {
      signal.removeEventListener('abort', aborted);
      client?.end(true);
      window?.fail(farewell ?? error);
      settle(farewell ?? error);
      reject(error);
    };
    const aborted = () => {
      reject(signal.reason);
      fail(new RetryNowError('mqtt-aborted', `sink ${parties.sink}: connecting to ${parties.url} was called off`));
    };
    const pubacks = {
      puback: (packetId: number, reason: number) => window?.puback(packetId, reason),
      pubacksRead: () => window?.sendMore(),
    };
    const client = newClient(options, reject, (owner) => {
      stream = brokerStream(options.address, options.tls, pubacks, owner);
      // mqtt.js keeps errors without a code to itself.
      stream.on('error', (error) => fail(streamError(error, window !== undefined, parties)));
      return stream;
    });
    if (client === undefined) return;
    signal.addEventListener('abort', aborted, { once: true });
    client.on('error', (error) => fail(clientError(error, window !== undefined, parties)));
    client.on('disconnect', ({ reasonCode }) => fail(disconnectError(reasonCode ?? 0, parties)));
    client.on('close', () => fail(closedError(window !== undefined, parties)));
    client.once('connect', (connack) => {
      signal.removeEventListener('abort', aborted);
      const limits = limitsOf(connack, options);
      window = new PublishWindow(stream, limits, (reason, topic) => fail(pubackError(reason, topic, parties)));
      void broken.then(watchProgress(window, options, fail));
      const end = async (reason: ConnectorError, orderly: boolean, withinMs: number) => {
        farewell ??= reason;
        if (orderly) await hangUp(client, stream, options.clock, withinMs);
        fail(reason);
      };
      resolve({
        ...{ window, limits, broken, end },
        subscribe: (filters) => subscribe(client, filters, options, broken),
        onMessage: (listener) => void client.on('message', (_topic, _payload, packet) => listener(packet)),
      });
    });
  });
}

/** Undefined, and `reject` told, where not even the stream can be made (certificates that are none). */
function newClient(
  options: MqttSessionOptions,
  reject: (error: ConnectorError) => void,
  streamBuilder: (owner: MqttClient) => Duplex,
): MqttClient | undefined {
  try {
    return new MqttClient(streamBuilder, clientOptions(options));
  } catch (error) {
    reject(streamError(error as Error, false, options.parties));
    return undefined;
  }
}

function once<T>(): { readonly promise: Promise<T>; readonly settle: (value: T) => void } {
  let settle!: (value: T) => void;
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return { promise, settle };
}

function clientOptions(options: MqttSessionOptions): IClientOptions {
  const { parties, password, will, version, willDelay } = options;
  const willProperties = {
    contentType: 'application/json',
    payloadFormatIndicator: true,
    willDelayInterval: willDelay,
  };
  return {
    protocolVersion: version,
    protocolId: 'MQTT',
    clientId: parties.clientId,
    // What was not acknowledged is in the spool, and is sent again from there: a session serves for nothing but the delay of
    // the will, which is published when its session ends (MQTT 5.0 3.1.3.2.2), as it does with a Clean Start.
    clean: version === 4 || willDelay === 0,
    ...(version === 5 && { properties: { sessionExpiryInterval: willDelay, maximumPacketSize: LARGEST_INBOUND } }),
    ...(parties.username !== undefined && { username: parties.username }),
    ...(password !== undefined && { password }),
    ...(will !== undefined && {
      will: { ...will, payload: Buffer.from(will.payload), ...(version === 5 && { properties: willProperties }) },
    }),
    keepalive: options.keepalive,
    connectTimeout: options.connectTimeoutMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // It sees no PUBACKs, so pings go out each keepalive, traffic or not: what finds a dead broker is their answer.
    reschedulePings: false,
    timerVariant: 'native',
    log: () => {},
  };
}

/** MQTT 5.0 3.2.2.3: what the broker cannot do. Under 3.1.1 it cannot say. */
function limitsOf(connack: IConnackPacket, options: MqttSessionOptions): BrokerLimits {
  const granted = options.version === 5 ? connack.properties : undefined;
  return {
    version: options.version,
    qos: granted?.maximumQoS === 0 ? 0 : 1,
    retainAvailable: options.retain === 'auto' ? granted?.retainAvailable !== false : options.retain,
    expirySeconds: options.version === 5 ? options.expirySeconds : undefined,
    topicAliases: granted?.topicAliasMaximum ?? 0,
    window: Math.min(options.window, granted?.receiveMaximum ?? 65_535),
    maximumPacketSize: Math.min(options.maximumPacketSize, granted?.maximumPacketSize ?? Number.POSITIVE_INFINITY),
  };
}

/** Gives the connection up when messages are in flight and none is settled for `ackTimeoutMs` (up to twice that). Returns what ends the watch. */
function watchProgress(
  window: PublishWindow,
  options: MqttSessionOptions,
  fail: (error: ConnectorError) => void,
): () => void {
  const { clock, ackTimeoutMs, parties } = options;
  let cancel: () => void;
  let standingAt = -1;
  const look = () => {
    if (window.inFlight > 0 && window.acknowledged === standingAt) {
      const message = `sink ${parties.sink}: ${parties.url} acknowledged nothing for ${ackTimeoutMs} ms; connecting anew`;
      return fail(
        new RetrySlowlyError('mqtt-no-acknowledgement', message, { facts: { sink: parties.sink, url: parties.url } }),
      );
    }
    standingAt = window.inFlight > 0 ? window.acknowledged : -1;
    cancel = clock.after(ackTimeoutMs, look);
  };
  cancel = clock.after(ackTimeoutMs, look);
  return () => cancel();
}

async function subscribe(
  client: MqttClient,
  filters: readonly string[],
  { clock, connectTimeoutMs, parties }: MqttSessionOptions,
  broken: Promise<ConnectorError>,
): Promise<ReadonlyMap<string, string>> {
  let cancel: () => void = () => {};
  const late = new Promise<never>((_, reject) => {
    const message = `sink ${parties.sink}: ${parties.url} did not answer a SUBSCRIBE for ${connectTimeoutMs} ms`;
    const error = new RetrySlowlyError('mqtt-no-acknowledgement', message, { facts: { sink: parties.sink } });
    cancel = clock.after(connectTimeoutMs, () => reject(error));
  });
  const answer = new Promise<Map<string, string>>((resolve, reject) => {
    client.subscribe([...filters], { qos: 0 }, (error, _granted, packet) => {
      const granted = (packet as { granted?: readonly number[] } | undefined)?.granted;
      if (granted === undefined) {
        // Nearly always as the connection broke, which says more.
        const message = `sink ${parties.sink}: ${parties.url} could not be subscribed to: ${error?.message}`;
        const failed = new RetrySlowlyError('mqtt-subscribe', message, { facts: { sink: parties.sink } });
        return void clock.after(CLOSING_MS, () => reject(failed));
      }
      const refused = filters.flatMap((filter, index): [string, string][] =>
        (granted[index] ?? 0x80) < 0x80 ? [] : [[filter, nameOf(granted[index] ?? 0x80)]],
      );
      resolve(new Map(refused));
    });
  });
  try {
    return await Promise.race([answer, late, broken.then((error) => Promise.reject(error))]);
  } finally {
    cancel();
  }
}

/** DISCONNECT, then wait for the other side to hang up. */
async function hangUp(client: MqttClient, stream: Duplex, clock: Clock, withinMs: number): Promise<void> {
  if (stream.destroyed) return;
  const closed = new Promise<void>((resolve) => void stream.once('close', resolve));
  const cancel = clock.after(withinMs, () => void stream.destroy());
  // The session is of no more use: without this it would live as long as the will is delayed.
  client.end(false, client.options.protocolVersion === 5 ? { properties: { sessionExpiryInterval: 0 } } : {});
  await closed;
  cancel();
}
