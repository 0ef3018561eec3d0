import { randomBytes } from 'node:crypto';
import { systemClock } from '../clock.ts';
import { RetryNowError } from '../errors.ts';
import { brokerAddress } from './broker-address.ts';
import { nothingLearned, openAdapted } from './mqtt-adaptation.ts';
import type { MqttSinkOptions } from './mqtt-sink.ts';

/** What a broker says of itself as it lets somebody in (MQTT 5.0 clause 3.2.2.3); under 3.1.1 it can say nothing. */
export interface MqttProbe {
  readonly url: string;
  readonly version: '5.0' | '3.1.1';
  readonly maximumQos: 0 | 1;
  readonly retain: boolean;
  /** Messages it takes before it has acknowledged the first. */
  readonly receiveMaximum: number;
  /** Bytes; null for no limit. */
  readonly maximumPacketSize: number | null;
  readonly topicAliases: number;
}

const FAREWELL_MS = 1_000;

/**
 * Connects as the sink would, and leaves: nothing is published, not even the bridge state, and the client id is another one,
 * so that a connector that runs is not thrown out.
 *
 * @throws the errors of mqttSink's connect
 */
export async function probeMqtt(options: MqttSinkOptions, signal: AbortSignal): Promise<MqttProbe> {
  const address = brokerAddress(options.url, options.name);
  const protocol = options.protocol ?? 'auto';
  const learned = nothingLearned(protocol, false);
  const clientId = `${options.clientId}-check-${randomBytes(4).toString('hex')}`;
  const parties = { sink: options.name, url: address.text, clientId, username: options.username ?? address.username };
  const session = await openAdapted(
    learned,
    protocol === 'auto',
    () => ({
      ...{ address, tls: options.tls ?? {}, parties, password: options.password ?? address.password },
      version: learned.version,
      ...{ willDelay: 0, retain: 'auto', expirySeconds: undefined },
      ...{ window: 65_535, maximumPacketSize: options.maximumPacketSize ?? Number.POSITIVE_INFINITY },
      ...{ keepalive: 30, connectTimeoutMs: options.connectTimeoutMs ?? 10_000, ackTimeoutMs: 30_000 },
      clock: options.clock ?? systemClock,
    }),
    signal,
  );
  const { limits } = session;
  await session.end(new RetryNowError('mqtt-checked', 'the check is over'), true, FAREWELL_MS);
  return {
    url: address.text,
    version: limits.version === 5 ? '5.0' : '3.1.1',
    maximumQos: limits.qos,
    retain: limits.retainAvailable,
    receiveMaximum: limits.window,
    maximumPacketSize: Number.isFinite(limits.maximumPacketSize) ? limits.maximumPacketSize : null,
    topicAliases: limits.topicAliases ?? 0,
  };
}
