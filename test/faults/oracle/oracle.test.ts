import { describe, expect, test } from 'vitest';
import type { GapRecord, NotificationRecord } from '../../../connector/normalize/record.ts';
import type { WireExchange } from '../harness/http-watch.ts';
import type { Delivery, History, TruthEvent } from './history.ts';
import { judge, LAWS } from './judge.ts';
import { mapped } from './mapped.ts';

/*
 * A made-up run, and each law shown to fail on one that breaks it: a judge that cannot condemn says nothing. The run: events M1
 * to M6, a second apart; M3 was lost at an outage and is covered by a gap; M6 is the fresh one.
 */

const START = Date.parse('2026-01-01T00:00:00Z');
const at = (seconds: number) => START + seconds * 1000;
const iso = (seconds: number) => new Date(at(seconds)).toISOString();

function event(number: number, change: Partial<TruthEvent> = {}): TruthEvent {
  return {
    ...{ mark: `M${number}`, at: at(number), topic: 'tns1:Device/Trigger/DigitalInput', operation: 'Changed' },
    ...{ utcTime: iso(number), source: { InputToken: 'Input_1' } },
    data: { LogicalState: number % 2 === 0, Mark: `M${number}` },
    ...change,
  };
}

function notification(number: number, sequence: number, change: Partial<NotificationRecord> = {}): Delivery {
  const { topic, utcTime, source, data } = event(number);
  const record: NotificationRecord = {
    ...{ kind: 'notification', id: `id-${number}`, device: 'door', sequence, epoch: 1, topic, utcTime, time: utcTime },
    ...{ receivedAt: iso(number), provenance: 'live', propertyOperation: 'Changed', changed: true },
    ...{ source: source as NotificationRecord['source'], key: {}, data: data as NotificationRecord['data'] },
    ...change,
  };
  return delivery(record, number, 'onvif/door/events/Device/Trigger/DigitalInput');
}

function delivery(record: NotificationRecord | GapRecord, seconds: number, topic: string): Delivery {
  const { id, sequence } = record;
  return { at: at(seconds), topic, payload: JSON.stringify(record), id, sequence, record };
}

function gap(since: number | null, until: number, sequence: number): Delivery {
  const record: GapRecord = {
    ...{ kind: 'gap', id: `gap-${sequence}`, device: 'door', sequence, epoch: 1, reason: 'outage' },
    ...{ since: since === null ? null : iso(since), until: iso(until), receivedAt: iso(until) },
  };
  return delivery(record, until, 'onvif/door/gap');
}

function pull(from: number, to: number | null, target = '/onvif/subscription?id=1'): WireExchange {
  return { operation: 'PullMessages', target, from: at(from), to: to === null ? null : at(to), outcome: 'answered' };
}

/** What the onvif-ej sink makes of the same records. */
function ejOf(deliveries: readonly Delivery[]): Delivery[] {
  return deliveries.flatMap((one) => mapped(one).map((message) => ({ ...one, ...message, record: null })));
}

const ENVELOPE = [
  notification(1, 1),
  notification(2, 2),
  gap(2.5, 3.6, 3),
  notification(4, 4),
  notification(5, 5),
  notification(6, 6),
];

function history(
  change: Partial<Omit<History, 'expected'>> & { expected?: Partial<History['expected']> } = {},
): History {
  const { expected, ...rest } = change;
  const envelope = change.envelope ?? ENVELOPE;
  return {
    ...{ truth: [1, 2, 3, 4, 5, 6].map((number) => event(number)), states: [] },
    ...{ envelope, onvifEj: ejOf(envelope) },
    stored: { sequence: 6, deadLetters: { envelope: [], 'onvif-ej': [] } },
    faults: [{ name: 'outage', side: 'device', from: at(2.8), to: at(3.2) }],
    ...{ fresh: [{ mark: 'M6', at: at(6) }], wire: [pull(0, 1), pull(1, 2), pull(2.2, 3)] },
    ...{ subscriptionsLeft: 1, subscribedAt: at(0), connectorOffsetAt: () => 0, strikes: 1 },
    ...rest,
    expected: { freshWithinMs: 5_000, gapBeforeMs: 500, gapAfterMs: 1_000, events: 3, strikes: 1, ...expected },
  };
}

