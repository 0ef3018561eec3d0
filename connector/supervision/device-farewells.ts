import { FatalError, isAbort, messageOf, QuarantineError } from '../errors.ts';
import type { OutboundMessage } from '../mapping/mapping.ts';
import type { SinkConnection } from '../sink/sink.ts';
import { publishPortions } from './publish-portions.ts';
import type { WorkerObserver } from './worker-observer.ts';

/** Takes back what a sink's other side retains of devices that are gone. */
export interface DeviceFarewells {
  /**
   * Does so for one device, and calls `done` when that is settled: also where it is given up, as the rights of a device may have
   * gone with it, and records are not to wait for that for ever. Rejects where the connection broke.
   */
  say(device: string, to: SinkConnection, sentTo: number, signal: AbortSignal, done: () => void): Promise<void>;
}

/** Connections in a row that may break on farewells until one is given up. */
const BREAKS = 3;

/** @param messagesOf what ends all that is retained of a device, when everything up to `sentTo` is sent */
export function deviceFarewells(
  sink: string,
  observer: WorkerObserver,
  messagesOf: (device: string, sentTo: number, signal: AbortSignal) => Promise<readonly OutboundMessage[]>,
): DeviceFarewells {
  let breaks = 0;
  const givenUp = (device: string, topics: readonly string[], reason: string) =>
    observer.sinkTrouble(
      sink,
      'what is retained of a device that is gone stays there',
      refused(device, topics, reason),
    );
  return {
    async say(device, to, sentTo, signal, done) {
      // A side that retains nothing has nothing to take back.
      if (to.takeBack === undefined) return done();
      const messages = await messagesOf(device, sentTo, signal);
      try {
        const refusals = await publishPortions((portion) => to.takeBack!(portion), messages, signal);
        breaks = 0;
        const topics = refusals.map(({ index }) => messages[index]!.topic);
        if (refusals.length > 0) givenUp(device, topics, refusals[0]!.reason);
      } catch (error) {
        if (isAbort(error) || error instanceof FatalError) throw error;
        breaks += 1;
        if (breaks < BREAKS) throw error;
        // Not counted anew: the next device's farewell has one try, unless one before it gets through.
        const topics = messages.map(({ topic }) => topic);
        givenUp(device, topics, messageOf(error));
        done();
        throw error;
      }
      done();
    },
  };
}

/** Topics a log line names. */
const TOPICS_NAMED = 5;

function refused(device: string, topics: readonly string[], reason: string): QuarantineError {
  const named = topics.slice(0, TOPICS_NAMED).map((topic) => `'${topic}'`);
  const others = topics.length > TOPICS_NAMED ? ` and ${topics.length - TOPICS_NAMED} more topics` : '';
  return new QuarantineError(
    'farewell-refused',
    `device '${device}' is not configured any more, but what is retained at ${named.join(', ')}${others} could not be taken back: ${reason}. ` +
      'Remove it as a user who may: mosquitto_pub -r -n -t <topic>',
    { facts: { device, topics: topics.length } },
  );
}
