import { type KafkaAdmin, KafkaFailure, type KafkaPort } from './kafka-port.ts';

/** What is known of a topic that is written to. */
interface TopicFacts {
  /** Largest batch it takes, bytes. */
  readonly largestBatch: number;
}

/** The topics written to, as far as they were looked at. */
export interface KnownTopics {
  /** Looks at those of `names` that are not known to exist. @returns those that do not. Rejects with KafkaFailure, or the signal's reason */
  lookAt(names: Iterable<string>, signal: AbortSignal): Promise<string[]>;
  /** The next look is a fresh one. */
  forget(name: string): void;
  /** Largest batch that all of them take, bytes. */
  largestBatch(): number;
}

/** `max.message.bytes` where nobody set it, and where it may not be read. */
const USUAL_LARGEST_BATCH = 1_048_588;

export function knownTopics(port: KafkaPort): KnownTopics {
  const known = new Map<string, TopicFacts>();
  return {
    async lookAt(names, signal) {
      const unseen = [...new Set(names)].filter((name) => !known.has(name));
      if (unseen.length === 0) return [];
      const missing: string[] = [];
      const admin = await port.admin(signal);
      const aborted = () => void admin.close();
      signal.addEventListener('abort', aborted, { once: true });
      try {
        for (const name of unseen) {
          const facts = await factsOf(admin, name);
          if (facts === null) missing.push(name);
          else known.set(name, facts);
        }
      } finally {
        signal.removeEventListener('abort', aborted);
        await admin.close();
      }
      signal.throwIfAborted();
      return missing;
    },
    forget: (name) => void known.delete(name),
    largestBatch() {
      let smallest = known.size === 0 ? USUAL_LARGEST_BATCH : Number.POSITIVE_INFINITY;
      for (const { largestBatch } of known.values()) smallest = Math.min(smallest, largestBatch);
      return smallest;
    },
  };
}

async function factsOf(admin: KafkaAdmin, name: string): Promise<TopicFacts | null> {
  try {
    if ((await admin.topic(name)) === null) return null;
  } catch (error) {
    // A name no topic can have, and a topic that may not be seen, are dealt with when something is sent there.
    const judged =
      error instanceof KafkaFailure && (error.kind === 'topic-forbidden' || error.kind === 'topic-invalid');
    if (judged) return { largestBatch: USUAL_LARGEST_BATCH };
    throw error;
  }
  const settings = await admin.settings(name);
  const largestBatch = Number(settings?.['max.message.bytes']);
  return { largestBatch: largestBatch > 0 ? largestBatch : USUAL_LARGEST_BATCH };
}
