import { AdaptRequestError, type ConnectorError, RetrySlowlyError } from '../errors.ts';
import { type MqttSession, type MqttSessionOptions, openMqttSession } from './mqtt-session.ts';

/** What earlier attempts taught about a broker. */
export interface Learned {
  readonly preferred: 4 | 5;
  /** It has answered in 5.0: when it hangs up now it has another reason. */
  spokeFive: boolean;
  version: 4 | 5;
  willQos: 0 | 1;
  willRetain: boolean;
  /** Connections in a row that it ended when we subscribed. */
  subscribeBreaks: number;
}

export function nothingLearned(protocol: 'auto' | 5 | 4, willRetain: boolean): Learned {
  const preferred = protocol === 4 ? 4 : 5;
  return { preferred, spokeFive: false, version: preferred, willQos: 1, willRetain, subscribeBreaks: 0 };
}

/**
 * Connects, leaving out what the broker says it cannot do, and remembering that in `learned` for the next time.
 *
 * @param auto the version is ours to choose
 * @param sessionOptions what to connect with, as of `learned` then
 */
export async function openAdapted(
  learned: Learned,
  auto: boolean,
  sessionOptions: () => MqttSessionOptions,
  signal: AbortSignal,
): Promise<MqttSession> {
  for (;;) {
    try {
      const session = await openMqttSession(sessionOptions(), signal);
      learned.spokeFive ||= session.limits.version === 5;
      return session;
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
