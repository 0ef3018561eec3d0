import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';

export type LogFormat = 'json' | 'pretty';
export type Log = Logger;

/** Members that must never be printed, down to two objects deep. */
const SECRETS = ['password', 'authorization', 'token', 'key'].flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** The log of the process: pino JSON on stderr, since stdout belongs to the verb's result; or lines for people. */
export function createLog(level: string, format: LogFormat, destination: NodeJS.WritableStream = process.stderr): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRETS, censor: '***' },
  };
  if (format === 'pretty') {
    const stream = pretty({ destination, colorize: (destination as { isTTY?: boolean }).isTTY ?? false, sync: true });
    return pino(options, stream);
  }
  return pino(options, destination);
}
