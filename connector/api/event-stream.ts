import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { answerProblem } from './api-answer.ts';
import type { RecentEvents, StreamEntry } from './recent-events.ts';
import { type StreamFilter, streamFilter } from './stream-filter.ts';

export interface EventStreamOptions<Entry extends StreamEntry> {
  readonly events: RecentEvents<Entry>;
  /** Of the log, in memory or not; 0 before the first. */
  readonly lastOffset: () => number;
  /** The JSON of a record as it may be seen; asked for what is sent, nothing else. */
  readonly shown: (entry: Entry) => string;
  readonly clock: Clock;
}

/** `/api/v1/stream`: records as server-sent events (WHATWG HTML 9.2). */
export interface EventStream {
  open(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void;
  /** Ends all that are open. */
  close(): void;
}

const MOST_CLIENTS = 64;
/** What comes within it goes out together, ms. */
const GATHER_MS = 50;
const HEARTBEAT_MS = 15_000;
/** One that takes nothing for so long is gone, ms. */
const STUCK_MS = 30_000;
/** Records looked at for one client before others have their turn. */
const PORTION = 500;
const MOST_RECENT = 1_000;

/**
 * Every client has a place in what is in memory, and nothing of its own is queued for it: one that is slower than the events
 * is told which it missed, and one that takes nothing is let go. Without clients nothing is done.
 */
export function eventStream<Entry extends StreamEntry>(options: EventStreamOptions<Entry>): EventStream {
  const { events, clock } = options;
  const clients = new Set<Client>();
  let cancel: (() => void) | undefined;
  let unlisten: (() => void) | undefined;

  const gather = () => {
    cancel ??= clock.after(GATHER_MS, () => {
      cancel = undefined;
      for (const client of clients) client.send();
      if ([...clients].some((client) => client.isBehind())) gather();
    });
  };

  return {
    open(request, response, query) {
      const filter = streamFilter(query);
      if (typeof filter === 'string') return answerProblem(response, 400, filter);
      if (clients.size >= MOST_CLIENTS) return answerProblem(response, 503, `${MOST_CLIENTS} streams are open already`);
      const client = openClient(request, response, query, filter, options);
      clients.add(client);
      unlisten ??= events.onPush(gather);
      response.once('close', () => {
        client.end();
        clients.delete(client);
        if (clients.size > 0) return;
        unlisten?.();
        unlisten = undefined;
      });
      client.send();
      if (client.isBehind()) gather();
    },
    close() {
      cancel?.();
      for (const client of clients) client.end();
    },
  };
}

interface Client {
  /** As much as it takes now. */
  send(): void;
  isBehind(): boolean;
  end(): void;
}

function openClient<Entry extends StreamEntry>(
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
  filter: StreamFilter,
  options: EventStreamOptions<Entry>,
): Client {
  const { events, shown, clock } = options;
  const begin = beginning(request, query, filter, options);
  let next = begin.next;
  /** What is no longer in memory as it begins is gone; later it came faster than it was taken. */
  let why: Missed['why'] = 'gone';
  /** Since when it takes nothing, monotonic ms; null while it does. */
  let stuckSince: number | null = null;
  let cancel = () => {};
  const write = (text: string) => {
    if (!response.write(text)) stuckSince ??= clock.monotonic();
  };
  const beat = () => {
    if (stuckSince !== null && clock.monotonic() - stuckSince >= STUCK_MS) return void response.destroy();
    // The id moves on though nothing passed the filter: what was looked at need not be looked at again.
    if (stuckSince === null) write(`: ${new Date(clock.now()).toISOString()}\nid: ${next - 1}\n\n`);
    cancel = clock.after(HEARTBEAT_MS, beat);
  };
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    // Proxies that gather answers would hold events back.
    'x-accel-buffering': 'no',
  });
  response.on('drain', () => {
    stuckSince = null;
    send();
  });
  response.on('error', () => {});
  write(`retry: 2000\n${begin.missed === null ? '' : missedText(begin.missed)}id: ${next - 1}\n\n`);
  cancel = clock.after(HEARTBEAT_MS, beat);

  function send(): void {
    if (stuckSince !== null || response.destroyed) return;
    let text = '';
    if (next < events.first()) {
      text += `${missedText({ from: next, to: events.first() - 1, why })}`;
      next = events.first();
    }
    const portion = events.from(next, PORTION);
    for (const entry of portion) if (filter(entry)) text += `id: ${entry.offset}\ndata: ${shown(entry)}\n\n`;
    if (portion.length > 0) next = portion.at(-1)!.offset + 1;
    if (events.last() > 0) why = 'slow';
    if (text !== '') write(text);
  }

  return {
    send,
    isBehind: () => stuckSince === null && next <= events.last(),
    end() {
      cancel();
      response.end();
    },
  };
}

/** Records that this stream cannot tell any more. */
interface Missed {
  /** Offsets; null where nobody knows. */
  readonly from: number | null;
  readonly to: number;
  /** `slow`: they came faster than they were taken. `gone`: no longer in memory. `unknown-id`: of another spool. */
  readonly why: 'slow' | 'gone' | 'unknown-id';
}

function missedText(missed: Missed): string {
  return `event: missed\ndata: ${JSON.stringify(missed)}\n\n`;
}

/** Where a stream begins: after `Last-Event-ID`, else with the `last` n that pass the filter, else with what comes next. */
function beginning<Entry extends StreamEntry>(
  { headers }: IncomingMessage,
  query: URLSearchParams,
  filter: StreamFilter,
  { events, lastOffset }: EventStreamOptions<Entry>,
): { readonly next: number; readonly missed: Missed | null } {
  const id = headers['last-event-id'];
  if (id === undefined || id === '')
    return { next: wantedFrom(query, filter, events) ?? lastOffset() + 1, missed: null };
  const told = /^\d{1,15}$/.test(String(id)) ? Number(id) : Number.NaN;
  const last = Math.max(events.last(), lastOffset());
  if (told <= last) return { next: told + 1, missed: null };
  return { next: last + 1, missed: { from: null, to: last, why: 'unknown-id' } };
}

function wantedFrom<Entry extends StreamEntry>(
  query: URLSearchParams,
  filter: StreamFilter,
  events: RecentEvents<Entry>,
): number | null {
  if (events.last() === 0) return null;
  let left = Math.min(MOST_RECENT, Number(query.get('last') ?? 0) || 0);
  let from = events.last() + 1;
  if (left > 0)
    events.backwards((entry) => {
      if (filter(entry)) {
        from = entry.offset;
        left -= 1;
      }
      return left > 0;
    });
  return from;
}
