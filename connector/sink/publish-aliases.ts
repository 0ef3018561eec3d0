/**
 * Topic aliases of one connection (MQTT 5.0 3.3.2.3.4): a number stands for a topic that was sent with it once.
 *
 * Topics that come again keep theirs: when all are taken, each topic without one moves a hand on by one alias, which takes the
 * alias under it away only from a topic that did not come since the hand passed (the clock algorithm). Where topics are many
 * more than aliases that saves nothing and costs a look-up a message, so it rests for a while then.
 */
export interface TopicAliases {
  /** The alias the broker knows for `topic`; 0 where there is none. */
  find(topic: string): number;
  /** An alias to send along with a topic that has none; 0 where there is none to give. */
  offer(): number;
  /** From the message on that was just sent, `alias` stands for `topic`. */
  assign(topic: string, alias: number): void;
}

/** Aliases used at most: each holds a topic in memory here, and at the broker. */
export const MOST_ALIASES = 2_048;
/** So many messages are judged at a time, and must have saved this part of their topics. */
const JUDGED = 4_096;
const LEAST_HITS = JUDGED / 4;
/** Messages it rests for after it was of no use. */
const REST = 16 * JUDGED;

/** @param granted Topic Alias Maximum of the CONNACK @returns undefined where the broker grants none */
export function topicAliases(granted: number): TopicAliases | undefined {
  const most = Math.min(granted, MOST_ALIASES);
  if (most === 0) return undefined;
  const aliases = new Map<string, number>();
  const topics: string[] = new Array(most + 1).fill('');
  const used = new Uint8Array(most + 1);
  let hand = 0;
  let [messages, hits, rest] = [0, 0, 0];

  return {
    find(topic) {
      if (rest > 0) return 0;
      messages += 1;
      const alias = aliases.get(topic);
      if (alias === undefined) return 0;
      hits += 1;
      used[alias] = 1;
      return alias;
    },
    offer() {
      if (rest > 0) {
        rest -= 1;
        return 0;
      }
      if (aliases.size < most) return aliases.size + 1;
      if (messages >= JUDGED) {
        if (hits < LEAST_HITS) rest = REST;
        messages = 0;
        hits = 0;
      }
      hand = (hand % most) + 1;
      if (used[hand] === 0) return hand;
      used[hand] = 0;
      return 0;
    },
    assign(topic, alias) {
      aliases.delete(topics[alias]!);
      topics[alias] = topic;
      used[alias] = 0;
      aliases.set(topic, alias);
    },
  };
}
