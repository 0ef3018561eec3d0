import mqtt, { type IPublishPacket, type MqttClient } from 'mqtt';

export interface Observed {
  readonly topic: string;
  readonly payload: string;
  readonly packet: IPublishPacket;
}

/** A subscriber that remembers all it received, and can be waited on. */
export interface MqttObserver {
  readonly client: MqttClient;
  readonly messages: readonly Observed[];
  /** Resolves with the first message, old or new, that `wanted` holds for; rejects after `withinMs`. */
  first(wanted: (message: Observed) => boolean, withinMs?: number): Promise<Observed>;
  /** Resolves when so many are there. */
  count(messages: number, withinMs?: number): Promise<readonly Observed[]>;
  close(): Promise<void>;
}

/** Connects and subscribes to `filter`, with what is retained. */
export async function mqttObserver(
  url: string,
  filter = '#',
  options: mqtt.IClientOptions = {},
): Promise<MqttObserver> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, ...options });
  const messages: Observed[] = [];
  const looking = new Set<() => void>();
  client.on('message', (topic, payload, packet) => {
    messages.push({ topic, payload: payload.toString(), packet });
    for (const look of looking) look();
  });
  await client.subscribeAsync(filter, { qos: 1 });
  const until = <T>(found: () => T | undefined, withinMs: number, what: string): Promise<T> =>
    new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        looking.delete(look);
      };
      const look = () => {
        const result = found();
        if (result === undefined) return;
        end();
        resolve(result);
      };
      const timer = setTimeout(() => {
        end();
        reject(
          new Error(`no ${what} within ${withinMs} ms; received ${messages.length}, the last: ${lastOf(messages)}`),
        );
      }, withinMs);
      looking.add(look);
      look();
    });
  return {
    client,
    messages,
    first: (wanted, withinMs = 5_000) => until(() => messages.find(wanted), withinMs, 'such message'),
    count: (wanted, withinMs = 5_000) =>
      until(() => (messages.length >= wanted ? messages : undefined), withinMs, `${wanted} messages`),
    close: () => client.endAsync(true),
  };
}

function lastOf(messages: readonly Observed[]): string {
  return messages
    .slice(-20)
    .map(({ topic }) => topic)
    .join(', ');
}
