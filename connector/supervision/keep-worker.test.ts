import { describe, expect, it, vi } from 'vitest';
import { type FakeClock, fakeClock } from '../../test/support/fake-clock.ts';
import { FatalError } from '../errors.ts';
import { keepWorker, type Worker } from './keep-worker.ts';

const BACK_OFF = { firstMs: 1_000, longestMs: 8_000, unauthorizedMs: 0 };

interface FakeWorker extends Worker {
  crash(error: Error): void;
  end(): void;
}

function fakeWorker(): FakeWorker {
  let end!: () => void;
  let crash!: (error: Error) => void;
  const ended = new Promise<void>((resolve, reject) => {
    end = resolve;
    crash = reject;
  });
  ended.catch(() => {});
  return { ended, end, crash };
}

/** A kept worker, the workers it had so far, and what was told of it. */
function kept({ turn = async () => {} }: { turn?: (signal: AbortSignal) => Promise<void> } = {}) {
  const clock = fakeClock();
  const workers: FakeWorker[] = [];
  const pauses: number[] = [];
  const crashes: string[] = [];
  const failures: Error[] = [];
  const script: Error[] = [];
  const keeper = keepWorker<FakeWorker>({
    ...{ clock, turn, backOff: BACK_OFF },
    create() {
      const refusal = script.shift();
      if (refusal !== undefined) throw refusal;
      workers.push(fakeWorker());
      return workers.at(-1)!;
    },
    async crashed(error, pauseMs, worker) {
      crashes.push(`${error.message} of ${worker === null ? 'none' : workers.indexOf(worker)}`);
      pauses.push(pauseMs);
    },
    failed: (error) => failures.push(error),
  });
  return { keeper, clock, workers, pauses, crashes, failures, script };
}

const started = (workers: readonly unknown[], count: number) => vi.waitFor(() => expect(workers).toHaveLength(count));

/** Moves on once the pause has begun. */
async function afterPause(clock: FakeClock, ms: number) {
  await vi.waitFor(() => expect(clock.waiting).toBe(1));
  clock.advance(ms);
}

describe('a kept worker', () => {
  it('is replaced by another when it ends with what nobody foresaw, after a pause', async () => {
    const { keeper, clock, workers, pauses, crashes } = kept();
    await started(workers, 1);
    workers[0]!.crash(new TypeError('x is not a function'));
    await vi.waitFor(() => expect(pauses).toHaveLength(1));
    expect([keeper.current, crashes]).toEqual([null, ['x is not a function of 0']]);
    await afterPause(clock, pauses[0]! - 1);
    expect(workers).toHaveLength(1);
    clock.advance(1);
    await started(workers, 2);
    expect(keeper.current).toBe(workers[1]);
  });

  it('is paused for longer each time, up to the longest, unevenly', async () => {
    const { clock, workers, pauses } = kept();
    for (let crash = 1; crash <= 6; crash++) {
      await started(workers, crash);
      workers.at(-1)!.crash(new Error('again'));
      await afterPause(clock, BACK_OFF.longestMs);
    }
    for (const [index, bound] of [1_000, 2_000, 4_000, 8_000, 8_000, 8_000].entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(bound / 2);
      expect(pauses[index]).toBeLessThanOrEqual(bound);
    }
  });

  it('starts over with short pauses once one has run for long', async () => {
    const { clock, workers, pauses } = kept();
    for (let crash = 1; crash <= 4; crash++) {
      await started(workers, crash);
      if (crash === 4) clock.advance(BACK_OFF.longestMs + 1);
      workers.at(-1)!.crash(new Error('again'));
      await afterPause(clock, BACK_OFF.longestMs);
    }
    expect(pauses[2]).toBeGreaterThanOrEqual(2_000);
    expect(pauses[3]).toBeLessThanOrEqual(1_000);
  });

  it('is replaced as well where it just ended, or could not be made', async () => {
    const { clock, workers, crashes, script } = kept();
    await started(workers, 1);
    script.push(new Error('no memory'));
    workers[0]!.end();
    await afterPause(clock, 1_000);
    await vi.waitFor(() => expect(crashes).toHaveLength(2));
    await afterPause(clock, 2_000);
    await started(workers, 2);
    expect(crashes).toEqual(['the worker ended although nobody stopped it of 0', 'no memory of none']);
  });

  it('is not replaced after a fatal error, which is told once', async () => {
    const { clock, workers, crashes, failures } = kept();
    await started(workers, 1);
    workers[0]!.crash(new FatalError('spool-damaged', 'broken'));
    await vi.waitFor(() => expect(failures).toMatchObject([{ code: 'spool-damaged' }]));
    clock.advance(100_000);
    expect([workers.length, crashes]).toEqual([1, []]);
  });
});

describe('a kept worker that is stopped', () => {
  it('is ended its own way, and waited for', async () => {
    const { keeper, clock, workers, crashes } = kept();
    await started(workers, 1);
    let stopped = false;
    const stop = keeper.stop(async (worker) => expect(worker).toBe(workers[0])).then(() => (stopped = true));
    await Promise.resolve();
    expect(stopped).toBe(false);
    workers[0]!.end();
    await stop;
    clock.advance(100_000);
    expect([workers.length, crashes]).toEqual([1, []]);
  });

  it('is none during its pause: nothing is there to end, and none comes', async () => {
    const { keeper, clock, workers } = kept();
    await started(workers, 1);
    workers[0]!.crash(new Error('x'));
    await vi.waitFor(() => expect(clock.waiting).toBe(1));
    const end = vi.fn();
    await keeper.stop(end);
    clock.advance(100_000);
    expect([end.mock.calls.length, workers.length, clock.waiting]).toEqual([0, 1, 0]);
  });

  it('never starts where its turn had not come', async () => {
    const { keeper, workers, failures } = kept({
      turn: (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    await keeper.stop(async () => {});
    expect([workers, failures]).toEqual([[], []]);
  });
});
