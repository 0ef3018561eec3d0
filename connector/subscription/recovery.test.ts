import { describe, expect, it } from 'vitest';
import {
  type Disturbance,
  planRecovery,
  planRepair,
  type RecoverySituation,
  type ReplaySituation,
} from './recovery.ts';

const NOW = 1_000_000;
const SEEN = NOW - 5_000;
const reference = { address: 'http://192.0.2.1/s?id=1', referenceParameters: ['<a/>'] };
const living = { reference, leaseUntil: NOW + 30_000 };
const over = { reference, leaseUntil: NOW - 1 };

/** A device that stores nothing. */
const FORGETFUL: ReplaySituation = {
  capabilities: { persistentNotificationStorage: false, maxPullPoints: null },
  habits: { seeks: true, severalPullPoints: true },
  replayFrom: null,
  deviceNow: NOW + 7_000,
};
const DEVICE_SEEN = SEEN + 7_000;
const storing = (maxPullPoints: number | null = null, over: Partial<ReplaySituation> = {}): ReplaySituation => ({
  ...{ ...FORGETFUL, capabilities: { persistentNotificationStorage: true, maxPullPoints } },
  ...{ replayFrom: DEVICE_SEEN, ...over },
});

const outage = { since: SEEN, reason: 'outage' };
const restart = { since: SEEN, reason: 'restart' };
const told = (gap: unknown) => ({ gap, replay: null });
const replayed = (gap: unknown, how = 'beside') => ({ gap: null, replay: { from: DEVICE_SEEN, how, gap } });
const resume = (repair: object, synchronize = true) => ({
  ...{ kind: 'resume', subscription: living, synchronize },
  ...repair,
});
const anew = (repair: object) => ({ kind: 'resynchronize', ...repair });

type Told = Omit<RecoverySituation, 'now' | keyof ReplaySituation>;
/** Contact lost in a pull, the lease alive. */
const CUT: Told = {
  ...{ lastAnswerAt: SEEN, subscription: living, pullInterrupted: true },
  ...{ replayOwedSince: null, restarted: false, refused: false },
};
const situations: [string, Told, ReplaySituation, unknown[]][] = [
  [
    'a device never met',
    { ...CUT, lastAnswerAt: null, subscription: null, pullInterrupted: false, restarted: true },
    storing(),
    [{ kind: 'cold', ...told(null) }],
  ],
  [
    'a start after an end in order',
    { ...CUT, subscription: null, pullInterrupted: false, restarted: true },
    FORGETFUL,
    [anew(told(restart))],
  ],
  [
    'the same, the device storing its events',
    { ...CUT, subscription: null, pullInterrupted: false, restarted: true },
    storing(4),
    [anew(replayed(restart))],
  ],
  [
    'a start after a crash, the lease alive',
    { ...CUT, restarted: true },
    FORGETFUL,
    [resume(told(restart)), anew(told(restart))],
  ],
  [
    "a device that refused connections meanwhile: it was started anew, and the id may be somebody else's",
    { ...CUT, refused: true },
    FORGETFUL,
    [anew(told(outage))],
  ],
  [
    'a device that sends by itself, whose messages may have been given up though nothing was interrupted',
    { ...CUT, subscription: { ...living, flow: 'base-notification' }, pullInterrupted: false },
    FORGETFUL,
    [{ ...resume(told(outage)), subscription: { ...living, flow: 'base-notification' } }, anew(told(outage))],
  ],
  [
    'a start after a crash, the lease over',
    { ...CUT, restarted: true, subscription: over },
    FORGETFUL,
    [anew(told(restart))],
  ],
  [
    'a lease about to end',
    { ...CUT, subscription: { reference, leaseUntil: NOW + 1_999 } },
    FORGETFUL,
    [anew(told(outage))],
  ],
  ['contact lost with a pull in flight', CUT, FORGETFUL, [resume(told(outage)), anew(told(outage))]],
  [
    'contact lost between two pulls: what the device queued is only there, nothing is lost',
    { ...CUT, pullInterrupted: false },
    FORGETFUL,
    [resume(told(null), false), anew(told(outage))],
  ],
  ['a subscription that the device ended', { ...CUT, subscription: null }, FORGETFUL, [anew(told(outage))]],
  [
    'a pull in flight that may have taken an answer along, the device storing its events',
    CUT,
    storing(),
    [resume(replayed(outage)), anew(replayed(outage))],
  ],
  [
    'no pull in flight, the device storing its events: Seek only where the subscription is gone',
    { ...CUT, pullInterrupted: false },
    storing(),
    [resume(told(null), false), anew(replayed(outage))],
  ],
  [
    'a replay that broke off before: it is still owed, from when it was',
    { ...CUT, pullInterrupted: false, replayOwedSince: SEEN - 60_000 },
    storing(),
    [resume(replayed({ ...outage, since: SEEN - 60_000 }), false), anew(replayed({ ...outage, since: SEEN - 60_000 }))],
  ],
  [
    'the same, where the device no longer seeks',
    { ...CUT, replayOwedSince: SEEN - 60_000 },
    storing(null, { habits: { seeks: false, severalPullPoints: true } }),
    [resume(told({ ...outage, since: SEEN - 60_000 })), anew(told({ ...outage, since: SEEN - 60_000 }))],
  ],
  [
    'a device with a single pull point: the store has what the queue has, and there is no room for both',
    CUT,
    storing(1),
    [anew(replayed(outage, 'before'))],
  ],
  [
    'a device where a second pull point ends the first',
    CUT,
    storing(null, { habits: { seeks: true, severalPullPoints: false } }),
    [anew(replayed(outage, 'before'))],
  ],
  [
    'a single pull point with no pull in flight: the queue is whole',
    { ...CUT, pullInterrupted: false },
    storing(1),
    [resume(told(null), false), anew(replayed(outage, 'before'))],
  ],
  [
    'a device that told 0 pull points and has them',
    CUT,
    storing(0),
    [resume(replayed(outage)), anew(replayed(outage))],
  ],
  [
    'a clock that was set back: UtcTime says nothing',
    CUT,
    storing(null, { deviceNow: DEVICE_SEEN - 5_001 }),
    [resume(told(outage)), anew(told(outage))],
  ],
  [
    'a clock that wobbles',
    CUT,
    storing(null, { deviceNow: DEVICE_SEEN - 5_000 }),
    [resume(replayed(outage)), anew(replayed(outage))],
  ],
  [
    'a device of which no message was ever read',
    CUT,
    storing(null, { replayFrom: null }),
    [resume(told(outage)), anew(told(outage))],
  ],
];

