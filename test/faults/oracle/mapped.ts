import { fileURLToPath } from 'node:url';
import type { OutboundMessage } from '../../../connector/mapping/mapping.ts';
import { openMapping } from '../../../connector/mapping/open-mapping.ts';
import type { Delivery } from './history.ts';

const mapping = openMapping('onvif-ej', {
  devices: new Map(),
  mappingsDirectory: fileURLToPath(new URL('../../../mappings/', import.meta.url)),
});

/** What the onvif-ej sink is to send for a record that the envelope sink sent. */
export function mapped({
  record,
  payload,
  topic,
  id,
}: Delivery): readonly Pick<OutboundMessage, 'topic' | 'payload'>[] {
  if (record?.kind === 'notification') return mapping.map({ offset: 0, record, json: payload });
  // What the connector tells of itself is alike under all mappings.
  return id === '' ? [] : [{ topic, payload }];
}
