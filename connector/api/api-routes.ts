import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { QuarantineError } from '../errors.ts';
import { answerJson, answerProblem, answerText } from './api-answer.ts';
import type {
  ConnectorReport,
  DeviceDetail,
  DeviceReport,
  DoorBoard,
  MappingReport,
  PlaygroundAnswer,
  PlaygroundRequest,
  SinkReport,
  SpoolReport,
} from './api-report.ts';
import { type EventStream, eventStream } from './event-stream.ts';
import { playgroundInput } from './playground-input.ts';
import type { RecentEvents, StreamEntry } from './recent-events.ts';

/** What the server tells; all of it is asked for at each request. */
export interface ApiSource<Entry extends StreamEntry = StreamEntry> {
  /** Ready: devices are asked and sinks served. One device down is still ready. */
  ready(): { readonly ready: boolean; readonly detail: Readonly<Record<string, unknown>> };
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  connector(): ConnectorReport;
  devices(): readonly DeviceReport[];
  /** undefined where no such device is configured. */
  device(id: string): DeviceDetail | undefined;
  sinks(): readonly SinkReport[];
  spool(): SpoolReport;
  doors(): DoorBoard;
  /** The effective configuration, secrets masked. */
  config(): unknown;
  mappings(): readonly MappingReport[];
  /** Changes nothing. @throws QuarantineError for input that is none */
  play(request: PlaygroundRequest): PlaygroundAnswer;
  readonly events: RecentEvents<Entry>;
  lastOffset(): number;
  /** JSON of a record as it may be seen. */
  shown(entry: Entry): string;
}

export interface Route {
  readonly methods: readonly string[];
  answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> | void;
}

export interface Routes {
  /** Asked by orchestrators and Prometheus, which have no token to show. */
  open(path: string): Route | undefined;
  /** For those who may. */
  guarded(path: string): Route | undefined;
  /** What there is, for those who lost their way. */
  readonly paths: readonly string[];
  close(): void;
}

export function apiRoutes<Entry extends StreamEntry>(source: ApiSource<Entry>, clock: Clock): Routes {
  const { events, lastOffset, shown } = source;
  const stream = eventStream({ events, lastOffset, shown, clock });
  const open = openRoutes(source);
  const guarded = guardedRoutes(source, stream);
  return {
    open: (path) => (Object.hasOwn(open, path) ? open[path] : undefined),
    guarded(path) {
      if (Object.hasOwn(guarded, path)) return guarded[path];
      const id = /^\/api\/v1\/devices\/([A-Za-z0-9_-]{1,64})$/.exec(path)?.[1];
      return id === undefined ? undefined : deviceRoute(source, id);
    },
    paths: [...Object.keys(open), '/', ...Object.keys(guarded), '/api/v1/devices/<id>'],
    close: () => stream.close(),
  };
}

const READ = ['GET', 'HEAD'];

function openRoutes(source: Pick<ApiSource, 'ready' | 'metrics'>): Record<string, Route> {
  return {
    '/livez': {
      methods: READ,
      answer: (_, response) => answerText(response, 200, 'application/json', '{"live":true}\n'),
    },
    '/readyz': {
      methods: READ,
      answer(_, response) {
        const { ready, detail } = source.ready();
        answerText(response, ready ? 200 : 503, 'application/json', `${JSON.stringify({ ready, ...detail })}\n`);
      },
    },
    '/metrics': {
      methods: READ,
      async answer(_, response) {
        const { contentType, text } = await source.metrics();
        answerText(response, 200, contentType, text);
      },
    },
  };
}

function guardedRoutes<Entry extends StreamEntry>(
  source: ApiSource<Entry>,
  stream: EventStream,
): Record<string, Route> {
  const telling = (tell: () => unknown): Route => ({
    methods: READ,
    answer: (_, response) => answerJson(response, tell()),
  });
  return {
    '/api/v1/connector': telling(() => source.connector()),
    '/api/v1/devices': telling(() => source.devices()),
    '/api/v1/sinks': telling(() => source.sinks()),
    '/api/v1/spool': telling(() => source.spool()),
    '/api/v1/doors': telling(() => source.doors()),
    '/api/v1/config': telling(() => source.config()),
    '/api/v1/mappings': telling(() => source.mappings()),
    '/api/v1/stream': {
      methods: ['GET'],
      answer: (request, response, url) => stream.open(request, response, url.searchParams),
    },
    '/api/v1/playground': {
      methods: ['POST'],
      async answer(request, response) {
        try {
          answerJson(response, source.play(await playgroundInput(request)));
        } catch (error) {
          if (!(error instanceof QuarantineError)) throw error;
          // The rest of what is too large is not read.
          if (error.code === 'too-large') response.setHeader('connection', 'close');
          answerProblem(response, error.code === 'too-large' ? 413 : 400, error.message);
        }
      },
    },
  };
}

function deviceRoute(source: Pick<ApiSource, 'device'>, id: string): Route {
  return {
    methods: READ,
    answer(_, response) {
      const device = source.device(id);
      if (device === undefined) answerProblem(response, 404, `no device has the id ${id}; /api/v1/devices lists them`);
      else answerJson(response, device);
    },
  };
}
