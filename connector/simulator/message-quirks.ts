import type { QuirkEntry } from './quirk-entry.ts';

/**
 * Deviations in the words of messages and in the XML around them.
 * Rows are those of the list of recorded devices (docs/simulator.md).
 */
export const MESSAGE_QUIRKS = {
  'no-initialized': {
    says: 'no Initialized on subscribe, only on a synchronization point',
    from: 'Dahua; Core 9.4.2; row 37',
  },
  'never-initialized': {
    says: 'no Initialized at all, synchronization points bring nothing',
    from: 'Dahua; Core 9.5; row 37',
  },
  'initialized-1970': { says: 'Initialized has UtcTime 1970-01-01T00:00:00Z', from: 'Reolink; Core 9.4.1; row 37' },
  'initialized-for-changes': { says: 'what changed says Initialized too', from: 'Tapo C250; Core 9.4.2; row 37' },
  'initialized-every-pull': {
    says: 'each pull brings all Initialized messages again',
    from: 'seen; Core 9.4.2; row 37',
  },
  'initial-burst': { says: 'has this many properties more', from: 'NVRs with many channels; row 46', value: 50 },
  'log-flood': { says: 'raises this many events of a vendor log topic a second', from: 'Avigilon; row 46', value: 5 },
  'no-property-operation': { says: 'PropertyOperation is missing', from: 'Avigilon, DVC; Core 9.4.2; row 38' },
  'no-deleted': { says: 'properties go away without Deleted', from: 'Hikvision and others; Core 9.4.2; row 38' },
  'no-false': { says: 'what is true never says that it is false again', from: 'TVT and others; Core 9.4.2; row 38' },
  'single-message-pulls': { says: 'one message in each answer, however many wait', from: 'Dahua; Core 9.1.2; row 36' },
  'deleted-without-data': { says: 'Deleted without Data', from: 'Core 9.4.2 allows it' },
  'placeholder-notification': { says: 'an empty notification before each real one', from: 'Dahua; row 35' },
  'several-messages': {
    says: 'several tt:Message in one NotificationMessage',
    from: 'Core 9.4 allows it, WS-BaseNotification does not',
  },
  'prefix-every-level': { says: 'topics prefixed on each level', from: 'Avigilon, Hanwha; Core 9.6.1; row 43' },
  'nested-root-topics': { says: 'topics have another ONVIF root in front', from: 'Imou, AVTech; Core 9.6.1; row 43' },
  'topics-end-in-dots': { says: 'topics end in //. as filters do', from: 'seen in the field; Core 9.6.1; row 43' },
  'padded-topics': {
    says: 'topic text stands between line breaks and blanks',
    from: 'mocks and devices; Core 9.6.1; row 14',
  },
  'dialect-holds-xmlns': {
    says: 'the Dialect attribute holds the text of a declaration',
    from: 'Samsung PNF-9010R; row 13',
  },
  'attributes-reordered': { says: 'Value before Name, PropertyOperation before UtcTime', from: 'Dahua NVR; row 13' },
  'attributes-on-lines': { says: 'CRLF, each attribute on a line of its own', from: 'DVC; row 14' },
  'nested-source': { says: 'an ElementItem holds a tt:Source of its own', from: 'DVC; Core 9.4.1; row 14' },
  'fault-in-element-item': { says: 'an ElementItem holds a whole SOAP fault', from: 'Core 9.4.1 allows it; row 47' },
  'upper-case-booleans': { says: 'booleans as TRUE and FALSE', from: 'seen; XML Schema has lower case; row 39' },
  'booleans-as-numbers': { says: 'booleans as 1 and 0', from: 'Axis, Dahua; XML Schema allows it; row 39' },
  'booleans-as-words': { says: 'booleans as ON and OFF', from: 'seen in the field; row 39' },
  'utc-time-without-zone': { says: 'UtcTime without Z', from: 'seen in the field; Core 9.4.1; row 40' },
  'utc-time-microseconds': { says: 'UtcTime with six digits of a second', from: 'Axis; row 40' },
  'utc-time-garbage': { says: 'UtcTime with a month 13', from: 'seen in the field; row 40' },
  'us-date-values': { says: 'values of xs:dateTime as MM-DD-YYYY', from: 'seen on half of recorded devices; row 41' },
  'empty-values': { says: 'values of xs:dateTime are empty', from: 'EZVIZ, Hikvision; row 41' },
  'data-missing': { says: 'messages have no Data', from: 'INSTAR, Bosch; row 42' },
  'source-missing': { says: 'messages have no Source', from: 'seen in the field; row 42' },
  'empty-message': { says: 'wsnt:Message holds nothing', from: 'asecam; row 42' },
  'duplicate-items': { says: 'each item of Data stands there twice', from: 'seen in the field; Core 9.4.1; row 42' },
  'undeclared-prefixes': {
    says: 'wsa, wsnt, tns1 and ter are used but never declared',
    from: 'Reolink, Wanscam; row 11',
  },
  'invalid-utf8': {
    says: 'each answer with messages holds bytes that are no UTF-8',
    from: 'seen in the field; row 12',
  },
  'malformed-answers': {
    says: 'each so manieth answer with messages is malformed XML; the messages are gone',
    from: 'CamHipro; row 12',
    value: 5,
  },
  'html-answers': {
    says: 'each so manieth answer of the event service is a page of HTML with HTTP 200',
    from: 'seen in the field; row 12',
    value: 5,
  },
} as const satisfies Record<string, QuirkEntry>;
