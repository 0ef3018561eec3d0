import { apiUrl, authorization } from './api-client.ts';

/** One server-sent event (WHATWG HTML 9.2.6). */
export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

export interface EventSourceOptions {
  readonly query: URLSearchParams;
  onEvents(events: readonly ServerSentEvent[]): void;
  onState(state: 'live' | 'waiting'): void;
  readonly signal: AbortSignal;
}

const SHORTEST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/**
 * The stream, for as long as nobody aborts it: over `fetch`, since EventSource can show no token but in its address. After a
 * break it goes on after the last event.
 */
export async function followEvents({ query, onEvents, onState, signal }: EventSourceOptions): Promise<void> {
  const reader = eventReader();
  let pauseMs = SHORTEST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      const resumed = reader.lastId() === '' ? {} : { 'last-event-id': reader.lastId() };
      const url = apiUrl(`stream?${query}`);
      const response = await fetch(url, { headers: { ...authorization(), ...resumed }, cache: 'no-store', signal });
      if (response.ok && response.body !== null) {
        onState('live');
        pauseMs = SHORTEST_PAUSE_MS;
        await pump(response.body, (text) => {
          const events = reader.read(text);
          if (events.length > 0) onEvents(events);
        });
      }
    } catch {
      // Told by the state.
    }
    if (signal.aborted) return;
    onState('waiting');
    await pause(pauseMs, signal);
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  }
}

async function pump(body: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    take(decoder.decode(value, { stream: true }));
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

/** Text as it comes, to events; our server ends lines with a line feed. */
export function eventReader(): { read(text: string): ServerSentEvent[]; lastId(): string } {
  let rest = '';
  let id = '';
  return {
    lastId: () => id,
    read(text) {
      const blocks = (rest + text).split('\n\n');
      rest = blocks.pop() ?? '';
      return blocks.flatMap((block) => {
        let event = 'message';
        const data: string[] = [];
        for (const line of block.split('\n')) {
          const [name, value = ''] = line.split(/: ?(.*)/s, 2);
          if (name === 'id') id = value;
          else if (name === 'event') event = value;
          else if (name === 'data') data.push(value);
        }
        return data.length === 0 ? [] : [{ event, data: data.join('\n') }];
      });
    },
  };
}
