import { systemClock } from '../clock.ts';
import { isAbort, messageOf, RetrySlowlyError } from '../errors.ts';
import { endpointText } from '../settings/endpoint.ts';
import { loadSettings } from '../settings/load-settings.ts';
import type { CommonOptions, Exit, Streams } from './streams.ts';
import { type TopSample, topTable } from './top-table.ts';
import { settingsVocabulary } from './vocabulary.ts';

export interface TopVerbOptions extends CommonOptions {
  readonly once?: boolean | undefined;
  /** Of the connector to ask, instead of the one the configuration describes. */
  readonly url?: string | undefined;
  /** Seconds between two looks. */
  readonly interval?: number | undefined;
}

interface Asked {
  readonly url: string;
  readonly token: string | undefined;
}

const PATIENCE_MS = 5_000;
const INTERVAL_S = 2;
/** Where nobody says how wide a line may be. */
const COLUMNS = 160;
const SCREEN = { open: '\u001b[?1049h\u001b[?25l', home: '\u001b[H\u001b[J', close: '\u001b[?25h\u001b[?1049l' };

/**
 * `top`: devices and sinks of the running connector, looked at again and again; on a terminal in place, else one table below
 * the other. 1 where nobody answers.
 */
export async function topVerb(options: TopVerbOptions, streams: Streams): Promise<Exit> {
  const { stdout, stderr } = streams;
  const asked = await whomToAsk(options, streams);
  const signal = AbortSignal.any([streams.signal, streams.readerGone]);
  try {
    const first = await sampleOf(asked, signal);
    const isLive = stdout.isTTY === true && !options.once && !options.json;
    if (isLive) stdout.write(SCREEN.open);
    try {
      await show(first, asked, options, stdout, signal);
    } finally {
      if (isLive) stdout.write(SCREEN.close);
    }
    return 0;
  } catch (error) {
    if (isAbort(error)) return 0;
    stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
}

async function show(
  first: TopSample,
  asked: Asked,
  { once, json, interval = INTERVAL_S }: TopVerbOptions,
  stdout: Streams['stdout'],
  signal: AbortSignal,
): Promise<void> {
  let before: TopSample | undefined;
  let sample: TopSample | Error = first;
  for (;;) {
    stdout.write(json ? jsonLine(sample) : text(sample, before, stdout, once ?? false));
    if (once) return;
    await systemClock.sleep(interval * 1_000, signal);
    if (!(sample instanceof Error)) before = sample;
    sample = await sampleOf(asked, signal).catch((error: Error) => {
      if (isAbort(error)) throw error;
      return error;
    });
  }
}

function jsonLine(sample: TopSample | Error): string {
  return `${JSON.stringify(sample instanceof Error ? { error: sample.message } : sample)}\n`;
}

function text(
  sample: TopSample | Error,
  before: TopSample | undefined,
  stdout: Streams['stdout'] & { readonly columns?: number; readonly rows?: number },
  once: boolean,
): string {
  const isScreen = stdout.isTTY === true;
  const look = {
    columns: stdout.columns ?? COLUMNS,
    rows: isScreen && !once ? stdout.rows : undefined,
    colour: isScreen,
  };
  const told = sample instanceof Error ? `${sample.message}\n` : topTable(sample, before, look);
  if (isScreen && !once) return SCREEN.home + told.trimEnd();
  return once ? told : `${told}\n`;
}

async function whomToAsk({ url, config }: TopVerbOptions, { env }: Streams): Promise<Asked> {
  if (url !== undefined) return { url: url.replace(/\/+$/, ''), token: env.ONVIF_CONNECTOR_HTTP__TOKEN };
  const { settings } = await loadSettings({ file: config, env, vocabulary: await settingsVocabulary() });
  const { listen, token } = settings.http;
  // Listening everywhere is no address to ask at.
  const host = listen.host === '0.0.0.0' ? '127.0.0.1' : listen.host === '::' ? '::1' : listen.host;
  return { url: `http://${endpointText({ host, port: listen.port })}`, token: token?.reveal() };
}

async function sampleOf(asked: Asked, signal: AbortSignal): Promise<TopSample> {
  const [connector, devices, sinks, spool] = await Promise.all([
    ask<TopSample['connector']>('connector', asked, signal),
    ask<TopSample['devices']>('devices', asked, signal),
    ask<TopSample['sinks']>('sinks', asked, signal),
    ask<TopSample['spool']>('spool', asked, signal),
  ]);
  return { connector, devices, sinks, spool };
}

async function ask<T>(name: string, { url, token }: Asked, signal: AbortSignal): Promise<T> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  let answer: Response;
  try {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    answer = await fetch(`${url}/api/v1/${name}`, { headers, signal: AbortSignal.any([signal, patience]) });
  } catch (error) {
    if (signal.aborted) throw error;
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const message = `nobody answers at ${url} (${messageOf(cause)}); is "onvif-connector run" running? --url asks elsewhere`;
    throw new RetrySlowlyError('no-answer', message, { cause: error });
  }
  if (answer.ok) return (await answer.json()) as T;
  const hint =
    answer.status === 401 ? ': the token is not the one of its http.token ($ONVIF_CONNECTOR_HTTP__TOKEN)' : '';
  throw new RetrySlowlyError('refused', `${url} answers ${answer.status}${hint}`);
}
