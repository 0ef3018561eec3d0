import type { Lessons } from './lessons.ts';

/** A deviation that the user may name (`quirks:` of a device), and what is taken for known of the device by it. */
interface NamedQuirk {
  readonly says: string;
  readonly lessons: Partial<Lessons>;
}

const TABLE: Readonly<Record<string, NamedQuirk>> = {
  'no-addressing': { says: 'chokes on WS-Addressing headers: none are sent', lessons: { addressing: false } },
  'absolute-times': { says: 'takes termination times as dateTime alone', lessons: { absoluteTimes: true } },
  'no-renew': { says: 'has no Renew: the subscription lives by pulling', lessons: { renews: false } },
  'no-synchronization-point': {
    says: 'has no SetSynchronizationPoint: a new subscription tells the states',
    lessons: { synchronizes: false },
  },
  'no-initialized': {
    says: 'never tells property states by itself or when asked: they are unknown until they change',
    lessons: { tellsStates: false },
  },
  'no-seek': { says: 'stores no events, whatever its capabilities say', lessons: { seeks: false } },
  'no-topic-filter': { says: 'takes no filter by topic: everything comes', lessons: { filtersTopics: false } },
  'no-content-filter': { says: 'takes no filter by content', lessons: { filtersContent: false } },
  'let-expire': {
    says: 'Unsubscribe ends the subscriptions of others too: ours are left to expire',
    lessons: { unsubscribes: false },
  },
  'one-pull-point': {
    says: 'has place for one subscription, whatever it says: never a second one beside it',
    lessons: { severalPullPoints: false },
  },
  'no-topic-set': {
    says: 'hangs or breaks at GetEventProperties: it is not asked, values are typed by the catalogue',
    lessons: { unanswered: 'GetEventProperties' },
  },
  'username-token': {
    says: 'wants WS-UsernameToken: it is sent with the first request',
    lessons: { login: 'username-token' },
  },
};

/** Names with a line of description each, for help texts and validation. */
export function namedQuirks(): readonly (readonly [string, string])[] {
  return Object.entries(TABLE).map(([name, { says }]) => [name, says]);
}

/** What the named quirks say of the device. Unknown names say nothing: the settings refuse them. */
export function presetLessons(names: readonly string[]): Partial<Lessons> {
  return Object.assign({}, ...names.map((name) => (Object.hasOwn(TABLE, name) ? TABLE[name]!.lessons : {})));
}
