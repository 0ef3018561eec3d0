import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { requestWatch } from './request-watch.ts';

/** A request that notes what ended it. */
function request(deadline: number, signal = new AbortController().signal) {
  const ends: string[] = [];
  return { deadline, signal, ends, late: () => void ends.push('late'), cancelled: () => void ends.push('cancelled') };
}

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

describe('requests that are watched', () => {
  it('are told of their own deadlines, whatever the order they were made in', () => {
    const clock = fakeClock();
    const watch = requestWatch(clock);
    const [slow, quick] = [request(50), request(20)];
    watch.add(slow);
    watch.add(quick);
    clock.advance(19);
    expect([slow.ends, quick.ends]).toEqual([[], []]);
    clock.advance(1);
    expect([slow.ends, quick.ends]).toEqual([[], ['late']]);
    watch.remove(quick);
    clock.advance(30);
    expect(slow.ends).toEqual(['late']);
  });

  it('are told of their own signal alone', () => {
    const watch = requestWatch(fakeClock());
    const aborter = new AbortController();
    const [mine, yours] = [request(50, aborter.signal), request(50)];
    watch.add(mine);
    watch.add(yours);
    aborter.abort();
    expect([mine.ends, yours.ends]).toEqual([['cancelled'], []]);
  });

  it('are told nothing once they ended', () => {
    const clock = fakeClock();
    const watch = requestWatch(clock);
    const aborter = new AbortController();
    const ended = request(50, aborter.signal);
    watch.add(ended);
    watch.remove(ended);
    clock.advance(100);
    aborter.abort();
    expect(ended.ends).toEqual([]);
  });
});

describe('a watch', () => {
  it('has one timer and one listener for requests that follow each other', () => {
    const clock = fakeClock();
    const watch = requestWatch(clock);
    const { signal } = new AbortController();
    for (let at = 0; at < 100; at++) {
      const each = request(at + 20, signal);
      watch.add(each);
      expect([clock.waiting, listeners(signal)]).toEqual([1, 1]);
      watch.remove(each);
      clock.advance(1);
    }
    const last = request(120, signal);
    watch.add(last);
    clock.advance(20);
    expect(last.ends).toEqual(['late']);
    watch.remove(last);
    expect(clock.waiting).toBe(0);
  });

  it('keeps no signal that is no longer used', () => {
    const watch = requestWatch(fakeClock());
    const [first, second] = [request(50), request(50)];
    watch.add(first);
    watch.remove(first);
    watch.add(second);
    expect([listeners(first.signal), listeners(second.signal)]).toEqual([0, 1]);
  });

  it('leaves neither timer nor listener when it is closed', () => {
    const clock = fakeClock();
    const watch = requestWatch(clock);
    const open = request(50);
    watch.add(open);
    watch.close();
    expect([clock.waiting, listeners(open.signal)]).toEqual([0, 0]);
  });
});
