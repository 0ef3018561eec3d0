import { ConfigurationError } from '../errors.ts';

/**
 * Deviations real devices show, by name. One line each: what the device does, and on which devices it was seen or which
 * clause it strains. A quirk with a `value` may be given one: `clock-skew=-7200`.
 */
const TABLE = {
  'renew-only': {
    says: 'pulling does not extend the subscription, only Renew does',
    from: 'Hikvision family; Core 9.1.2 has pulling extend it',
  },
  'renew-unsupported': {
    says: 'Renew answers ter:ActionNotSupported',
    from: 'Xiongmai, Wanscam; Core 9.1.3 since 25.06',
  },
  'relative-times-rejected': {
    says: 'durations as termination times are refused',
    from: 'seen where subscriptions die at once; Core 9.1.1 wants both forms',
  },
  'absolute-times-rejected': {
    says: 'dateTimes as termination times are refused',
    from: 'Core 9.1.1 wants both forms',
  },
  'fixed-lifetime': {
    says: 'grants this many seconds whatever is asked',
    from: 'seen in the field; Core 9.1.3',
    value: 60,
  },
  'initial-time-mandatory': {
    says: 'no InitialTerminationTime: HTTP 500 without a body',
    from: 'Tapo C225; optional in Core 9.1.1',
  },
  'max-timeout': {
    says: 'a longer Timeout faults with MaxTimeout (seconds), MaxMessageLimit 30',
    from: 'yi-hack; Core 9.1.2 wants at least a minute',
    value: 10,
  },
  'early-empty': { says: 'an empty pull is answered at once', from: 'Xiongmai, Aqara; Core 9.1.2' },
  'unknown-as-400': {
    says: 'unknown subscription: Sender/ter:InvalidArgs',
    from: 'seen in the field; Core 9.9 has a typed fault',
  },
  'unknown-as-404': { says: 'unknown subscription: bare HTTP 404', from: 'seen after reboots; Core 9.9' },
  'unknown-as-500': { says: 'unknown subscription: HTTP 500 without a body', from: 'seen after reboots; Core 9.9' },
  'id-in-reference-parameters': {
    says: 'one Address for all, the id only in ReferenceParameters',
    from: 'Axis; WS-Addressing 1.0',
  },
  'wrong-host-address': { says: 'Address with a host nobody can reach', from: 'devices behind NAT or in containers' },
  'empty-address': { says: 'empty Address and times of 1970: pull at the event service', from: 'OMNY and others' },
  'no-initialized': { says: 'no Initialized on subscribe, only on a synchronization point', from: 'Dahua; Core 9.4.2' },
  'sync-point-faults': { says: 'SetSynchronizationPoint faults', from: 'Bosch; Core 9.5' },
  'clock-skew': {
    says: 'device clock off by this many seconds',
    from: 'Dahua after boot, cameras with zone faults',
    value: 3600,
  },
  'prefix-every-level': { says: 'topics prefixed on each level', from: 'Avigilon, Hanwha; Core 9.6.1' },
  'several-messages': {
    says: 'several tt:Message in one NotificationMessage',
    from: 'Core 9.4 allows it, WS-BaseNotification does not',
  },
  'upper-case-booleans': { says: 'booleans as TRUE and FALSE', from: 'seen; XML Schema has lower case' },
  'deleted-without-data': { says: 'Deleted without Data', from: 'Core 9.4.2 allows it' },
  'bare-topic-set': { says: 'TopicSet without topic flags and descriptions', from: 'seen in the field; Core 9.6.2' },
  'unsupported-branch-faults': {
    says: 'one unsupported topic of an expression faults it whole',
    from: 'WS-BaseNotification 1.3 leaves it open',
  },
  'max-pull-points-1': { says: 'one pull point and no more', from: 'Reolink in practice; Core 9.8' },
  'unsubscribe-kills-all': {
    says: 'Unsubscribe ends every subscription of the device',
    from: 'seen by several clients; Core 9.1.4',
  },
  'placeholder-notification': { says: 'an empty notification before each real one', from: 'Dahua' },
  'get-services-unsupported': {
    says: 'GetServices unknown, GetCapabilities works',
    from: 'older devices; Core 8.1.2',
  },
} as const satisfies Record<string, { readonly says: string; readonly from: string; readonly value?: number }>;

export type QuirkName = keyof typeof TABLE;

export interface Quirks {
  has(name: QuirkName): boolean;
  /** The number given with the quirk, else its default; null where the device does not have it. */
  value(name: QuirkName): number | null;
  readonly names: readonly string[];
}

/** Names with a line of description each, for help texts. */
export function quirkDescriptions(): readonly (readonly [string, string])[] {
  return Object.entries(TABLE).map(([name, { says, from }]) => [name, `${says} (${from})`]);
}

/** Reads `name` or `name=number`. Throws ConfigurationError that lists the known ones. */
export function quirksFrom(names: readonly string[]): Quirks {
  const chosen = new Map<string, number | null>();
  for (const text of names) {
    const [name = '', given] = text.split('=', 2);
    if (!Object.hasOwn(TABLE, name)) {
      const known = Object.keys(TABLE).join(', ');
      throw new ConfigurationError('simulator-quirk', `Unknown quirk "${name}". Known ones: ${known}`);
    }
    const entry = TABLE[name as QuirkName];
    const usual: number | undefined = 'value' in entry ? entry.value : undefined;
    if (given !== undefined && (usual === undefined || !/^-?\d+(\.\d+)?$/.test(given))) {
      throw new ConfigurationError(
        'simulator-quirk',
        usual === undefined ? `Quirk ${name} takes no value` : `Quirk ${name} needs a number, not "${given}"`,
      );
    }
    chosen.set(name, given === undefined ? (usual ?? null) : Number(given));
  }
  return { has: (name) => chosen.has(name), value: (name) => chosen.get(name) ?? null, names };
}
