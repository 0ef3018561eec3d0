import { z } from 'zod';
import { duration } from './value-schemas.ts';

const SECOND = 1_000;
const DAY = 24 * 60 * 60 * SECOND;

/** Keys that only an MQTT sink has (docs/mqtt.md). */
export const mqttKeys = {
  baseTopic: z
    .string()
    .regex(
      /^(?![$/])[^+#\0]{1,200}(?<!\/)$/,
      'must be one or more MQTT levels without "+" and "#", such as onvif or site/hq',
    )
    .describe("First level(s) of the connector's own topics: bridge state, availability, gaps, requests.")
    .prefault('onvif'),
  retain: z
    .union([z.boolean(), z.literal('auto')])
    .describe(
      'Whether states are kept by the broker (retained). auto: unless it says that it keeps none. false: never, for brokers that refuse such messages.',
    )
    .prefault('auto'),
  messageExpiry: duration(SECOND, 365 * DAY)
    .describe(
      'How long an event may wait at the broker for a reader who is away, such as 7d; older ones are dropped there. Never states. MQTT 5 only. None = for ever.',
    )
    .optional(),
  willDelay: duration(0, DAY)
    .describe(
      'How long a broken connection may be away before the broker tells that the connector is offline. 0s: at once. MQTT 5 only.',
    )
    .prefault('30s'),
};