describe('recovery', () => {
  it.each(situations)('from %s', (_, situation, device, plans) => {
    expect(planRecovery({ ...situation, ...device, now: NOW })).toEqual(plans);
  });

  it('always ends in a new subscription, so that there is a way whatever the device says', () => {
    for (const [, situation, device] of situations) {
      expect(planRecovery({ ...situation, ...device, now: NOW }).at(-1)?.kind).not.toBe('resume');
    }
  });

  it('leaves no possible loss untold: each plan has a gap or a replay, but for a whole queue and a device never met', () => {
    for (const [name, situation, device] of situations) {
      for (const plan of planRecovery({ ...situation, ...device, now: NOW })) {
        const whole = plan.kind === 'cold' || (plan.kind === 'resume' && !situation.pullInterrupted);
        if (!whole) expect([name, plan.gap === null, plan.replay === null]).not.toEqual([name, true, true]);
      }
    }
  });
});

describe('a disturbance while the subscription lives', () => {
  const none: Disturbance = { ...FORGETFUL, since: SEEN, interruption: null, heldMs: 0, damaged: false };
  const cut = { since: SEEN, reason: 'outage', detail: 'cut' };
  const held = { since: SEEN, reason: 'overflow', detail: expect.stringContaining('no room') };
  const beside = (gap: unknown) => ({ from: DEVICE_SEEN, how: 'beside', gap });

  it.each<[string, Disturbance, unknown]>([
    ['is none', none, null],
    ['is none where the device was not asked for a moment', { ...none, heldMs: 5_000 }, null],
    [
      'is an answer that may be lost',
      { ...none, interruption: 'cut' },
      { cause: 'interruption', replay: null, gaps: [cut] },
    ],
    ['is a queue that may have run over', { ...none, heldMs: 5_001 }, { cause: 'held', replay: null, gaps: [held] }],
    ['is both', { ...none, heldMs: 5_001, interruption: 'cut' }, { cause: 'held', replay: null, gaps: [held, cut] }],
    [
      'is repaired where the device stores its events',
      { ...none, ...storing(2), interruption: 'cut' },
      { cause: 'interruption', replay: beside(cut), gaps: [] },
    ],
    [
      'is an answer that could not be read, of which the gap is told already',
      { ...none, damaged: true },
      { cause: 'interruption', replay: null, gaps: [] },
    ],
    [
      'is an answer that could not be read and can be read again',
      { ...none, ...storing(2), damaged: true },
      { cause: 'interruption', replay: beside(expect.objectContaining({ since: SEEN, reason: 'outage' })), gaps: [] },
    ],
    [
      'is a gap where its only pull point is in use',
      { ...none, ...storing(1), interruption: 'cut' },
      { cause: 'interruption', replay: null, gaps: [cut] },
    ],
  ])('%s', (_, disturbance, repair) => {
    expect(planRepair(disturbance)).toEqual(repair);
  });
});
