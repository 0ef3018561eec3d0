import { describe, expect, it } from 'vitest';
import type { Item, MessageContent } from '../device/notification-message.ts';
import { type PropertyLedger, type PropertyState, propertyLedger } from './property-ledger.ts';

const simple = (name: string, value: string): Item => ({ kind: 'simple', name, value });
const state = (door: string, value: string | null, key: readonly Item[] = []): MessageContent => ({
  ...{ utcTime: 'x', propertyOperation: 'Changed', source: [simple('Door', door)], key },
  data: value === null ? null : [simple('State', value)],
});
const set = (ledger: PropertyLedger, door: string, value: string, epoch = 1) =>
  ledger.apply('t', state(door, value), false, epoch);

describe('property ledger', () => {
  it('knows news from what was said before', () => {
    const ledger = propertyLedger([]);
    expect(set(ledger, '1', 'open')).toMatchObject({ changed: true, changes: [{ epoch: 1 }] });
    expect(set(ledger, '1', 'open')).toEqual({ changed: false, changes: [] });
    expect(set(ledger, '1', 'closed')).toMatchObject({ changed: true });
    expect(set(ledger, '2', 'closed')).toMatchObject({ changed: true });
    expect(ledger.size).toBe(2);
  });

  it('stores what a new epoch confirms, though it is no news', () => {
    const ledger = propertyLedger([]);
    set(ledger, '1', 'open', 1);
    expect(set(ledger, '1', 'open', 2)).toMatchObject({ changed: false, changes: [{ epoch: 2 }] });
    expect(set(ledger, '1', 'open', 2)).toEqual({ changed: false, changes: [] });
  });

  it('tells properties apart by topic, Source and Key, in whatever order their items come', () => {
    const ledger = propertyLedger([]);
    const of = (topic: string, source: Item[], key: Item[]) =>
      ledger.apply(topic, { ...state('', 'x'), source, key }, false, 1).changed;
    const [a, b] = [simple('a', '1'), simple('b', '2')];
    expect([of('t', [a, b], []), of('t', [b, a], [])]).toEqual([true, false]);
    expect([of('u', [a, b], []), of('t', [a], [b]), of('t', [], [a, b]), of('t', [a], [])]).toEqual([
      ...[true, true, true, true],
    ]);
  });

  it('compares states by all Data items, long ones too', () => {
    const ledger = propertyLedger([]);
    const long = 'x'.repeat(10_000);
    expect(set(ledger, '1', long).changes[0]!.data!.length).toBeLessThan(100);
    expect(set(ledger, '1', long).changed).toBe(false);
    expect(set(ledger, '1', `${long}y`).changed).toBe(true);
  });

  it('removes what is deleted, with its Data or without', () => {
    const ledger = propertyLedger([]);
    set(ledger, '1', 'open');
    expect(ledger.apply('t', state('1', null), true, 1)).toMatchObject({ changed: true, changes: [{ data: null }] });
    expect(ledger.apply('t', state('1', 'open'), true, 1)).toMatchObject({ changed: false });
    expect(ledger.size).toBe(0);
    expect(set(ledger, '1', 'open').changed).toBe(true);
  });

  it('goes on where the stored states left off', () => {
    const stored: PropertyState[] = [];
    const first = propertyLedger([]);
    for (const { identity, data, epoch } of [...set(first, '1', 'open').changes, ...set(first, '2', 'shut').changes]) {
      stored.push({ identity, data: data!, epoch });
    }
    const second = propertyLedger(stored);
    expect(second.size).toBe(2);
    expect(set(second, '1', 'open').changed).toBe(false);
    expect(set(second, '2', 'open').changed).toBe(true);
  });

  it('forgets the property that was quiet longest where a device makes up ever new ones, in the store as well', () => {
    const ledger = propertyLedger([]);
    const stored = new Map<string, string>();
    for (let object = 0; object < 25_000; object++) {
      if (object % 1_000 === 0) set(ledger, 'kept', `${object}`);
      for (const { identity, data } of set(ledger, `${object}`, 'seen').changes) {
        if (data === null) stored.delete(identity);
        else stored.set(identity, data);
      }
    }
    expect(ledger.size).toBe(20_000);
    expect(stored.size).toBeLessThanOrEqual(20_001);
    expect(set(ledger, 'kept', '24000').changed).toBe(false);
    expect(set(ledger, '24999', 'seen').changed).toBe(false);
    expect(set(ledger, '1', 'seen').changed).toBe(true);
  });
});
