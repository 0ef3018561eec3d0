import mqtt, { type MqttClient } from 'mqtt';
import type { EventRecord } from '../../../connector/normalize/record.ts';
import { type Delivery, markOf } from '../oracle/history.ts';

/** First level of everything that comes from the onvif-ej sink's listener. */
export const EJ_MOUNT = 'ej/';

/** A subscriber that writes down everything, by sink. */
export interface Reception {
  readonly envelope: readonly Delivery[];
  readonly onvifEj: readonly Delivery[];
  has(mark: string): boolean;
  /** Distinct marks so far. */
  readonly marks: number;
  /** (Re)connects and resolves once it hears everything. */
  listen(): Promise<void>;
  deafen(): Promise<void>;
}

export function reception(url: string): Reception {
  const envelope: Delivery[] = [];
  const onvifEj: Delivery[] = [];
  const marks = new Set<string>();
  let client: MqttClient | undefined;
  const take = (topic: string, payload: string, packet: mqtt.IPublishPacket) => {
    const given = packet.properties?.userProperties ?? {};
    const id = String(given.id ?? '');
    // What the bridge says of itself, and retained copies of what was heard before, are no deliveries.
    if (id === '' || packet.retain) return;
    const isEj = topic.startsWith(EJ_MOUNT);
    const record = isEj ? null : recordOf(payload);
    const sequence = Number(given.sequence ?? Number.NaN);
    const own = isEj ? topic.slice(EJ_MOUNT.length) : topic;
    const delivery: Delivery = { at: Date.now(), topic: own, payload, id, sequence, record };
    (isEj ? onvifEj : envelope).push(delivery);
    const mark = markOf(delivery);
    if (mark !== undefined) marks.add(mark);
  };
  return {
    envelope,
    onvifEj,
    has: (mark) => marks.has(mark),
    get marks() {
      return marks.size;
    },
    async listen() {
      await client?.endAsync(true);
      client = await mqtt.connectAsync(url, { protocolVersion: 5, clientId: 'oracle', reconnectPeriod: 0 });
      client.on('error', () => {});
      client.on('message', (topic, payload, packet) => take(topic, payload.toString('utf8'), packet));
      await client.subscribeAsync('#', { qos: 1, rap: false });
    },
    async deafen() {
      await client?.endAsync(true);
      client = undefined;
    },
  };
}

/** Notifications, gaps, synchronizations and devices are records; availability is a shape of its own. */
function recordOf(payload: string): EventRecord | null {
  const value = JSON.parse(payload) as Partial<EventRecord>;
  return value.kind === undefined ? null : (value as EventRecord);
}
