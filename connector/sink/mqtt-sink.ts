import { type Clock, systemClock } from '../clock.ts';
import { type ConnectorError, RetryNowError } from '../errors.ts';
import type { OutboundMessage } from '../mapping/mapping.ts';
import { type BrokerTls, brokerAddress } from './broker-address.ts';
import { type Learned, nothingLearned, openAdapted } from './mqtt-adaptation.ts';
import { type BridgeWatch, bridgeInfo, bridgeState, bridgeWatch, DEFAULT_BASE_TOPIC } from './mqtt-bridge.ts';
import { inboundMessages } from './mqtt-inbound.ts';
import { type RetainedWatch, retainedWatch } from './mqtt-retained.ts';
import type { MqttSession, MqttSessionOptions } from './mqtt-session.ts';
import type { InboundSubscription, Sink, SinkConnection } from './sink.ts';

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
  /** First level or levels of the connector's own topics; `onvif` where absent. No wildcards. */
  readonly baseTopic?: string | undefined;
  /** Published as `<base>/bridge/info`, retained; not published where absent. No secrets. */
  readonly info?: Readonly<Record<string, unknown>> | undefined;
  /** auto (the default): states are retained unless the broker says that it retains nothing; true: even then. */
  readonly retain?: boolean | 'auto' | undefined;
  /** Stands for the form of what is retained. With it the sink finds out whether the broker still has it; absent: it does not look. */
  readonly retainedToken?: string | undefined;
  /** Seconds a broken connection may be away before the broker says so; 0 where absent. MQTT 5.0 only. */
  readonly willDelay?: number | undefined;
  /** Seconds an event may wait at the broker for its reader; for ever where absent. Never for states. MQTT 5.0 only. */
  readonly messageExpiry?: number | undefined;
  /** What to listen to, on every connection. */
  readonly subscriptions?: readonly InboundSubscription[] | undefined;
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
  readonly code:
    | 'protocol-fallback'
    | 'qos-0'
    | 'retain-unavailable'
    | 'bridge-state-refused'
    | 'retained-marker-refused'
    | 'subscription-refused'
    | 'inbound-dropped'
    | 'inbound-failed';
  readonly message: string;
}

/**
 * A sink that publishes to an MQTT broker with QoS 1: a message is delivered when its PUBACK came. Where the broker takes
 * QoS 0 only (Maximum QoS 0), it is delivered when the operating system took its bytes: then a message may be lost with the
 * connection. Throws ConfigurationError for a url that is none.
 */
export function mqttSink(options: MqttSinkOptions): Sink {
  const address = brokerAddress(options.url, options.name);
  const protocol = options.protocol ?? 'auto';
  const learned = nothingLearned(protocol, options.retain !== false);
  const notice = (code: MqttNotice['code'], message: string) =>
    options.onNotice?.({ code, message: `sink ${options.name}: ${address.text} ${message}` });
  return {
    name: options.name,
    async connect(signal): Promise<SinkConnection> {
      const adapted = () => sessionOptions(options, address, learned);
      const session = await openAdapted(learned, protocol === 'auto', adapted, signal);
      const { limits } = session;
      if (limits.version !== learned.preferred)
        notice('protocol-fallback', 'has no MQTT 5.0: speaking 3.1.1, without CloudEvents attributes');
      if (limits.qos === 0)
        notice('qos-0', 'takes QoS 0 only: messages on their way are lost when the connection breaks');
      if (!limits.retainAvailable && options.retain !== false)
        notice('retain-unavailable', 'keeps no retained messages: states are published as events');
      const watches = limits.retainAvailable ? watchesOf(session, options) : undefined;
      await called(session, options, signal, async () => {
        await listen(session, options, watches, learned, notice);
        await greet(session, options, notice);
      });
      return connection(session, options, watches, notice);
    },
  };
}

/** What is followed of our own topics, where the broker keeps what is retained there. */
interface Watches {
  readonly retained: RetainedWatch | undefined;
  readonly bridge: BridgeWatch;
}

function watchesOf(
  { window }: MqttSession,
  { retainedToken, name, baseTopic = DEFAULT_BASE_TOPIC, clock = systemClock }: MqttSinkOptions,
): Watches {
  const marker = `${baseTopic}/bridge/retained/${name}`;
  return {
    retained: retainedToken === undefined ? undefined : retainedWatch(marker, retainedToken, clock),
    bridge: bridgeWatch(baseTopic, (message) => void window.publish([message], { final: 'rights' }).catch(() => {})),
  };
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
    will: {
      ...bridgeState(options.baseTopic ?? DEFAULT_BASE_TOPIC, 'offline'),
      ...{ qos: learned.willQos, retain: learned.willRetain },
    },
    willDelay: options.willDelay ?? 0,
    retain: options.retain ?? 'auto',
    expirySeconds: options.messageExpiry,
    window: options.window ?? 100,
    maximumPacketSize: options.maximumPacketSize ?? Number.POSITIVE_INFINITY,
    keepalive: options.keepalive ?? 30,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    ackTimeoutMs: options.ackTimeoutMs ?? 30_000,
    clock: options.clock ?? systemClock,
  };
}

