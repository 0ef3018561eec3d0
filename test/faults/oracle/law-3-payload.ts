import { type Delivery, firstDeliveries, type Law } from './history.ts';
import { mapped } from './mapped.ts';

/** 3. Payloads match the mapping byte for byte, each time they come; nothing comes that the mapping would not make. */
export const payload: Law = ({ envelope, onvifEj }) => {
  const violations: string[] = [];
  const first = new Map<number, Delivery>();
  for (const delivery of envelope) {
    const before = first.get(delivery.sequence);
    if (before === undefined) first.set(delivery.sequence, delivery);
    else if (before.payload !== delivery.payload || before.topic !== delivery.topic || before.id !== delivery.id)
      violations.push(`record ${delivery.sequence} came again as another: ${before.payload} / ${delivery.payload}`);
    const { record, id, sequence } = delivery;
    if (record !== null && (record.id !== id || record.sequence !== sequence))
      violations.push(
        `record ${sequence}: attributes say ${id}, ${sequence}; payload ${record.id}, ${record.sequence}`,
      );
  }
  // Records of one occurrence share an id (a replay of what came live): any of them may have made a message.
  const makers = new Map<string, Delivery[]>();
  for (const delivery of firstDeliveries(envelope))
    makers.set(delivery.id, [...(makers.get(delivery.id) ?? []), delivery]);
  for (const { id, topic, payload: got } of onvifEj) {
    const wanted = (makers.get(id) ?? []).flatMap((delivery) => mapped(delivery));
    if (wanted.length === 0) violations.push(`${topic} ${got}: no record makes this message (id ${id})`);
    else if (!wanted.some((message) => message.topic === topic && message.payload === got))
      violations.push(
        `${topic} ${got}: the mapping makes ${wanted.map((m) => `${m.topic} ${m.payload}`).join(' or ')}`,
      );
  }
  return { checked: envelope.length + onvifEj.length, violations };
};
