import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import type { DeviceSession } from '../device/device-session.ts';
import type { SoapCall } from '../device/soap-client.ts';
import { child, parseXml } from '../device/xml-tree.ts';
import { AdaptRequestError, RetryNowError, RetrySlowlyError } from '../errors.ts';
import { createPullPoint } from './create-pull-point.ts';
import { newHabits } from './device-habits.ts';
import type { SubscriptionFilter } from './subscription-operations.ts';

const START = Date.UTC(2026, 0, 1, 12);
const filter: SubscriptionFilter = {
  topics: ['tns1:Device//.', 'tns1:AccessControl//.'],
  content: 'boolean(//tt:SimpleItem[@Name="Door" and @Value="1"])',
  namespaces: { tns1: 'http://www.onvif.org/ver10/topics' },
};

interface Asked {
  readonly operation: string;
  readonly time: string | undefined;
  readonly topics: string | undefined;
  readonly content: boolean;
}

type Answer = { address?: string; current: number | null; termination: number | null } | Error;

/** A device with a script for CreatePullPointSubscription; what is asked beyond it fails the test. */
function scriptedDevice(answers: Answer[]) {
  const clock = fakeClock(START);
  const asked: Asked[] = [];
  const iso = (ms: number | null) => (ms === null ? '' : new Date(ms).toISOString());
  async function request({ operation, envelope }: SoapCall) {
    const text = envelope.render('');
    asked.push({
      operation: operation.name,
      time: /InitialTerminationTime>([^<]*)/.exec(text)?.[1],
      topics: /TopicExpression [^>]*>([^<]*)/.exec(text)?.[1],
      content: text.includes('MessageContent'),
    });
    if (operation.name !== 'CreatePullPointSubscription') return response(`<${operation.name}Response/>`);
    const next = answers.shift();
    if (next === undefined) throw new Error('asked more often than the script has answers');
    if (next instanceof Error) throw next;
    return response(
      `<CreatePullPointSubscriptionResponse><SubscriptionReference><Address>${next.address ?? 'http://192.0.2.1/s'}</Address></SubscriptionReference>` +
        `<CurrentTime>${iso(next.current)}</CurrentTime><TerminationTime>${iso(next.termination)}</TerminationTime></CreatePullPointSubscriptionResponse>`,
    );
  }
  const session = {
    id: 'front-door',
    clock: { now: () => clock.now() + 3_600_000, skew: () => 3_600_000, measured() {} },
    soap: { request },
    eventService: new URL('http://192.0.2.1/onvif/event_service'),
    eventServiceAddress: 'http://192.0.2.1/onvif/event_service',
    requestTimeoutMs: 5_000,
    reachable: () => new URL('http://192.0.2.1/s'),
  } as unknown as DeviceSession;
  const habits = newHabits({ pullTimeoutMs: 60_000, messageLimit: 100, lifetimeMs: 120_000 });
  const { signal } = new AbortController();
  const options = { session, clock, habits, signal, onTrouble: () => {} };
  return { asked, habits, create: (wanted?: SubscriptionFilter) => createPullPoint(wanted, options) };
}

function response(text: string) {
  const root = parseXml(Buffer.from(`<a>${text}</a>`));
  return { response: child(root, root.children[0]!.local)!, answer: {} };
}

const granted = { current: START, termination: START + 90_000 };
const refusedTime = (facts: Record<string, string> = {}) =>
  new AdaptRequestError('termination-time-refused', 'no', { facts });
const refusedFilter = () => new AdaptRequestError('filter-refused', 'no such topic');

describe('CreatePullPointSubscription', () => {
  it('asks for the filter and a duration, and believes the device how long that is', async () => {
    const { create, asked } = scriptedDevice([granted]);
    const point = await create(filter);
    expect(asked).toEqual([
      {
        ...{ operation: 'CreatePullPointSubscription', time: 'PT120S' },
        ...{ topics: 'tns1:Device//.|tns1:AccessControl//.', content: true },
      },
    ]);
    expect(point.reference).toEqual({ address: 'http://192.0.2.1/s', referenceParameters: [] });
    expect(point.lease.remaining()).toBe(90_000);
  });

  it('comes back in absolute device time where durations are refused', async () => {
    const { create, asked } = scriptedDevice([refusedTime(), granted]);
    await create();
    expect(asked.map(({ time }) => time)).toEqual(['PT120S', '2026-01-01T13:02:00Z']);
  });

  it('comes back within the range that a fault names', async () => {
    const { create, asked } = scriptedDevice([refusedTime({ maximumTime: '2026-01-01T13:00:31Z' }), granted]);
    await create();
    expect(asked.map(({ time }) => time)).toEqual(['PT120S', 'PT30S']);
  });

  it('ends a subscription that died at birth, and makes the next one in absolute time', async () => {
    const { create, asked, habits } = scriptedDevice([{ current: START, termination: START }, granted]);
    const point = await create();
    expect(asked.map(({ operation, time }) => [operation, time])).toEqual([
      ['CreatePullPointSubscription', 'PT120S'],
      ['Unsubscribe', undefined],
      ['CreatePullPointSubscription', '2026-01-01T13:02:00Z'],
    ]);
    expect([habits.absoluteTimes, point.lease.remaining()]).toEqual([true, 90_000]);
  });

  it('lives with a device that tells no time at all', async () => {
    const { create, asked } = scriptedDevice([{ current: 0, termination: 0, address: '' }]);
    const point = await create();
    expect(asked).toHaveLength(1);
    expect(point.lease.remaining()).toBe(120_000);
    expect(point.reference.address).toBe('');
  });
});

describe('a filter that is refused', () => {
  it('is tried without content first, then without topics', async () => {
    const { create, asked, habits } = scriptedDevice([refusedFilter(), refusedFilter(), granted]);
    await create(filter);
    expect(asked.map(({ topics, content }) => [topics !== undefined, content])).toEqual([
      [true, true],
      [true, false],
      [false, false],
    ]);
    expect(habits).toMatchObject({ filtersTopics: false, filtersContent: false });
  });

  it('remembers what was refused', async () => {
    const { create, asked } = scriptedDevice([refusedFilter(), granted, granted]);
    await create(filter);
    await create(filter);
    expect(asked.map(({ content }) => content)).toEqual([true, false, false]);
  });

  it('is given up where nothing is left to change', async () => {
    const { create, asked } = scriptedDevice([refusedFilter()]);
    await expect(create()).rejects.toMatchObject({ code: 'filter-refused' });
    expect(asked).toHaveLength(1);
  });
});

describe('giving up', () => {
  it('comes with a device that wants something else each time', async () => {
    const ranges = [100, 80, 60, 40, 20].map((s) =>
      refusedTime({ maximumTime: new Date(START + 3_600_000 + s * 1000).toISOString() }),
    );
    const { create, asked } = scriptedDevice(ranges);
    await expect(create()).rejects.toBeInstanceOf(RetrySlowlyError);
    expect(asked).toHaveLength(5);
  });

  it('comes at once where the answer was lost: asking again would leave a second pull point behind', async () => {
    const { create, asked } = scriptedDevice([new RetryNowError('no-answer', 'silence')]);
    await expect(create()).rejects.toMatchObject({ code: 'no-answer' });
    expect(asked).toHaveLength(1);
  });
});
