import { describe, expect, it } from 'vitest';
import type { Item, MessageContent } from '../device/notification-message.ts';
import { type PropertyLedger, type PropertyState, propertyLedger } from './property-ledger.ts';

const simple = (name: string, value: string): Item => ({ kind: 'simple', name, value });
const state = (door: string, value: string | null, key: readonly Item[] = []): MessageContent => ({
  ...{ utcTime: 'x', propertyOperation: 'Changed', source: [simple('Door', door)], key },
  data: value === null ? null : [simple('State', value)],
});
const subject = () => '{"topic":"t"}';
const set = (ledger: PropertyLedger, door: string, value: string, epoch = 1) =>
  ledger.apply('t', state(door, value), 'Changed', epoch, subject);

describe('property ledger', () => {
  it('knows news from what was said before', () => {
    const ledger = propertyLedger([]);
    expect(set(ledger, '1', 'open')).toMatchObject({ changed: true, changes: [{ epoch: 1 }] });
    expect(set(ledger, '1', 'open')).toMatchObject({ changed: false, changes: [] });
    expect(set(ledger, '1', 'closed')).toMatchObject({ changed: true });
    expect(set(ledger, '2', 'closed')).toMatchObject({ changed: true });
    expect(ledger.size).toBe(2);
  });

  it('remembers sources of any length in bounded room, and still tells them apart', () => {
    const ledger = propertyLedger([]);
    const long = 'x'.repeat(100_000);
    const { changes } = ledger.apply('t', state(`${long}1`, 'open'), 'Changed', 1, () => JSON.stringify({ long }));
    expect(JSON.stringify(changes).length).toBeLessThan(1_000);
    expect(set(ledger, `${long}2`, 'open')).toMatchObject({ changed: true });
    expect(set(ledger, `${long}1`, 'open')).toMatchObject({ changed: false });
  });

  it('stores what a new epoch confirms, though it is no news', () => {
    const ledger = propertyLedger([]);
    set(ledger, '1', 'open', 1);
    expect(set(ledger, '1', 'open', 2)).toMatchObject({ changed: false, changes: [{ epoch: 2 }] });
    expect(set(ledger, '1', 'open', 2)).toMatchObject({ changed: false, changes: [] });
  });

  it('tells properties apart by topic, Source and Key, in whatever order their items come', () => {
    const ledger = propertyLedger([]);
    const of = (topic: string, source: Item[], key: Item[]) =>
      ledger.apply(topic, { ...state('', 'x'), source, key }, 'Changed', 1, subject).changed;
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
    const deleted = (value: string | null) => ledger.apply('t', state('1', value), 'Deleted', 1, subject);
    expect(deleted(null)).toMatchObject({ changed: true, changes: [{ data: null }] });
    expect(deleted('open')).toMatchObject({ changed: false });
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
});

describe('the ledger', () => {
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

  it('remembers what a state was called when it was told last, and that it was told as Initialized', () => {
    const ledger = propertyLedger([]);
    const told = (value: string, operation: string, name: string) =>
      ledger.apply('t', state('1', value), operation, 1, () => name).changes[0];
    expect(told('open', 'Changed', 'first')).toMatchObject({ initialized: false, subject: 'first' });
    expect(told('shut', 'Changed', 'second')).toMatchObject({ subject: 'first' });
    ledger.redescribed();
    // Nothing new is told: it still stands under the old name.
    expect(told('shut', 'Initialized', 'third')).toMatchObject({ initialized: true, subject: 'first' });
    expect(told('open', 'Changed', 'fourth')).toMatchObject({ initialized: true, subject: 'fourth' });
    expect(told('open', 'Initialized', 'fifth')).toBeUndefined();
  });

  it('gives an entry of before there were subjects one as soon as it is heard of', () => {
    const { identity, data } = set(propertyLedger([]), '1', 'open').changes[0]!;
    const ledger = propertyLedger([{ identity, data: data!, epoch: 1 }]);
    expect(set(ledger, '1', 'open', 2).changes).toMatchObject([{ subject: '{"topic":"t"}', initialized: false }]);
  });
});

describe('a set of states', () => {
  it('leaves those that were not heard of', () => {
    const ledger = propertyLedger([]);
    for (const door of ['1', '2', '3']) set(ledger, door, 'open');
    ledger.beginSet();
    expect(set(ledger, '1', 'open').firstOfSet).toBe(true);
    expect(set(ledger, '1', 'shut').firstOfSet).toBe(false);
    ledger.apply('t', state('2', null), 'Deleted', 1, subject);
    const [left, ...others] = ledger.unheard();
    expect([left?.identity, others]).toEqual([expect.stringContaining('3'), []]);
    expect(ledger.remove(left!, 4)).toEqual({ identity: left!.identity, data: null, epoch: 4 });
    expect(ledger.size).toBe(1);
    ledger.beginSet();
    expect(ledger.unheard()).toHaveLength(1);
  });

  it('leaves all that is stored, after a start', () => {
    const changes = ['1', '2'].map((door) => set(propertyLedger([]), door, 'open').changes[0]!);
    const ledger = propertyLedger(changes.map((change) => ({ ...change, data: change.data! })));
    ledger.beginSet();
    expect(ledger.unheard()).toHaveLength(2);
  });

  it('with more properties than are remembered leaves none: it cannot be known', () => {
    const ledger = propertyLedger([]);
    set(ledger, 'old', 'open');
    ledger.beginSet();
    for (let object = 0; object < 20_000; object++) set(ledger, `${object}`, 'seen');
    expect(ledger.unheard()).toEqual([]);
    ledger.beginSet();
    expect(ledger.unheard()).toHaveLength(20_000);
  });
});
