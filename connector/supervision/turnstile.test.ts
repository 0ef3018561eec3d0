import { expect, test } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { createTurnstile } from './turnstile.ts';

const forever = new AbortController().signal;

test('no more than its places are inside, and all come through in order', async () => {
  const turnstile = createTurnstile(2);
  const leave: (() => void)[] = [];
  const came: number[] = [];
  const jobs = [1, 2, 3, 4].map((name) =>
    turnstile.pass(() => {
      came.push(name);
      return new Promise<void>((resolve) => leave.push(resolve));
    }, forever),
  );
  await Promise.resolve();
  expect(came).toEqual([1, 2]);
  leave.shift()!();
  await jobs[0];
  await expect.poll(() => came).toEqual([1, 2, 3]);
  leave.shift()!();
  await jobs[1];
  await expect.poll(() => came).toEqual([1, 2, 3, 4]);
  for (const go of leave) go();
  await Promise.all(jobs);
});

test('a job that fails gives its place back', async () => {
  const turnstile = createTurnstile(1);
  await expect(turnstile.pass(() => Promise.reject(new Error('no')), forever)).rejects.toThrow('no');
  expect(await turnstile.pass(async () => 'in', forever)).toBe('in');
});

test('who waits can give up, and takes no place', async () => {
  const turnstile = createTurnstile(1);
  let leave = () => {};
  const inside = turnstile.pass(() => new Promise<void>((resolve) => (leave = resolve)), forever);
  const abort = new AbortController();
  const outside = turnstile.pass(async () => 'in', abort.signal);
  abort.abort(new Error('enough'));
  await expect(outside).rejects.toThrow('enough');
  leave();
  await inside;
  expect(await turnstile.pass(async () => 'in', forever)).toBe('in');
});

test('a job that waits for somebody who never answers keeps nobody waiting behind it, and gives its place back once', async () => {
  const clock = fakeClock();
  const turnstile = createTurnstile(1, { clock, longestMs: 1_000 });
  let answer = () => {};
  const dead = turnstile.pass(() => new Promise<void>((resolve) => (answer = resolve)), forever);
  const came: string[] = [];
  const others = ['a', 'b'].map((name) =>
    turnstile.pass(async () => {
      came.push(name);
      if (name === 'a') await new Promise<void>((resolve) => clock.after(500, resolve));
    }, forever),
  );
  await expect.poll(() => clock.waiting).toBe(1);
  clock.advance(999);
  await Promise.resolve();
  expect(came).toEqual([]);
  clock.advance(1);
  await expect.poll(() => came).toEqual(['a']);
  answer();
  await dead;
  await Promise.resolve();
  expect(came).toEqual(['a']);
  await expect.poll(() => clock.waiting).toBe(2);
  clock.advance(500);
  await Promise.all(others);
  expect([came, clock.waiting]).toEqual([['a', 'b'], 0]);
});
