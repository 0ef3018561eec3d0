import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLog } from './log.ts';

function logged(level: string, format: 'json' | 'pretty' = 'json') {
  let text = '';
  const destination = new Writable({
    write(chunk, _, done) {
      text += chunk;
      done();
    },
  });
  return { log: createLog(level, format, destination), text: () => text, line: () => JSON.parse(text) };
}

describe('log', () => {
  it('writes JSON lines with the level as a word and the time in ISO 8601', () => {
    const { log, line } = logged('info');
    log.warn({ device: 'front-door' }, 'contact lost');
    expect(line()).toEqual({
      ...{ level: 'warn', device: 'front-door', msg: 'contact lost' },
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
  });

  it('keeps what is below its level to itself', () => {
    const { log, text } = logged('warn');
    log.info('nothing of note');
    expect(text()).toBe('');
  });

  it.each(['json', 'pretty'] as const)('never prints a secret (%s)', (format) => {
    const { log, text } = logged('info', format);
    for (const name of ['password', 'authorization', 'token', 'key']) {
      log.info({ [name]: 'hunter2' }, 'top');
      log.info({ tls: { [name]: 'hunter2' } }, 'one deep');
      log.info({ device: { login: { [name]: { pem: 'hunter2' } } } }, 'two deep');
    }
    expect(text()).not.toContain('hunter2');
    expect(text().match(/\*\*\*/g)).toHaveLength(12);
  });

  it('is one line an event for people as well', () => {
    const { log, text } = logged('info', 'pretty');
    log.info('device connected');
    expect(text()).toMatch(/INFO.*device connected\n$/);
  });
});
