import { useEffect, useRef, useState } from 'preact/hooks';
import { followEvents, type ServerSentEvent } from './event-source.ts';
import type { ShownRecord } from './shown-record.ts';

export interface TailLine {
  readonly key: string;
  /** undefined where lines are missing here. */
  readonly record: ShownRecord | undefined;
  readonly missed?: string;
  /** All of it in small letters, to be searched. */
  readonly text: string;
}

const MOST_LINES = 500;
/** More cannot be read, and costs time to show. */
const REDRAW_MS = 200;

interface Gathered {
  lines: TailLine[];
  isPaused: boolean;
  /** Came since the pause began. */
  waiting: number;
  /** Came since the last look at the rate. */
  counted: number;
}

/** The live end of the log, newest first. */
export function useTail({ device, kind }: { device: string; kind: string }) {
  const gathered = useRef<Gathered>({ lines: [], isPaused: false, waiting: 0, counted: 0 }).current;
  const [shown, setShown] = useState({ lines: gathered.lines, waiting: 0, perSecond: 0 });
  const [isLive, setLive] = useState(false);
  const [isPaused, setPaused] = useState(false);

  useEffect(() => {
    const ending = new AbortController();
    gathered.lines = [];
    gathered.waiting = 0;
    setShown({ lines: gathered.lines, waiting: 0, perSecond: 0 });
    // What was there before is no rate.
    let isHistory = true;
    const query = new URLSearchParams({ last: '100', ...(device && { device }), ...(kind && { kind }) });
    void followEvents({
      query,
      signal: ending.signal,
      onState: (state) => setLive(state === 'live'),
      onEvents(events) {
        const lines = events.flatMap(lineOf).reverse();
        gathered.lines = [...lines, ...gathered.lines].slice(0, MOST_LINES);
        gathered.counted += isHistory ? 0 : lines.length;
        isHistory = false;
        gathered.waiting += lines.length;
      },
    });
    return () => ending.abort();
  }, [gathered, device, kind]);

  useEffect(() => {
    let looks = 0;
    let perSecond = 0;
    const timer = setInterval(() => {
      looks += 1;
      if (looks % 10 === 0) {
        perSecond = Math.round(gathered.counted / 2);
        gathered.counted = 0;
      }
      setShown((before) => {
        const lines = gathered.isPaused ? before.lines : gathered.lines;
        const waiting = gathered.isPaused ? gathered.waiting : 0;
        const isSame = lines === before.lines && waiting === before.waiting && perSecond === before.perSecond;
        return isSame ? before : { lines, waiting, perSecond };
      });
    }, REDRAW_MS);
    return () => clearInterval(timer);
  }, [gathered]);

  const togglePause = () => {
    gathered.isPaused = !isPaused;
    gathered.waiting = 0;
    setPaused(!isPaused);
  };
  return { ...shown, isLive, isPaused, togglePause };
}

function lineOf({ event, data }: ServerSentEvent): TailLine[] {
  if (event === 'missed') {
    const { from, to } = JSON.parse(data) as { from: number | null; to: number };
    const count = from === null ? 'Some' : (to - from + 1).toLocaleString('en');
    return [{ key: `missed ${from} ${to}`, record: undefined, missed: `${count} events are not shown here`, text: '' }];
  }
  const record = JSON.parse(data) as ShownRecord;
  return [{ key: `${record.device} ${record.sequence}`, record, text: data.toLowerCase() }];
}