/** Numbers of the laws that a history breaks. */
function broken(change: Parameters<typeof history>[0]): number[] {
  return judge(history(change)).flatMap(({ violations }, index) => (violations.length > 0 ? [index + 1] : []));
}

test('there are eight laws and an honest run breaks none', () => {
  expect(LAWS).toHaveLength(8);
  expect(judge(history()).flatMap(({ violations }) => violations)).toEqual([]);
});

test('at least once: what comes again unchanged is no fault', () => {
  const again = [...ENVELOPE, ENVELOPE[1]!, ENVELOPE[3]!];
  expect(broken({ envelope: again, onvifEj: ejOf(again) })).toEqual([]);
});

describe('law 1, delivered', () => {
  test('a record of the spool that no sink got', () => {
    expect(
      broken({ envelope: ENVELOPE.filter(({ sequence }) => sequence !== 2), expected: { gapBeforeMs: 9_000 } }),
    ).toContain(1);
  });
  test('a record that one sink got and the other did not', () => {
    expect(broken({ onvifEj: ejOf(ENVELOPE).filter(({ id }) => id !== 'id-4') })).toEqual([1]);
  });
  test('the last records missing altogether', () => {
    expect(broken({ stored: { sequence: 8, deadLetters: { envelope: [], 'onvif-ej': [] } } })).toEqual([1]);
  });
  test('the dead letters excuse', () => {
    const onvifEj = ejOf(ENVELOPE).filter(({ id }) => id !== 'id-4');
    expect(broken({ onvifEj, stored: { sequence: 6, deadLetters: { envelope: [], 'onvif-ej': ['id-4'] } } })).toEqual(
      [],
    );
  });
  test('a delivery that the spool never had', () => {
    expect(broken({ stored: { sequence: 5, deadLetters: { envelope: [], 'onvif-ej': [] } } })).toEqual([1]);
  });
});

describe('law 2, produced', () => {
  const replaced = (other: Delivery) => ENVELOPE.map((one) => (one.sequence === other.sequence ? other : one));
  test('an event that never happened', () => {
    const data = { LogicalState: true, Mark: 'M99' };
    expect(broken({ envelope: replaced(notification(5, 5, { data })), expected: { events: 1 } })).toContain(2);
  });
  test.each([
    ['data', { data: { LogicalState: true, Mark: 'M5' } }],
    ['source', { source: { InputToken: 'Input_2' } }],
    ['topic', { topic: 'tns1:Device/Trigger/Relay' }],
    ['UtcTime', { utcTime: iso(7) }],
    ['operation', { propertyOperation: 'Initialized' }],
  ])('an event with another %s than it had', (_, change) => {
    expect(broken({ envelope: replaced(notification(5, 5, change)) })).toEqual([2]);
  });
  test('one occurrence under two ids', () => {
    const envelope = [...ENVELOPE, notification(5, 7, { id: 'other', provenance: 'replay' })];
    expect(broken({ envelope, stored: { sequence: 7, deadLetters: { envelope: [], 'onvif-ej': [] } } })).toEqual([2]);
  });
  test('a state the device never had', () => {
    const data = { LogicalState: true };
    const state = notification(1, 7, { id: 'state', data, provenance: 'synchronization' });
    const seven = {
      envelope: [...ENVELOPE, state],
      stored: { sequence: 7, deadLetters: { envelope: [], 'onvif-ej': [] } },
    };
    const { topic, source } = event(1);
    expect(broken(seven)).toEqual([2]);
    expect(broken({ ...seven, states: [{ topic, source, data: { LogicalState: false } }] })).toEqual([2]);
    expect(broken({ ...seven, states: [{ topic, source, data }] })).toEqual([]);
  });
});

