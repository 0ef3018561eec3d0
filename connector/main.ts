#!/usr/bin/env node
import { runProgram } from './cli/program.ts';
import { systemClock } from './clock.ts';
import { ConfigurationError, ConnectorError, messageOf } from './errors.ts';

/** EX_CONFIG of sysexits.h: an orchestrator need not try again. */
const BAD_CONFIGURATION = 78;
/** For output on its way, ms. */
const LEFT_BEHIND_MS = 2_000;

const abort = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // Whoever asks twice does not want to wait for the devices.
    if (abort.signal.aborted) process.exit(1);
    abort.abort(new DOMException(`stopped by ${name}`, 'AbortError'));
  });
}
const readerGone = new AbortController();
// A reader that is gone (`| head`) is no crash.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') readerGone.abort(new DOMException('nobody reads', 'AbortError'));
});

const { stdout, stderr, env } = process;
try {
  process.exitCode = await runProgram(process.argv.slice(2), {
    stdout,
    stderr,
    env,
    signal: abort.signal,
    readerGone: readerGone.signal,
  });
} catch (error) {
  const configuration = error instanceof ConfigurationError;
  const expected = error instanceof ConnectorError || abort.signal.aborted;
  stderr.write(`${expected || !(error instanceof Error) ? messageOf(error) : error.stack}\n`);
  process.exitCode = configuration ? BAD_CONFIGURATION : 1;
}
// An end that was asked for, or that came of a fault, is one, whatever a device or a disk that does not answer still holds.
if (abort.signal.aborted || process.exitCode !== 0) systemClock.after(LEFT_BEHIND_MS, () => process.exit());
