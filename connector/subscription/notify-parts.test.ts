import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { newNotifyPath, notifyPathOf, notifyUrl } from './notify-path.ts';
import { notifyRate, ratePerSource } from './notify-rate.ts';
import { notifyRefusals } from './notify-refusals.ts';
import { allowedSources, deviceAddresses, localAddressTowards, plainAddress } from './notify-source.ts';

describe('a path', () => {
  it('is found in any target that holds it', () => {
    const path = newNotifyPath();
    for (const target of [
      `/${path}`,
      `/${path}/`,
      `/a/b/${path}?c=/d`,
      `http://h:1/${path}`,
      notifyUrl('http://h/x/', path),
    ])
      expect(notifyPathOf(target)).toBe(path);
    expect(notifyPathOf('/')).toBe('');
  });
});

describe('where a Notify may come from', () => {
  it('is read from addresses and networks of either family', () => {
    const allowed = allowedSources(['10.1.0.0/16', '192.0.2.7', '2001:db8::/32']);
    const from = ['10.1.2.3', '10.2.0.1', '192.0.2.7', '192.0.2.8', '2001:db8::1', '2001:db9::1', ''];
    expect(from.filter(allowed)).toEqual(['10.1.2.3', '192.0.2.7', '2001:db8::1']);
    expect(allowedSources(['any'])('203.0.113.9')).toBe(true);
    expect(allowedSources([])('203.0.113.9')).toBe(false);
  });

  it('counts an IPv4 address as that however it comes', () => {
    expect(plainAddress('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(plainAddress('fe80::1%eth0')).toBe('fe80::1');
    expect(plainAddress(undefined)).toBe('');
  });

  it('is the address of a device, or all addresses of its name', async () => {
    const clock = fakeClock();
    const literal = deviceAddresses('[2001:db8::1]', clock);
    expect([await literal.include('2001:db8::1'), await literal.include('2001:db8::2')]).toEqual([true, false]);
    const named = deviceAddresses('localhost', clock);
    expect(named.known('127.0.0.1')).toBe(false);
    expect([await named.include('127.0.0.1'), await named.include('192.0.2.1')]).toEqual([true, false]);
    expect(named.known('127.0.0.1')).toBe(true);
  });

  it('is answered from the address of ours that leads there', async () => {
    expect(await localAddressTowards('127.0.0.1')).toBe('127.0.0.1');
    await expect(localAddressTowards('no-such-host.invalid')).rejects.toThrow();
  });
});

describe('a rate', () => {
  it('lets a burst through, and then so many a second', () => {
    const clock = fakeClock();
    const within = notifyRate({ perSecond: 10, burst: 3 }, clock);
    const tries = () => [1, 2, 3, 4, 5].filter(within).length;
    expect(tries()).toBe(3);
    expect(tries()).toBe(0);
    clock.advance(200);
    expect(tries()).toBe(2);
    clock.advance(60_000);
    expect(tries()).toBe(3);
  });

  it('is for each source by itself, and forgets those that were quiet longest', () => {
    const within = ratePerSource({ perSecond: 0.001, burst: 1 }, fakeClock());
    expect([within('a'), within('a'), within('b')]).toEqual([true, false, true]);
    for (let other = 0; other < 5_000; other++) within(`other ${other}`);
    expect(within('a')).toBe(true);
  });
});

describe('refusals', () => {
  it('are told at once, then less and less often, and at once again after a calm', () => {
    const clock = fakeClock();
    const refusals = notifyRefusals(clock);
    expect(refusals.take()).toBeNull();
    const tell = (afterMs: number) => {
      clock.advance(afterMs);
      refusals.note('too many');
      return refusals.take() !== null;
    };
    expect(tell(0)).toBe(true);
    expect([tell(14_999), tell(1)]).toEqual([false, true]);
    expect([tell(29_999), tell(1)]).toEqual([false, true]);
    expect([tell(59_999), tell(1)]).toEqual([false, true]);
    expect(tell(20 * 60_000)).toBe(true);
    expect([tell(14_999), tell(1)]).toEqual([false, true]);
  });

  it('keep when the first of them was, and how many there were', () => {
    const clock = fakeClock();
    const refusals = notifyRefusals(clock);
    const since = clock.now();
    refusals.note('first');
    clock.advance(500);
    refusals.note('second');
    expect(refusals.take()).toEqual({ why: 'first; 2 in all', since });
    refusals.note('third');
    expect(refusals.take()).toBeNull();
    expect(refusals.takeAll()).toMatchObject({ why: 'third' });
    refusals.note('fourth');
    refusals.forget();
    expect(refusals.takeAll()).toBeNull();
  });
});
