import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { AdaptRequestError, RetrySlowlyError } from '../errors.ts';
import { answerText } from './bridge-answer.ts';
import { bridgeRequests, type CommandedDevice, type CommandLine } from './bridge-requests.ts';

const RELAY = 'deviceio.SetRelayOutputState';
const ARGUMENTS = { RelayOutputToken: 'Relay_1', LogicalState: 'active' };

function rig(devices: Partial<CommandedDevice>[] = [{}]) {
  const clock = fakeClock();
  const lines: CommandLine[] = [];
  const calls: [device: string, operation: string, args: unknown][] = [];
  const asked: string[] = [];
  const all = devices.map((given): CommandedDevice => {
    const id = given.id ?? 'front-door';
    return {
      ...{ id, status: 'online', allow: [RELAY] },
      call: async (operation, args) => {
        calls.push([id, operation, args]);
        return {};
      },
      resynchronize: () => void asked.push(id),
      ...given,
    };
  });
  const requests = bridgeRequests({ devices: () => all, clock, log: (line) => lines.push(line) });
  const ask = (verb: string, content: unknown = {}) =>
    requests.handle(verb, Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)), {
      ...{ via: 'test', timeoutMs: 5_000 },
    });
  return { ask, clock, lines, calls, asked };
}

describe('the request devices', () => {
  it('lists them with status and what may be called', async () => {
    const { ask } = rig([
      { name: 'Front door', site: 'hq' },
      { id: 'gate', status: 'offline', allow: [] },
    ]);
    expect(await ask('devices')).toEqual({
      status: 'ok',
      data: [
        { id: 'front-door', name: 'Front door', site: 'hq', status: 'online', allow: [RELAY] },
        { id: 'gate', name: undefined, site: undefined, status: 'offline', allow: [] },
      ],
    });
    expect(await ask('devices', '')).toMatchObject({ data: [{ id: 'front-door' }, { id: 'gate' }] });
    expect(await ask('devices', { status: 'offline' })).toMatchObject({ data: [{ id: 'gate' }] });
    expect(await ask('devices', '"gate"')).toMatchObject({ data: [{ id: 'gate' }] });
  });
});

describe('the request resync', () => {
  it('asks one device for its states', async () => {
    const { ask, asked } = rig([{ id: 'a' }, { id: 'b' }]);
    expect(await ask('resync', { device: 'b', transaction: 7 })).toEqual({
      ...{ status: 'ok', data: { asked: 1, failed: [] }, transaction: 7 },
    });
    expect(asked).toEqual(['b']);
  });

  it('asks all of them, and tells which could not be', async () => {
    const away = () => {
      throw new RetrySlowlyError('not-connected', 'b is offline');
    };
    const { ask, asked } = rig([{ id: 'a' }, { id: 'b', resynchronize: away }, { id: 'c' }]);
    expect(await ask('resync', { device: 'all' })).toEqual({
      ...{ status: 'ok', data: { asked: 2, failed: [{ device: 'b', error: 'b is offline' }] } },
    });
    expect(asked).toEqual(['a', 'c']);
  });

  it('asks a fleet some at a time', async () => {
    const { ask, asked, clock } = rig(Array.from({ length: 50 }, (_, n) => ({ id: `d${n}` })));
    const answer = ask('resync', { device: 'all' });
    await Promise.resolve();
    expect(asked).toHaveLength(20);
    await clock.advance(100);
    await clock.advance(100);
    expect(await answer).toMatchObject({ data: { asked: 50 } });
  });

  it('means the device that is called all, where there is one', async () => {
    const { ask, asked } = rig([{ id: 'all' }, { id: 'b' }]);
    await ask('resync', { device: 'all' });
    expect(asked).toEqual(['all']);
  });
});

describe('the request call', () => {
  it('calls what is allowed, by whatever name the service goes', async () => {
    const { ask, calls } = rig();
    const request = {
      device: 'front-door',
      operation: 'tmd.SetRelayOutputState',
      arguments: ARGUMENTS,
      transaction: 'x',
    };
    expect(await ask('call', request)).toEqual({ data: {}, status: 'ok', transaction: 'x' });
    expect(calls).toEqual([['front-door', RELAY, ARGUMENTS]]);
  });

  it('calls nothing else, and names the setting', async () => {
    const { ask, calls } = rig();
    const answer = await ask('call', { device: 'front-door', operation: 'device.SystemReboot' });
    expect(answer).toEqual({
      data: { code: 'operation-not-allowed' },
      status: 'error',
      error: `device.SystemReboot is not allowed for front-door: add it to "allow" of this device (devices[].allow) in the configuration; allowed are ${RELAY}`,
    });
    expect(calls).toEqual([]);
  });

  it('gives the codes and the reason of a fault', async () => {
    const fault = new AdaptRequestError('arguments-refused', 'no such relay', {
      facts: { fault: 'env:Sender ter:InvalidArgVal' },
    });
    const { ask } = rig([{ call: () => Promise.reject(fault) }]);
    expect(await ask('call', { device: 'front-door', operation: RELAY, transaction: 't' })).toEqual({
      data: { code: 'arguments-refused', fault: 'env:Sender ter:InvalidArgVal' },
      ...{ status: 'error', error: 'no such relay', transaction: 't' },
    });
  });
});

