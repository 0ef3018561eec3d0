import { describe, expect, it, vi } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { startLease } from './lease.ts';

function leased(firstMs: number) {
  const clock = fakeClock();
  const renewedAt: number[] = [];
  const lease = startLease(clock, firstMs, () => renewedAt.push(clock.monotonic()));
  const iso = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
  /** An answer that leaves `left` ms, in whole seconds by a device clock that is off. */
  const told = (left: number, assumed = 99_000) => {
    const device = clock.now() + 12_345_678;
    lease.told(iso(device), iso(device + left), assumed);
  };
  return { clock, lease, told, renewedAt };
}

describe('lease', () => {
  it('counts down on the monotonic clock and names its end in wall time', () => {
    const { clock, lease, told } = leased(60_000);
    clock.advance(10_000);
    expect(lease.remaining()).toBe(50_000);
    expect(lease.until()).toBe(clock.now() + 50_000);
    told(30_000);
    expect(lease.remaining()).toBe(30_000);
  });

  it('renews on half of what is left, and again on half of the rest until something is heard', () => {
    const { clock, renewedAt } = leased(64_000);
    clock.advance(31_999);
    expect(renewedAt).toEqual([]);
    clock.advance(30_000);
    expect(renewedAt).toEqual([32_000, 48_000, 56_000, 60_000]);
  });

  it('never renews while pulling extends it', () => {
    const { clock, told, renewedAt } = leased(60_000);
    for (let pull = 0; pull < 1_000; pull++) {
      clock.advance(20_000);
      told(60_000);
    }
    for (let event = 0; event < 5_000; event++) {
      clock.advance(50);
      told(60_000);
    }
    expect(renewedAt).toEqual([]);
  });

  it('renews in time where pulling does not extend it, however often answers come', () => {
    const { clock, told, renewedAt } = leased(10_000);
    for (let ms = 100; ms <= 9_000; ms += 100) {
      clock.advance(100);
      told(10_000 - ms);
    }
    expect(renewedAt.length).toBeGreaterThan(0);
    expect(renewedAt[0]).toBeLessThanOrEqual(6_500);
  });

  it('renews sooner where an answer says that less is left than was granted', () => {
    const { clock, told, renewedAt } = leased(60_000);
    clock.advance(1_000);
    told(8_000);
    clock.advance(4_500);
    expect(renewedAt).toEqual([5_000]);
  });

  it('does not renew what ran out, and starts again when it is told that it lives', () => {
    const { clock, lease, told, renewedAt } = leased(4_000);
    clock.advance(600_000);
    const tries = renewedAt.length;
    expect(tries).toBeLessThan(10);
    expect(clock.waiting).toBe(0);
    told(20_000);
    expect(lease.remaining()).toBe(20_000);
    clock.advance(10_000);
    expect(renewedAt.length).toBe(tries + 1);
  });
});

describe('a lease by odd answers', () => {
  it.each([
    [null, null],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z'],
    ['2026-01-01T00:00:10Z', '2026-01-01T00:00:00Z'],
    ['2026-01-01T00:00:00Z', '0000-00-00T00:00:00Z'],
    ['2026-01-01', 'tomorrow'],
    ['', null],
  ])('takes what was asked for where the times are %s and %s', (current, termination) => {
    const { lease } = leased(5_000);
    lease.told(current, termination, 45_000);
    expect(lease.remaining()).toBe(45_000);
  });

  it('reads a minute that overflowed', () => {
    const { lease } = leased(5_000);
    lease.told('2026-01-01T00:59:16Z', '2026-01-01T00:61:16Z', 1);
    expect(lease.remaining()).toBe(120_000);
  });
});

describe('the end of a lease', () => {
  it('leaves it alone', () => {
    const { clock, lease, told, renewedAt } = leased(4_000);
    lease.end();
    told(10_000);
    clock.advance(60_000);
    expect(renewedAt).toEqual([]);
    expect(clock.waiting).toBe(0);
  });

  it('may be a year away', () => {
    const clock = fakeClock();
    const renew = vi.fn();
    const lease = startLease(clock, 60_000, renew);
    lease.told('2026-01-01T00:00:00Z', '2027-01-02T00:00:00Z', 60_000);
    clock.advance(86_400_000);
    expect(renew).not.toHaveBeenCalled();
    expect(lease.remaining()).toBe(365 * 86_400_000);
  });
});
