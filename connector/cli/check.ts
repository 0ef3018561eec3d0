import { type Clock, systemClock } from '../clock.ts';
import { checkSink, deviceOptions, sinkCheckText } from '../compose.ts';
import { ConnectorError, messageOf } from '../errors.ts';
import { checkDevice, deviceCheckText } from '../operations/check-device.ts';
import { type Fault, faultLine } from '../settings/fault.ts';
import { readSettings } from '../settings/load-settings.ts';
import { mappingFaults } from '../settings/mapping-faults.ts';
import type { DeviceSettings, Settings, SinkSettings } from '../settings/settings-schema.ts';
import { checkMapping } from './check-mapping.ts';
import type { CommonOptions, Exit, Streams } from './streams.ts';
import { settingsVocabulary } from './vocabulary.ts';

export interface CheckVerbOptions extends CommonOptions {
  /** How long each device and broker may take, s. */
  readonly timeout?: number | undefined;
}

/** What came of one device or sink. */
interface Outcome {
  readonly kind: 'device' | 'sink';
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  /** What it said; absent where it failed. */
  readonly facts?: unknown;
  readonly code?: string;
  readonly error?: string;
  /** For one line. */
  readonly text: string;
}

const TIMEOUT_S = 20;
/** Devices and sinks asked at the same time. */
const AT_ONCE = 64;

/**
 * `check`: what `validate` does, then every device and broker is reached, and says what it can do. One line each as it
 * comes. Nothing is subscribed to, published or stored. 0; 1 where one of them failed; 78 on a bad configuration.
 */
export async function checkVerb(options: CheckVerbOptions, streams: Streams): Promise<Exit> {
  const { stdout, stderr, env, signal } = streams;
  const read = await readSettings({ file: options.config, env, vocabulary: await settingsVocabulary() });
  const { settings, file, warnings } = read;
  const faults = [...read.faults, ...(await mappingFaults(read, checkMapping))];
  const configuration = { file, ok: faults.length === 0, faults, warnings };
  if (settings === null || faults.length > 0) {
    if (options.json) print(stdout, { ok: false, configuration, devices: [], sinks: [] });
    else stdout.write(faults.map((fault) => `${faultLine(fault)}\n`).join(''));
    return 78;
  }
  if (!options.json) tellConfiguration(configuration, settings, streams);
  const steps = stepsOf(settings);
  const widest = Math.max(...steps.map(({ name }) => name.length), 0);
  const outcomes = await inParallel(steps, AT_ONCE, async (step) => {
    const outcome = await checked(step, (options.timeout ?? TIMEOUT_S) * 1_000, systemClock, signal);
    if (!options.json) stdout.write(lineOf(outcome, widest));
    return outcome;
  });
  signal.throwIfAborted();
  const failed = outcomes.filter(({ ok }) => !ok);
  if (options.json) {
    const of = (kind: Outcome['kind']) =>
      outcomes.filter((outcome) => outcome.kind === kind).map(({ kind: _, text: __, ...rest }) => rest);
    print(stdout, { ok: failed.length === 0, configuration, devices: of('device'), sinks: of('sink') });
  } else if (failed.length > 0) stderr.write(`${failed.length} of ${outcomes.length} failed\n`);
  return failed.length === 0 ? 0 : 1;
}

function print(stdout: Streams['stdout'], content: unknown): void {
  stdout.write(`${JSON.stringify(content, null, 2)}\n`);
}

function tellConfiguration(
  { file, warnings }: { readonly file: string; readonly warnings: readonly Fault[] },
  { devices, sinks }: Settings,
  { stdout, stderr }: Streams,
): void {
  for (const warning of warnings) stderr.write(`warning: ${faultLine(warning)}\n`);
  stdout.write(`${file}: ok; to be reached: ${count(devices.length, 'device')}, ${count(sinks.length, 'sink')}\n`);
}

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;

interface Step {
  readonly kind: Outcome['kind'];
  readonly name: string;
  run(clock: Clock, signal: AbortSignal): Promise<{ readonly facts: unknown; readonly text: string }>;
}

function stepsOf({ devices, sinks, mappingsDirectory }: Settings): Step[] {
  return [...devices.map(deviceStep), ...sinks.map((sink) => sinkStep(sink, mappingsDirectory))];
}

function deviceStep(device: DeviceSettings): Step {
  return {
    ...{ kind: 'device', name: device.id },
    async run(clock, signal) {
      const facts = await checkDevice(await deviceOptions(device), clock, signal);
      return { facts, text: deviceCheckText(facts) };
    },
  };
}

function sinkStep(sink: SinkSettings, mappingsDirectory: string | undefined): Step {
  return {
    ...{ kind: 'sink', name: sink.name },
    async run(clock, signal) {
      const facts = await checkSink(sink, mappingsDirectory, clock, signal);
      return { facts, text: sinkCheckText(facts) };
    },
  };
}

/** Never rejects: what went wrong is the outcome. */
async function checked({ kind, name, run }: Step, withinMs: number, clock: Clock, stop: AbortSignal): Promise<Outcome> {
  const deadline = new AbortController();
  const began = clock.monotonic();
  const cancel = clock.after(withinMs, () => deadline.abort());
  const signal = AbortSignal.any([deadline.signal, stop]);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const took = () => Math.round(clock.monotonic() - began);
  try {
    const { facts, text } = await Promise.race([run(clock, signal), late]);
    return { kind, name, ok: true, ms: took(), facts, text };
  } catch (error) {
    const timedOut = deadline.signal.aborted;
    const code = timedOut ? 'timeout' : error instanceof ConnectorError ? error.code : 'unexpected';
    const message = timedOut ? `did not answer within ${withinMs / 1_000} s (--timeout)` : messageOf(error);
    return { kind, name, ok: false, ms: took(), code, error: message, text: message };
  } finally {
    cancel();
  }
}

function lineOf({ kind, name, ok, ms, text }: Outcome, widest: number): string {
  // What a device or broker says must not steer a terminal.
  const said = text.replace(/\p{Cc}/gu, ' ');
  return `${kind.padEnd(6)}  ${name.padEnd(widest)}  ${ok ? 'ok    ' : 'FAILED'}  ${String(ms).padStart(5)} ms  ${said}\n`;
}

/** In the order given; `most` at a time. */
async function inParallel<T, R>(items: readonly T[], most: number, run: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await run(items[index]!);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, lane));
  return results;
}