describe('law 2, inferred ends of states', () => {
  const { topic, source } = event(1);
  const seven = (change: Partial<NotificationRecord>) => {
    const inferred = notification(1, 7, {
      id: 'gone',
      data: {},
      propertyOperation: 'Deleted',
      inferred: 'gone',
      ...change,
    });
    const envelope = [...ENVELOPE, inferred];
    return { envelope, stored: { sequence: 7, deadLetters: { envelope: [], 'onvif-ej': [] } } };
  };
  const states = [{ topic, source, data: { LogicalState: true } }];
  const deleted = event(6.5, { mark: 'M6-deleted', operation: 'Deleted' });
  const untilGone = [...history().truth, deleted];
  test('a property told to be gone that lives', () => {
    expect(broken({ ...seven({}), states })).toEqual([2]);
  });
  test('a property that is gone in truth', () => {
    const faults = [...history().faults, { name: 'second', side: 'device' as const, from: at(6.4), to: at(6.6) }];
    const told = { ...seven({}), truth: untilGone, faults };
    const envelope = [...told.envelope, gap(6.3, 7, 8)];
    const stored = { sequence: 8, deadLetters: { envelope: [], 'onvif-ej': [] } };
    expect(broken({ ...told, envelope, stored, states }).filter((law) => law !== 8)).toEqual([]);
  });
  test('a state that is unknown may be told so', () => {
    expect(broken({ ...seven({ inferred: 'unknown' }), states })).toEqual([]);
  });
});

describe('law 3, payload', () => {
  test('a byte that the mapping does not make', () => {
    const onvifEj = ejOf(ENVELOPE).map((one) => (one.id === 'id-4' ? { ...one, payload: `${one.payload} ` } : one));
    expect(broken({ onvifEj })).toEqual([3]);
  });
  test('a message at another topic', () => {
    const onvifEj = ejOf(ENVELOPE).map((one) => (one.id === 'id-4' ? { ...one, topic: `${one.topic}/more` } : one));
    expect(broken({ onvifEj })).toEqual([3]);
  });
  test('a message that no record makes', () => {
    const stray = { ...ejOf(ENVELOPE)[0]!, id: 'stray' };
    expect(broken({ onvifEj: [...ejOf(ENVELOPE), stray] })).toEqual([3]);
  });
  test('a record that is another one when it comes again', () => {
    const again = { ...ENVELOPE[0]!, payload: `${ENVELOPE[0]!.payload} ` };
    expect(broken({ envelope: [...ENVELOPE, again], onvifEj: ejOf(ENVELOPE) })).toEqual([3]);
  });
});

describe('law 4, order', () => {
  test('records that first come out of their order', () => {
    const [first, second, ...others] = ENVELOPE;
    expect(broken({ envelope: [second!, first!, ...others] })).toEqual([4]);
  });
  test('events numbered in another order than they happened', () => {
    const envelope = ENVELOPE.map((one) => {
      if (one.sequence === 4) return notification(5, 4);
      return one.sequence === 5 ? notification(4, 5) : one;
    });
    expect(broken({ envelope })).toEqual([4]);
    expect(broken({ envelope, expected: { deviceReorders: true } })).toEqual([]);
  });
  test('a replay beside what is live is in order when each is', () => {
    const replayed = notification(3, 5, { provenance: 'replay' });
    const envelope = [...ENVELOPE.slice(0, 4), replayed, notification(5, 6), notification(6, 7)];
    expect(broken({ envelope, stored: { sequence: 7, deadLetters: { envelope: [], 'onvif-ej': [] } } })).toEqual([]);
  });
});

