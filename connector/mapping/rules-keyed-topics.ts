import type { WrittenRules } from './rules-schema.ts';

/** Names Kafka takes; anything else written out is a fault when it is written to. */
const NAME = /^[A-Za-z0-9._-]{1,249}$/;

/** Topics that messages with a key go to, as far as they are written out: those with placeholders are known with the event only. */
export function keyedTopics({ rules, defaults = {} }: WrittenRules): string[] {
  const messages = rules.flatMap((rule) => (rule.drop === true ? [] : (rule.emit ?? [rule])));
  const names = messages.flatMap(({ topic = defaults.topic, key = defaults.key }) =>
    key === undefined || topic === undefined ? [] : topic.filter((name) => NAME.test(name)),
  );
  return [...new Set(names)];
}
