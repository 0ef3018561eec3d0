import type { Clock } from './clock.ts';
import type { Mapping } from './mapping/mapping.ts';
import type { SinkSettings } from './settings/settings-schema.ts';
import { birthMessage } from './sink/birth-message.ts';
import type { InboundSubscription, Sink } from './sink/sink.ts';

/**
 * The sink that `make` makes, which listens for those who want all states when they start, where the mapping names any.
 *
 * @param random uniform in [0, 1): not all that hear of a birth are to speak at once
 */
export function sinkWithBirths(
  { type }: SinkSettings,
  { birthTopic }: Mapping,
  clock: Clock,
  make: (births: readonly InboundSubscription[]) => Sink,
  random: () => number = Math.random,
): Sink {
  if (type !== 'mqtt' || birthTopic === undefined) return make([]);
  const birth = birthMessage({ topic: birthTopic, clock, random });
  return birth.attach(make([birth.subscription]));
}