describe('calls of a device', () => {
  it('go one at a time, and let those of others by', async () => {
    const ends: (() => void)[] = [];
    const begun: string[] = [];
    const slow = (id: string) => ({
      id,
      call: () =>
        new Promise<void>((resolve) => {
          begun.push(id);
          ends.push(resolve);
        }),
    });
    const { ask } = rig([slow('a'), slow('b')]);
    const answers = ['a', 'a', 'b'].map((device) => ask('call', { device, operation: RELAY }));
    await expect.poll(() => begun).toEqual(['a', 'b']);
    ends[0]!();
    await answers[0];
    await expect.poll(() => begun).toEqual(['a', 'b', 'a']);
    for (const end of ends) end();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(['ok', 'ok', 'ok']);
  });

  it('are refused where too many wait already', async () => {
    const { ask, clock } = rig([{ call: () => new Promise(() => {}) }]);
    const answers = Array.from({ length: 15 }, () => ask('call', { device: 'front-door', operation: RELAY }));
    expect(await answers.at(-1)).toMatchObject({ data: { code: 'device-busy' } });
    await clock.advance(5_000);
    expect((await answers[0])?.data).toEqual({ code: 'call-timeout' });
  });

  it('end in time, and say that the device may have done it', async () => {
    let signal: AbortSignal | undefined;
    const { ask, clock } = rig([
      {
        call: (_, __, given) => {
          signal = given;
          return new Promise(() => {});
        },
      },
    ]);
    const answer = ask('call', { device: 'front-door', operation: RELAY });
    await expect.poll(() => signal).toBeDefined();
    await clock.advance(5_000);
    expect(await answer).toMatchObject({
      status: 'error',
      error: 'not answered within 5 s: whether the device did it is not known',
    });
    expect(signal?.aborted).toBe(true);
  });
});

describe('a request', () => {
  it.each([
    ['reboot', {}, 'there is no request "reboot"; there are devices, resync, call'],
    ['resynch', {}, 'did you mean resync?'],
    ['toString', {}, 'there is no request "toString"'],
    ['call', '{"device":', 'the request is no JSON'],
    ['call', '[1]', 'the request must be a JSON object'],
    ['call', {}, 'the request names no device'],
    ['call', { device: 'front-dor' }, 'there is no device "front-dor"; did you mean front-door?'],
    ['call', { device: 5 }, 'device must be a text'],
    ['call', { device: 'front-door' }, 'the request names no operation'],
    ['call', { device: 'front-door', operation: 'x' }, '"x" names no operation'],
    ['call', { device: 'front-door', op: RELAY }, 'the request has an unknown member "op"; known are'],
    ['call', { device: 'front-door', argument: {} }, 'did you mean arguments?'],
    ['devices', { transaction: { a: 1 } }, 'transaction must be a number or a text'],
    ['devices', 'x'.repeat(70_000), 'the request has 70000 bytes, 65536 is the most'],
    ['devices', `${'{"a":'.repeat(30)}1${'}'.repeat(30)}`, 'nested deeper than 20 levels'],
  ])('%s %j is refused: %s', async (verb, content, message) => {
    const { ask, calls } = rig();
    const answer = await ask(verb, content);
    expect(answer.error).toContain(message);
    expect(answer.status).toBe('error');
    expect(calls).toEqual([]);
  });

  it('leaves a line that tells what was done, and no arguments', async () => {
    const fault = new AdaptRequestError('arguments-refused', 'password "hunter2" is too short');
    const { ask, lines } = rig([{ allow: ['device.SetUser'], call: () => Promise.reject(fault) }]);
    const operation = 'device.SetUser';
    await ask('call', {
      device: 'front-door',
      operation,
      arguments: { User: [{ Password: 'hunter2' }] },
      transaction: 3,
    });
    await ask('nonsense\u001b[2J');
    expect(lines).toMatchObject([
      { via: 'test', verb: 'call', device: 'front-door', operation, transaction: 3, refusal: 'arguments-refused' },
      { verb: 'nonsense [2J', refusal: 'verb-unknown' },
    ]);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });

  it('is not answered with more than a broker takes', () => {
    const text = answerText({ data: 'x'.repeat(300_000), status: 'ok', transaction: 'me' });
    expect(JSON.parse(text)).toMatchObject({ status: 'error', data: { code: 'answer-too-large' }, transaction: 'me' });
  });
});
