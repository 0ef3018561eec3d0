/**
 * Appends from three devices for ever, to be killed: `node spool-kill-appender.mjs <open-spool.js> <directory> <sink>…`.
 * Says on stdout, one a line, `stored <device> <sequence>` when an append resolved and `acknowledged <offset>`.
 */
import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [, , module, directory, ...sinks] = process.argv;
const { openSpool } = await import(pathToFileURL(module).href);
const spool = await openSpool({ directory, maxBytes: 2 ** 30, sinks });
const say = (line) => writeSync(1, `${line}\n`);

async function device(name) {
  for (let last = spool.checkpoint(name)?.sequence ?? 0; ; ) {
    const count = 1 + Math.floor(Math.random() * 20);
    const records = Array.from({ length: count }, (_, index) => ({
      kind: 'status',
      id: `${name}-${last + index + 1}`,
      device: name,
      sequence: last + index + 1,
      epoch: 1,
      status: 'online',
      since: '2026-11-23T08:00:00Z',
      error: 'x'.repeat(Math.floor(Math.random() * 300)),
      receivedAt: '2026-11-23T08:00:00Z',
    }));
    last += count;
    const checkpoint = {
      sequence: last,
      epoch: 1,
      lastAnswerAt: 0,
      subscription: null,
      stoppedInOrder: false,
      deviceDigest: null,
    };
    const properties = [
      { identity: 'count', data: String(last), epoch: 1 },
      { identity: `parity-${last % 2}`, data: '1', epoch: 1 },
      { identity: `parity-${(last + 1) % 2}`, data: null, epoch: 1 },
    ];
    await spool.append({ device: name, records, checkpoint, properties });
    say(`stored ${name} ${last}`);
  }
}

async function broker() {
  const reader = spool.reader('broker');
  for (;;) {
    const records = await reader.next(50, new AbortController().signal);
    const { offset } = records.at(-1);
    reader.acknowledge(offset);
    say(`acknowledged ${offset}`);
  }
}

say('open');
await Promise.all([device('front-door'), device('back-door'), device('gate'), broker()]);
