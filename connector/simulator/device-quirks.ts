import type { QuirkEntry } from './quirk-entry.ts';

/**
 * Deviations of the device itself: clock, login, what it says of itself, how it notifies.
 * Rows are those of the list of recorded devices (docs/simulator.md).
 */
export const DEVICE_QUIRKS = {
  'clock-skew': {
    says: 'device clock off by this many seconds',
    from: 'Dahua after boot (-256755620), cameras with zone faults; row 26',
    value: 3600,
  },
  'local-time-as-utc': {
    says: 'all its times are local time, this many seconds ahead of UTC, written as UTC',
    from: 'OpenIPC majestic; Core 8.3.6; row 26',
    value: 7200,
  },
  'no-utc-date-time': {
    says: 'GetSystemDateAndTime has LocalDateTime and a zone, no UTCDateTime',
    from: 'seen in the field; Core 8.3.6; row 26',
  },
  'auth-on-date-time': {
    says: 'GetSystemDateAndTime wants credentials too',
    from: 'EZVIZ; Core 5.9.4 has it open; row 32',
  },
  'not-authorized-400': {
    says: 'no or wrong credentials: HTTP 400 and ter:NotAuthorized, never a challenge',
    from: 'Hikvision without an ONVIF user; Core 5.9.1; row 32',
  },
  'html-401': { says: 'HTTP 401 comes with a page of HTML', from: 'EZVIZ; row 12' },
  lockout: {
    says: 'after this many wrong logins in a minute nobody is let in for a minute',
    from: 'Reolink and others; Core 5.9; row 32',
    value: 5,
  },
  'echoes-security': { says: "answers hold the request's wsse:Security header", from: 'Dahua; row 16' },
  'get-services-unsupported': {
    says: 'GetServices unknown, GetCapabilities works',
    from: 'older devices; Core 8.1.2',
  },
  'event-properties-fault': {
    says: 'GetEventProperties faults ter:InvalidArgVal',
    from: 'DVC DRN-3282R; Core 9.7; row 31',
  },
  'bare-topic-set': {
    says: 'TopicSet without topic flags and descriptions',
    from: 'seen in the field; Core 9.6.2; row 44',
  },
  'repeated-topic-roots': {
    says: 'TopicSet with a root element for each leaf',
    from: 'DVC, EZVIZ; Core 9.6.2; row 44',
  },
  'topic-flag-everywhere': {
    says: 'TopicSet flags every ancestor as a topic, and writes xs: and xsd: for one namespace',
    from: 'seen in the field; Core 9.6.2; row 44',
  },
  'undescribed-topics': {
    says: 'TopicSet leaves out the half of what is sent',
    from: 'seen in the field; Core 9.7; row 44',
  },
  'unsupported-branch-faults': {
    says: 'one unsupported topic of an expression faults it whole',
    from: 'WS-BaseNotification 1.3 leaves it open',
  },
  'shared-endpoint': {
    says: 'every device has the same endpoint UUID, serial number and MAC',
    from: 'seen in the field; row 48',
  },
  'notify-before-response': {
    says: 'the first Notify comes before the SubscribeResponse',
    from: 'Core 9.3 leaves it open',
  },
  'duplicate-notify': { says: 'each Notify comes this many times', from: 'Reolink and others; row 34', value: 2 },
  'reordered-notify': { says: 'of two messages the later one is sent first', from: 'seen in the field; Core 9.3' },
  'notify-without-subscription-reference': {
    says: 'Notify without SubscriptionReference and ProducerReference',
    from: 'most devices; WS-BaseNotification 1.3 allows it',
  },
  'consumer-url-max': {
    says: 'a consumer URL of more characters crashes the device',
    from: 'ESCAM; row 34',
    value: 64,
  },
} as const satisfies Record<string, QuirkEntry>;
