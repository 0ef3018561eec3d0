import type { QuirkEntry } from './quirk-entry.ts';

/**
 * Deviations in addresses and WS-Addressing.
 * Rows are those of the list of recorded devices (docs/simulator.md).
 */
export const ADDRESS_QUIRKS = {
  'id-in-reference-parameters': {
    says: 'one Address for all, the id only in ReferenceParameters',
    from: 'Axis; WS-Addressing 1.0; row 7',
  },
  'wrong-host-address': {
    says: 'Address with a host nobody can reach',
    from: 'devices behind NAT or in containers; row 1',
  },
  'wrong-host-services': { says: 'XAddrs with a host nobody can reach', from: 'devices behind NAT; Core 8.1.2; row 1' },
  'empty-address': {
    says: 'empty Address and times of 1970: pull at the event service',
    from: 'OMNY and others; row 2',
  },
  'urn-address': { says: 'Address is a urn:uuid: pull at the event service', from: 'seen in the field; row 3' },
  'address-without-host': { says: 'Address is http:///path', from: 'RaySharp; row 4' },
  'address-control-character': { says: 'host of the Address is a control character', from: 'yi-hack Allwinner; row 4' },
  'address-any-host': { says: 'host of the Address is 0.0.0.0', from: 'seen in the field; row 4' },
  'address-double-port': { says: 'Address is http://host:port:port/path', from: 'seen in the field; row 4' },
  'address-wrong-port': { says: 'Address adds port 80, where nobody listens', from: 'Dahua Wi-Fi; row 4' },
  'address-percent-date': {
    says: 'Address ends in %17:46:23 and has to come back letter by letter',
    from: 'EZVIZ; WS-Addressing 1.0; row 5',
  },
  'shared-address': {
    says: 'every subscription has the same Address; who pulls there pulls the newest',
    from: 'Dahua; Core 9.1.1 wants them apart; row 6',
  },
  'needs-addressing': {
    says: 'without WS-Addressing headers every subscription is unknown',
    from: 'Hikvision G3; row 8',
  },
  'needs-addressing-401': { says: 'without WS-Addressing headers: HTTP 401', from: 'Foscam; row 8' },
  'chokes-on-addressing': {
    says: 'any WS-Addressing header: HTTP 400 without a body',
    from: 'seen in the field; row 8',
  },
  'addressing-2004': {
    says: 'the SubscriptionReference is of the addressing namespace of 2004, bound to wsa5',
    from: 'Optex InSight; row 9',
  },
  'odd-headers': {
    says: 'answers with empty To and ReplyTo marked mustUnderstand, MessageID in quotation marks',
    from: 'DVC NVR, thingino; row 10',
  },
  'prefixes-demanded': {
    says: 'a request is understood with the customary prefixes alone (tds, tev, wsnt, tmd)',
    from: 'several embedded stacks; Core 5.3; row 15',
  },
  'manager-on-other-port': {
    says: 'the subscription manager has a port of its own and wants to be logged in to once more',
    from: 'seen in the field, Tapo; row 33',
  },
  'expect-hangs': { says: 'a request with Expect: 100-continue is never answered', from: 'seen in the field; row 33' },
} as const satisfies Record<string, QuirkEntry>;
