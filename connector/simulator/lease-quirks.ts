import type { QuirkEntry } from './quirk-entry.ts';

/**
 * Deviations in how long a subscription lives, how it is made and ended, and how it is pulled.
 * Rows are those of the list of recorded devices (docs/simulator.md).
 */
export const LEASE_QUIRKS = {
  'renew-only': {
    says: 'pulling does not extend the subscription, only Renew does',
    from: 'Hikvision family; Core 9.1.2 has pulling extend it; row 20',
  },
  'renew-unsupported': {
    says: 'Renew answers ter:ActionNotSupported',
    from: 'Xiongmai, Wanscam; Core 9.1.3 since 25.06; row 19',
  },
  'renew-400': { says: 'Renew answers HTTP 400 without a body', from: 'Xiongmai, Wanscam; row 19' },
  'renew-not-authorized': { says: 'Renew and SetSynchronizationPoint answer ter:NotAuthorized', from: 'Bosch; row 19' },
  'renew-without-times': {
    says: 'RenewResponse holds no times',
    from: 'seen in the field; Core 9.1.3 wants both; row 19',
  },
  'relative-times-rejected': {
    says: 'durations as termination times are refused',
    from: 'seen where subscriptions die at once; Core 9.1.1 wants both forms; row 18',
  },
  'relative-times-ignored': {
    says: 'a duration grants nothing: TerminationTime is CurrentTime and the subscription is gone at once',
    from: 'seen in the field; Core 9.1.1; row 18',
  },
  'absolute-times-rejected': {
    says: 'dateTimes as termination times are refused',
    from: 'Core 9.1.1 wants both forms',
  },
  'z-times-only': { says: 'a dateTime is taken with a literal Z alone, not with +00:00', from: 'Amcrest; row 18' },
  'fixed-lifetime': {
    says: 'grants this many seconds whatever is asked',
    from: 'seen in the field; Core 9.1.3',
    value: 60,
  },
  'initial-time-mandatory': {
    says: 'no InitialTerminationTime: HTTP 500 without a body',
    from: 'Tapo C225; optional in Core 9.1.1; row 17',
  },
  'pull-sets-lifetime': {
    says: 'each pull leaves the subscription exactly this many seconds',
    from: 'DVC (8), EZVIZ and Reolink (600), Dahua (31622400); Core 9.1.2; row 20',
    value: 8,
  },
  'termination-time-garbage': {
    says: 'TerminationTime is no dateTime: 1 minute 61, 2 a space for the T, 3 "T-", 4 a date alone, 5 all zeros, 6 missing',
    from: 'Hikvision (5) and others; Core 9.1.1; row 25',
    value: 1,
  },
  'max-timeout': {
    says: 'a longer Timeout faults with MaxTimeout (seconds), MaxMessageLimit 30',
    from: 'yi-hack; Core 9.1.2 wants at least a minute; row 27',
    value: 10,
  },
  'long-pulls-rejected': {
    says: 'a Timeout of more seconds faults ter:InvalidArgVal, without naming a limit',
    from: 'seen in the field; Core 9.1.2; row 27',
    value: 60,
  },
  'pull-closes-after': {
    says: 'the connection is closed without an answer when a pull has waited this many seconds',
    from: 'Tapo C220 (10), TP-Link; row 28',
    value: 10,
  },
  'pull-overdue': {
    says: 'where nothing happens the answer is this many seconds late, and the subscription is gone by then',
    from: 'Dahua; Core 9.1.2; row 30',
    value: 30,
  },
  'pull-broken': { says: 'creates pull points, but every PullMessages faults', from: 'Tapo; row 34' },
  'pull-hangs': { says: 'creates pull points, but no PullMessages is ever answered', from: 'Tapo; row 34' },
  'early-empty': { says: 'an empty pull is answered at once', from: 'Xiongmai, Aqara; Core 9.1.2; row 29' },
  'push-only': { says: 'no pull point: CreatePullPointSubscription is not supported', from: 'Hikvision DB2; row 34' },
  'capabilities-lie': {
    says: 'MaxPullPoints and MaxNotificationProducers say 0 where there are some, and 10 where there are none',
    from: 'Axis, Bosch (no, but do), others (yes, but do not); Core 9.8; row 31',
  },
  'max-pull-points-1': { says: 'one pull point and no more', from: 'Reolink in practice; Core 9.8; row 22' },
  'max-pull-points': { says: 'this many pull points and no more', from: 'Reolink (2), thingino (8); row 22', value: 2 },
  'unsubscribe-leaks': {
    says: 'Unsubscribe is answered, but its place is taken until the lease ends',
    from: 'seen by several clients; Core 9.1.4; row 22',
  },
  'unsubscribe-kills-all': {
    says: 'Unsubscribe ends every subscription of the device',
    from: 'seen by several clients; Core 9.1.4; row 23',
  },
  'freezes-on-rapid-creates': {
    says: 'more than this many subscriptions made in 10 s freeze the device for 30 s',
    from: 'E1 Zoom; row 24',
    value: 3,
  },
  'unknown-as-400': {
    says: 'unknown subscription: Sender/ter:InvalidArgs',
    from: 'seen in the field; Core 9.9 has a typed fault',
  },
  'unknown-as-404': { says: 'unknown subscription: bare HTTP 404', from: 'seen after reboots; Core 9.9' },
  'unknown-as-404-html': { says: 'unknown subscription: HTTP 404 with a page of HTML', from: 'thingino; row 12' },
  'unknown-as-500': { says: 'unknown subscription: HTTP 500 without a body', from: 'seen after reboots; Core 9.9' },
  'sync-point-faults': { says: 'SetSynchronizationPoint faults', from: 'Bosch; Core 9.5' },
} as const satisfies Record<string, QuirkEntry>;
