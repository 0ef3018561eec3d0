import { describe, expect, it } from 'vitest';
import {
  AdaptRequestError,
  RetryNowError,
  RetrySlowlyError,
  SubscriptionLostError,
  UnauthorizedError,
  UnsupportedError,
} from '../errors.ts';
import { newHabits } from './device-habits.ts';
import { type FlowEnd, flowChoice } from './flow-choice.ts';
import type { Flow } from './live-subscription.ts';
import type { NotificationConsumer } from './notification-consumer.ts';

const consumer = {} as NotificationConsumer;
const habits = (flow: Flow | null = null) =>
  Object.assign(newHabits({ pullTimeoutMs: 1, messageLimit: 1, lifetimeMs: 1 }), { flow });
const PULL_FIRST = ['pull-point', 'base-notification'];
const PUSH_FIRST = ['base-notification', 'pull-point'];
const unsupported = new UnsupportedError('operation-unsupported', 'no');
const fault = new RetrySlowlyError('fault', 'fault');
const unreachable = new RetrySlowlyError('unreachable', 'not there');
const hung = new RetryNowError('no-answer', 'no answer');
const broken: FlowEnd = { error: hung, answered: false, lastedMs: 60_000 };

/** `auto`, asked for the order once. */
function auto() {
  const flows = flowChoice('auto', consumer);
  flows.order(habits(), 5);
  return flows;
}

describe('the order of flows', () => {
  it.each([
    { wanted: 'auto', configured: true, told: 5, learned: null, order: PULL_FIRST },
    { wanted: 'auto', configured: true, told: null, learned: null, order: PULL_FIRST },
    { wanted: 'auto', configured: true, told: 5, learned: 'base-notification', order: PUSH_FIRST },
    { wanted: 'auto', configured: true, told: 0, learned: 'base-notification', order: ['pull-point'] },
    { wanted: 'auto', configured: false, told: 5, learned: 'base-notification', order: ['pull-point'] },
    { wanted: 'pull-point', configured: true, told: 5, learned: 'base-notification', order: ['pull-point'] },
    { wanted: 'base-notification', configured: true, told: 0, learned: null, order: ['base-notification'] },
  ] as const)(
    'wanted $wanted, configured $configured, MaxNotificationProducers $told, learned $learned: $order',
    (row) => {
      const flows = flowChoice(row.wanted, row.configured ? consumer : undefined);
      expect(flows.order(habits(row.learned), row.told)).toEqual(row.order);
    },
  );
});

describe('evidence against a flow', () => {
  it('is a refusal that can mean nothing else', () => {
    for (const error of [
      unsupported,
      new RetrySlowlyError('subscription-refused', 'no form'),
      new AdaptRequestError('arguments-refused', 'no'),
    ]) {
      const flows = auto();
      expect(flows.refused('pull-point', error)).toBe(true);
      expect(flows.order(habits(), 5)).toEqual(PUSH_FIRST);
      expect([flows.keeps('pull-point'), flows.keeps('base-notification')]).toEqual([false, true]);
    }
  });

  it('is a refusal in other words when it comes for the third time', () => {
    const flows = auto();
    expect([1, 2, 3].map(() => flows.refused('pull-point', fault))).toEqual([false, false, true]);
  });

  it('is a second subscription in a row that never answered', () => {
    const flows = auto();
    expect(flows.ended('pull-point', broken)).toBe(false);
    expect(flows.ended('pull-point', broken)).toBe(true);
    expect(flows.order(habits(), 5)).toEqual(PUSH_FIRST);
  });

  it('is the third in a row that broke soon, and not one that lasted', () => {
    const soon = { error: hung, answered: true, lastedMs: 20_000 };
    const flows = auto();
    expect([soon, soon, soon].map((end) => flows.ended('pull-point', end))).toEqual([false, false, true]);
    const lasting = { ...soon, lastedMs: 600_000 };
    const others = auto();
    expect([soon, soon, lasting, soon, soon].some((end) => others.ended('pull-point', end))).toBe(false);
  });

  it('is nothing that the other flow would meet as well', () => {
    const flows = auto();
    for (const error of [unreachable, new UnauthorizedError('not-authorized', 'no'), new Error('ours')]) {
      for (let time = 0; time < 5; time++) {
        expect(flows.refused('pull-point', error)).toBe(false);
        expect(flows.ended('pull-point', { ...broken, error })).toBe(false);
      }
    }
  });

  it('counts the other way too, and brings the first flow back', () => {
    const flows = auto();
    flows.refused('pull-point', unsupported);
    flows.order(habits(), 5);
    const silent = new SubscriptionLostError('push-silent', 'silent');
    expect(flows.ended('base-notification', { ...broken, error: silent })).toBe(true);
    expect(flows.order(habits(), 5)).toEqual(PULL_FIRST);
  });

  it('is none where there is no other flow', () => {
    const flows = flowChoice('base-notification', consumer);
    flows.order(habits(), 5);
    expect(flows.refused('base-notification', unsupported)).toBe(false);
    expect(flows.ended('base-notification', broken)).toBe(false);
    expect(flows.keeps('base-notification')).toBe(true);
    expect(flows.keeps('pull-point')).toBe(false);
  });
});
