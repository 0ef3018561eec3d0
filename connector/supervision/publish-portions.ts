import type { OutboundMessage } from '../mapping/mapping.ts';
import type { Refusal, SinkConnection } from '../sink/sink.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Messages handed over at a time, and how many such portions may be on their way at once. */
const PORTION = 256;
const PORTIONS_IN_FLIGHT = 4;

/**
 * Publishes in order, some portions at a time. Rejects with the signal's reason, or what `publish` rejects with.
 *
 * @returns which were refused
 */
export async function publishPortions(
  publish: SinkConnection['publish'],
  messages: readonly OutboundMessage[],
  signal: AbortSignal,
): Promise<readonly Refusal[]> {
  const inFlight: Promise<void>[] = [];
  const refused: Refusal[] = [];
  for (let at = 0; at < messages.length; at += PORTION) {
    const sent = publish(messages.slice(at, at + PORTION)).then((refusals) => {
      for (const { index, reason } of refusals) refused.push({ index: at + index, reason });
    });
    // Whoever waits below hears of a failure; until then it is not unhandled.
    sent.catch(() => {});
    inFlight.push(sent);
    if (inFlight.length >= PORTIONS_IN_FLIGHT) await unlessAborted(inFlight.shift()!, signal);
  }
  for (const sent of inFlight) await unlessAborted(sent, signal);
  return refused;
}
