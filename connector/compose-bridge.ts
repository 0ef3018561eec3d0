import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { clientIdOf, type MqttBridge } from './compose-parts.ts';
import type { Roster } from './compose-roster.ts';
import type { InboundSubscription } from './sink/sink.ts';

/**
 * What the MQTT sink `name` tells of the connector: `<base>/bridge/info`, no secrets in it, and a token for the form of its
 * retained messages. Another mapping, another base topic or another version, and the broker is given all states again.
 */
export function bridgeOf(
  name: string,
  { sinks }: Roster,
  version: string,
  subscriptions: readonly InboundSubscription[],
): MqttBridge {
  const { settings, mappingDigests } = sinks.get(name)!;
  if (settings.type !== 'mqtt') return {};
  const { mapping, baseTopic } = settings;
  const form = JSON.stringify([version, clientIdOf(settings), mapping, baseTopic, Object.values(mappingDigests)]);
  const brokers = [...sinks.values()].map((sink) => sink.settings).filter(({ type }) => type === 'mqtt');
  return {
    subscriptions,
    info: {
      version,
      sinks: brokers.map((sink) => ({ name: sink.name, mapping: basename(sink.mapping).replace(/\.ya?ml$/, '') })),
    },
    retainedToken: createHash('sha256').update(form).digest('hex').slice(0, 16),
  };
}
