import type { ConnectorReport, DeviceReport, ReportedStatus, SinkReport, SpoolReport } from '../api/api-report.ts';

/** What the API said at one moment. */
export interface TopSample {
  readonly connector: ConnectorReport;
  readonly devices: readonly DeviceReport[];
  readonly sinks: readonly SinkReport[];
  readonly spool: SpoolReport;
}

export interface TopLook {
  /** Characters in a line, and lines at most; undefined where there is no end. */
  readonly columns: number;
  readonly rows?: number | undefined;
  readonly colour: boolean;
}

const ORDER: readonly ReportedStatus[] = ['offline', 'unauthorized', 'starting', 'online', 'stopped'];
const COLOURS: Readonly<Record<string, string>> = {
  online: '32',
  yes: '32',
  offline: '31',
  no: '31',
  unauthorized: '33',
  starting: '2',
  stopped: '2',
};
/** Lines that are no device's: head, headings, blanks. */
const OTHER_LINES = 6;

/**
 * A table of sinks and devices, those with trouble first.
 *
 * @param before an earlier sample, for rates; undefined where there is none
 */
export function topTable(sample: TopSample, before: TopSample | undefined, look: TopLook): string {
  const { devices, sinks } = sample;
  const sorted = [...devices].sort((one, other) => ORDER.indexOf(one.status) - ORDER.indexOf(other.status));
  const room = look.rows === undefined ? sorted.length : Math.max(1, look.rows - sinks.length - OTHER_LINES);
  const shown = sorted.length > room ? sorted.slice(0, room - 1) : sorted;
  const rest = sorted.length - shown.length;
  const lines = [
    head(sample, look),
    '',
    ...table(
      SINK_HEADINGS,
      sinks.map((sink) => sinkCells(sink, sample, before)),
      look,
    ),
    '',
    ...table(
      DEVICE_HEADINGS,
      shown.map((device) => deviceCells(device, sample, before)),
      look,
    ),
    ...(rest > 0 ? [`… and ${rest} more`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function head({ connector, devices, spool }: TopSample, look: TopLook): string {
  const online = devices.filter(({ status }) => status === 'online').length;
  const used = ((100 * spool.bytes) / spool.maxBytes).toFixed(1);
  const words = [
    `onvif-connector ${connector.version}`,
    `up ${span(seconds(connector.startedAt, connector.now))}`,
    connector.ready ? 'ready' : 'NOT READY',
    `${online} of ${devices.length} devices online`,
    `spool ${used} %${spool.holding ? ', FULL' : ''}`,
  ];
  return cut(words.join('   '), look.columns);
}

const SINK_HEADINGS = ['SINK', 'UP', 'RECORDS', 'REC/S', 'LAG', 'AGE', 'DEAD', 'LAST ERROR'];

function sinkCells(sink: SinkReport, sample: TopSample, before: TopSample | undefined): string[] {
  const earlier = before?.sinks.find(({ name }) => name === sink.name);
  return [
    sink.name,
    sink.connected ? 'yes' : 'no',
    String(sink.delivered),
    rate(sink.delivered, earlier?.delivered, sample, before),
    String(sink.lag.records),
    sink.lag.records === 0 ? '-' : span(sink.lag.seconds),
    String(sink.deadLetters),
    sink.connected ? '' : (sink.lastError?.error ?? ''),
  ];
}

const DEVICE_HEADINGS = ['DEVICE', 'STATE', 'SINCE', 'LAST EVENT', 'EVENTS', 'EV/S', 'CLOCK', 'GAPS', 'ERROR'];

function deviceCells(device: DeviceReport, sample: TopSample, before: TopSample | undefined): string[] {
  const { id, status, since, lastEventAt, events, clockSkewSeconds, gaps, error } = device;
  const { now } = sample.connector;
  const age = (at: string | null) => (at === null ? '-' : span(seconds(at, now)));
  const earlier = before?.devices.find((each) => each.id === id);
  return [
    ...[id, status, age(since), age(lastEventAt), String(events), rate(events, earlier?.events, sample, before)],
    clockSkewSeconds === null ? '-' : `${clockSkewSeconds < 0 ? '' : '+'}${clockSkewSeconds.toFixed(1)} s`,
    String(gaps),
    error ?? '',
  ];
}

function rate(count: number, earlier: number | undefined, sample: TopSample, before: TopSample | undefined): string {
  if (before === undefined || earlier === undefined) return '-';
  const over = seconds(before.connector.now, sample.connector.now);
  return over <= 0 ? '-' : Math.max(0, (count - earlier) / over).toFixed(1);
}

/** Columns as wide as what is in them; the last takes what is left. */
function table(headings: readonly string[], rows: readonly (readonly string[])[], look: TopLook): string[] {
  const clean = rows.map((row) => row.map(printable));
  const widths = headings.map((heading, index) => Math.max(heading.length, ...clean.map((row) => row[index]!.length)));
  const last = headings.length - 1;
  const line = (cells: readonly string[]) => {
    const padded = cells.map((cell, index) => (index === last ? cell : cell.padEnd(widths[index]!)));
    return cut(padded.join('  ').trimEnd(), look.columns);
  };
  return [
    paint('2', line(headings), look),
    ...clean.map((row) => {
      const word = row[1]!;
      const colour = COLOURS[word];
      const text = line(row);
      // After it was cut: what colours it takes no room.
      return colour === undefined ? text : text.replace(`  ${word}`, `  ${paint(colour, word, look)}`);
    }),
  ];
}

function paint(colour: string, text: string, { colour: isColoured }: TopLook): string {
  return isColoured ? `\u001b[${colour}m${text}\u001b[0m` : text;
}

function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
}

/** Devices write what they like into errors: nothing of it may steer a terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, ' ');
}

function seconds(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1_000);
}

function span(ofSeconds: number): string {
  if (ofSeconds < 99.5) return `${Math.round(ofSeconds)} s`;
  if (ofSeconds < 5_970) return `${Math.round(ofSeconds / 60)} min`;
  if (ofSeconds < 172_000) return `${Math.round(ofSeconds / 3_600)} h`;
  return `${Math.round(ofSeconds / 86_400)} d`;
}