/** Does `work`, which ends with the session when `signal` aborts. Rejects with the reason it broke for, or the signal's. */
async function called(
  session: MqttSession,
  { name }: MqttSinkOptions,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  const calledOff = new RetryNowError('mqtt-aborted', `sink ${name}: connecting was called off`);
  const aborted = () => void session.end(calledOff, false, 0);
  signal.addEventListener('abort', aborted, { once: true });
  if (signal.aborted) aborted();
  try {
    await work();
  } catch (error) {
    signal.throwIfAborted();
    void session.end(error as ConnectorError, false, 0);
    throw error;
  } finally {
    signal.removeEventListener('abort', aborted);
  }
}

/** A broker that hangs up on a SUBSCRIBE so often in a row is not sent one the next time: delivering goes on without. */
const SUBSCRIBE_BREAKS = 2;

async function listen(
  session: MqttSession,
  options: MqttSinkOptions,
  watches: Watches | undefined,
  learned: Learned,
  notice: (code: MqttNotice['code'], message: string) => void,
): Promise<void> {
  const watch = watches?.retained;
  const own = [watch, watches?.bridge].flatMap((each) => each?.subscription ?? []);
  const subscriptions = [...own, ...(options.subscriptions ?? [])];
  if (subscriptions.length === 0) return;
  if (learned.subscribeBreaks >= SUBSCRIBE_BREAKS) {
    learned.subscribeBreaks = 0;
    return notice('subscription-refused', 'ends the connection on SUBSCRIBE: nothing is listened to this time');
  }
  const { window } = session;
  session.onMessage(
    inboundMessages({
      subscriptions,
      clock: options.clock ?? systemClock,
      reply: (message) => void window.publish([message], { final: 'rights' }).catch(() => {}),
      onTrouble: (trouble, what) =>
        notice(
          `inbound-${trouble}`,
          `sent what was ${trouble === 'dropped' ? 'not taken' : 'taken and failed'}: ${what}`,
        ),
    }),
  );
  learned.subscribeBreaks++;
  const refused = await session.subscribe([...new Set(subscriptions.map(({ filter }) => filter))]);
  learned.subscribeBreaks = 0;
  for (const [filter, reason] of refused) notice('subscription-refused', `refused to send us '${filter}': ${reason}`);
  if (watch !== undefined && !refused.has(watch.subscription.filter)) watch.subscribed();
}

/**
 * Publishes that the connector is online. A connection counts once that is settled: what breaks earlier is the fault of
 * no record.
 */
async function greet(
  { window }: MqttSession,
  { baseTopic = DEFAULT_BASE_TOPIC, info }: MqttSinkOptions,
  notice: (code: MqttNotice['code'], message: string) => void,
): Promise<void> {
  const greeting = [bridgeState(baseTopic, 'online')];
  if (info !== undefined) greeting.push(bridgeInfo(baseTopic, info));
  const [refusal] = await window.publish(greeting, { final: 'rights' });
  if (refusal) notice('bridge-state-refused', `refused the bridge state: ${refusal.reason}`);
}

function connection(
  session: MqttSession,
  options: MqttSinkOptions,
  watches: Watches | undefined,
  notice: (code: MqttNotice['code'], message: string) => void,
): SinkConnection {
  const { window, broken } = session;
  const watch = watches?.retained;
  const clock = options.clock ?? systemClock;
  const closeTimeoutMs = options.closeTimeoutMs ?? 3_000;
  let closing: Promise<void> | undefined;
  const closed = new RetryNowError('sink-closed', `sink ${options.name}: this connection was closed`);
  const close = async () => {
    watches?.bridge.stop();
    // Behind all that was handed in before; a broker that does not answer in time finds out by the will.
    const farewell = [bridgeState(options.baseTopic ?? DEFAULT_BASE_TOPIC, 'offline')];
    const said = window.publish(farewell, { final: 'rights' }).then(
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
  if (watch !== undefined) void broken.then(watch.stop);
  const publish: typeof window.publish = (messages, call) =>
    closing === undefined ? window.publish(messages, call) : Promise.reject(closed);
  return {
    publish: (messages, cutShort) => publish(messages, { cutShort }),
    broken,
    ...(watch !== undefined && {
      takeBack: (messages: OutboundMessage[]) => publish(messages, { final: 'any' }),
      onStatesWanted: watch.onWanted,
      async statesRestored() {
        const said = window.publish([watch.restored()], { final: 'rights' });
        const [refusal] = await said.catch(() => []);
        if (refusal) notice('retained-marker-refused', `refused the marker of what it retains: ${refusal.reason}`);
      },
    }),
    close: () => (closing ??= close()),
  };
}