describe('law 5, gaps', () => {
  const without = (sequence: number) => {
    const envelope = ENVELOPE.filter((one) => one.sequence !== sequence);
    return { envelope, stored: { sequence: 6, deadLetters: { envelope: ['x'], 'onvif-ej': [] } } };
  };
  test('a loss that no gap tells', () => {
    expect(broken(without(3))).toEqual([5]);
  });
  test('a loss outside the gap', () => {
    expect(broken(without(5))).toEqual([5]);
  });
  test('a gap that claims the whole run', () => {
    expect(broken({ envelope: ENVELOPE.map((one) => (one.sequence === 3 ? gap(0, 6, 3) : one)) })).toEqual([5]);
    expect(broken({ envelope: ENVELOPE.map((one) => (one.sequence === 3 ? gap(null, 3.6, 3) : one)) })).toEqual([5]);
  });
  test('a gap where nothing can be lost', () => {
    const faults = [{ name: 'broker', side: 'broker' as const, from: at(2.8), to: at(3.2) }];
    expect(broken({ faults })).toEqual([5]);
  });
  test("a gap is read by the connector's clock", () => {
    const hour = 3_600_000;
    const connectorOffsetAt = () => hour;
    expect(broken({ connectorOffsetAt })).toEqual([5]);
    const envelope = ENVELOPE.map((one) => (one.sequence === 3 ? gap(3_602.5, 3_603.6, 3) : one));
    expect(broken({ envelope, connectorOffsetAt })).toEqual([]);
  });
  test('what happened before the first subscription is not owed', () => {
    const truth = [event(-5, { mark: 'M-5' }), ...[1, 2, 3, 4, 5, 6].map((number) => event(number))];
    expect(broken({ truth })).toEqual([]);
  });
});

describe('law 6, recovery', () => {
  test('a fresh event that comes late, or never, or was never raised', () => {
    expect(broken({ fresh: [{ mark: 'M6', at: at(0) }] })).toEqual([6]);
    expect(broken({ fresh: [{ mark: 'M7', at: at(6) }] })).toEqual([6]);
    expect(broken({ fresh: [] })).toEqual([6]);
  });
  test('a fresh event that only one sink got', () => {
    expect(broken({ onvifEj: ejOf(ENVELOPE).filter(({ id }) => id !== 'id-6') })).toContain(6);
  });
});

describe('law 7, one pull', () => {
  test('two pulls in flight on one subscription', () => {
    expect(broken({ wire: [pull(0, 2), pull(1, 3)] })).toEqual([7]);
    expect(broken({ wire: [pull(0, null), pull(4, 5)] })).toEqual([7]);
    expect(broken({ wire: [pull(0, 9), pull(1, 2), pull(3, 4)] })).toEqual([7]);
  });
  test('pulls on two subscriptions may overlap', () => {
    expect(broken({ wire: [pull(0, 2), pull(1, 3, '/onvif/subscription?id=2')] })).toEqual([]);
  });
  test('another number of subscriptions left than one', () => {
    expect(broken({ subscriptionsLeft: 0 })).toEqual([7]);
    expect(broken({ subscriptionsLeft: 2 })).toEqual([7]);
  });
  test('a wire on which nothing was seen', () => {
    expect(broken({ wire: [] })).toEqual([7]);
    expect(broken({ wire: [], expected: { pushed: true } })).toEqual([]);
  });
});

describe('law 8, traffic', () => {
  test('too few events, too few strikes', () => {
    expect(broken({ expected: { events: 6 } })).toEqual([8]);
    expect(broken({ strikes: 0 })).toEqual([8]);
  });
  test('nothing before, or nothing after the faults', () => {
    const fault = { name: 'outage', side: 'device' as const };
    expect(broken({ faults: [{ ...fault, from: at(0), to: at(3.2) }] })).toEqual([8]);
    expect(broken({ faults: [{ ...fault, from: at(2.8), to: at(7) }] })).toEqual([8]);
  });
});
