import { type Clock, systemClock } from '../clock.ts';
import { AdaptRequestError, type ConnectorError, RetryNowError, RetrySlowlyError } from '../errors.ts';
import type { OutboundMessage } from '../mapping/mapping.ts';
import { type BrokerTls, brokerAddress } from './broker-address.ts';
import { type MqttSession, type MqttSessionOptions, openMqttSession } from './mqtt-session.ts';
import type { Sink, SinkConnection } from './sink.ts';

export interface MqttSinkOptions {
  readonly name: string;
  /** mqtt, mqtts, ws or wss; may hold the credentials. */
  readonly url: string;
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly tls?: BrokerTls | undefined;
  /** auto (the default): 5.0, and 3.1.1 where the broker has no 5.0. */
  readonly protocol?: 'auto' | 5 | 4 | undefined;
  /** Messages sent and not acknowledged, at most, 1 to 65,535; 100 where absent. The broker may lower it. */
  readonly window?: number | undefined;
  /** Seconds; 30 where absent. */
  readonly keepalive?: number | undefined;
  /** `onvif/bridge/state` where absent. */
  readonly bridgeStateTopic?: string | undefined;
  /** 10,000 where absent. */
  readonly connectTimeoutMs?: number | undefined;
  /** With messages in flight and no acknowledgement for so long the connection is given up; 30,000 where absent. */
  readonly ackTimeoutMs?: number | undefined;
  /** `close` waits so long for the broker; 3,000 where absent. */
  readonly closeTimeoutMs?: number | undefined;
  /** Bytes; for brokers that have a limit and cannot tell it (3.1.1). */
  readonly maximumPacketSize?: number | undefined;
  readonly clock?: Clock | undefined;
  /** Told what a person may want to know of a connection that works; each is worth one log line. */
  readonly onNotice?: ((notice: MqttNotice) => void) | undefined;
}

export interface MqttNotice {
  readonly code: 'protocol-fallback' | 'qos-0' | 'retain-unavailable' | 'bridge-state-refused';
  readonly message: string;
}

/** What earlier attempts taught about this broker. */
interface Learned {
  /** It has answered in 5.0: when it hangs up now it has another reason. */
  spokeFive: boolean;
  version: 4 | 5;
  willQos: 0 | 1;
  willRetain: boolean;
}

/**
 * A sink that publishes to an MQTT broker with QoS 1: a message is delivered when its PUBACK came. Where the broker takes
 * QoS 0 only (Maximum QoS 0), it is delivered when the operating system took its bytes: then a message may be lost with the
 * connection. Throws ConfigurationError for a url that is none.
 */
export function mqttSink(options: MqttSinkOptions): Sink {
  const address = brokerAddress(options.url, options.name);
  const preferred = options.protocol === 4 ? 4 : 5;
  const learned: Learned = { spokeFive: false, version: preferred, willQos: 1, willRetain: true };
  const notice = (code: MqttNotice['code'], message: string) =>
    options.onNotice?.({ code, message: `sink ${options.name}: ${address.text} ${message}` });
  return {
    name: options.name,
    async connect(signal): Promise<SinkConnection> {
      const session = await openAdapted(options, address, learned, signal);
      const { limits } = session;
      learned.spokeFive ||= limits.version === 5;
      if (limits.version !== preferred)
        notice('protocol-fallback', 'has no MQTT 5.0: speaking 3.1.1, without CloudEvents attributes');
      if (limits.qos === 0)
        notice('qos-0', 'takes QoS 0 only: messages on their way are lost when the connection breaks');
      if (!limits.retainAvailable)
        notice('retain-unavailable', 'keeps no retained messages: states are published as events');
      await greet(session, options, notice, signal);
      return connection(session, options);
    },
  };
}

/** Connects, leaving out what the broker says it cannot do, and remembering that for the next time. */
async function openAdapted(
  options: MqttSinkOptions,
  address: ReturnType<typeof brokerAddress>,
  learned: Learned,
  signal: AbortSignal,
): Promise<MqttSession> {
  const auto = (options.protocol ?? 'auto') === 'auto';
  for (;;) {
    try {
      return await openMqttSession(sessionOptions(options, address, learned), signal);
    } catch (error) {
      if (signal.aborted) throw error;
      if (adapt(learned, error as ConnectorError, auto)) continue;
      // The broker may be another one when it is back.
      if (auto) learned.version = 5;
      if (!(error instanceof AdaptRequestError)) throw error;
      throw new RetrySlowlyError(error.code, error.message, { facts: error.facts, cause: error });
    }
  }
}

