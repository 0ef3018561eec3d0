import { ConnectorError } from '../errors.ts';
import type { HttpChannel, HttpPost } from './http-channel.ts';

/**
 * Channels to one device. A port that the device names and that nobody answers at (Dahua adds `:80`, others name the port behind a
 * NAT) is tried once: what is meant for it goes to the port the user named from then on, path and query as they are.
 */
export function portFallback(configured: URL): (channel: HttpChannel) => HttpChannel {
  /** By origin, for all channels of the device. */
  const dead = new Set<string>();
  const meant = new WeakMap<URL, URL>();
  const named = (url: URL): URL => {
    const known = meant.get(url);
    if (known !== undefined) return known;
    const there = new URL(configured.origin + url.pathname + url.search);
    meant.set(url, there);
    return there;
  };
  return (channel) => ({
    close: () => channel.close(),
    async post(request: HttpPost) {
      const { url } = request;
      if (dead.size > 0 && dead.has(url.origin)) return channel.post({ ...request, url: named(url) });
      try {
        return await channel.post(request);
      } catch (error) {
        const elsewhere = url.origin !== configured.origin;
        if (!elsewhere || !(error instanceof ConnectorError) || error.code !== 'unreachable') throw error;
        const answer = await channel.post({ ...request, url: named(url) });
        // A refusal may be another service's, and the port that was named one that is about to be there again. A demand for a
        // login is answered, and what comes then tells.
        if (answer.status === 401) return answer;
        if (answer.status >= 400) throw error;
        dead.add(url.origin);
        return answer;
      }
    },
  });
}