/** True where the next attempt differs: each thing is given up once, so this ends. */
function adapt(learned: Learned, error: ConnectorError, auto: boolean): boolean {
  switch (error.code) {
    case 'mqtt-protocol-version':
    // A broker that does not know 5.0 may as well just hang up.
    case 'mqtt-closed-unanswered':
      if (!auto || learned.version === 4) return false;
      // A broker that restarts, or something before it, hangs up too: attributes must not go missing for that.
      if (error.code === 'mqtt-closed-unanswered' && learned.spokeFive) return false;
      learned.version = 4;
      return true;
    case 'mqtt-retain-unsupported':
      if (!learned.willRetain) return false;
      learned.willRetain = false;
      return true;
    case 'mqtt-qos-unsupported':
      if (learned.willQos === 0) return false;
      learned.willQos = 0;
      return true;
    default:
      return false;
  }
}

function sessionOptions(
  options: MqttSinkOptions,
  address: ReturnType<typeof brokerAddress>,
  learned: Learned,
): MqttSessionOptions {
  return {
    address,
    tls: options.tls ?? {},
    parties: {
      sink: options.name,
      url: address.text,
      clientId: options.clientId,
      username: options.username ?? address.username,
    },
    password: options.password ?? address.password,
    version: learned.version,
    will: { ...bridgeState(options, 'offline'), qos: learned.willQos, retain: learned.willRetain },
    window: options.window ?? 100,
    maximumPacketSize: options.maximumPacketSize ?? Number.POSITIVE_INFINITY,
    keepalive: options.keepalive ?? 30,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    ackTimeoutMs: options.ackTimeoutMs ?? 30_000,
    clock: options.clock ?? systemClock,
  };
}

function bridgeState(options: MqttSinkOptions, state: 'online' | 'offline'): OutboundMessage {
  return {
    topic: options.bridgeStateTopic ?? 'onvif/bridge/state',
    payload: JSON.stringify({ state }),
    retain: true,
    contentType: 'application/json',
    attributes: [],
  };
}

/**
 * Publishes that the connector is online. A connection counts once that is settled: what breaks earlier is the fault of
 * no record. Rejects with the reason it broke for, or the signal's.
 */
async function greet(
  session: MqttSession,
  options: MqttSinkOptions,
  notice: (code: MqttNotice['code'], message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const called = new RetryNowError('mqtt-aborted', `sink ${options.name}: connecting was called off`);
  const aborted = () => void session.end(called, false, 0);
  signal.addEventListener('abort', aborted, { once: true });
  if (signal.aborted) aborted();
  try {
    const [refusal] = await session.window.publish([bridgeState(options, 'online')], { mayBeForbidden: true });
    if (refusal) notice('bridge-state-refused', `refused the bridge state: ${refusal.reason}`);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', aborted);
  }
}

function connection(session: MqttSession, options: MqttSinkOptions): SinkConnection {
  const { window, broken } = session;
  const clock = options.clock ?? systemClock;
  const closeTimeoutMs = options.closeTimeoutMs ?? 3_000;
  let closing: Promise<void> | undefined;
  const closed = new RetryNowError('sink-closed', `sink ${options.name}: this connection was closed`);
  const close = async () => {
    // Behind all that was handed in before; a broker that does not answer in time finds out by the will.
    const said = window.publish([bridgeState(options, 'offline')], { mayBeForbidden: true }).then(
      () => true,
      () => false,
    );
    const late = new AbortController();
    const gaveUp = clock.sleep(closeTimeoutMs, late.signal).then(
      () => false,
      () => false, // called off: the race is over
    );
    const goodbye = await Promise.race([said, gaveUp]);
    late.abort();
    await session.end(closed, goodbye, closeTimeoutMs);
  };
  return {
    publish: (messages, cutShort) =>
      closing === undefined ? window.publish(messages, { cutShort }) : Promise.reject(closed),
    broken,
    close: () => (closing ??= close()),
  };
}
