import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { ItemDescription, MessageDescription } from '../../connector/device/topic-set.ts';
import { readCatalogue } from '../../connector/normalize/catalogue.ts';
import { valueKind } from '../../connector/normalize/item-value.ts';
import type { EventRecord, Items, ItemValue, NotificationRecord } from '../../connector/normalize/record.ts';
import { PRESETS } from '../../connector/simulator/preset.ts';
import type { SpooledRecord } from '../../connector/spool/spool.ts';
import { mappingsDirectory } from './mapping-rig.ts';

/** What must never be read in a topic, a key or an attribute, nor by default in a payload. */
export const SECRETS = { holder: 'Zaphod Holder', card: '00C0FFEE42', plate: 'XY-123-Z' } as const;

/** Values of the enumerations that states are told in (Door Control 5, Device IO 5.8, Security 5.5.8). */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  DoorMode: ['Unknown', 'Locked', 'Unlocked', 'Accessed', 'Blocked', 'LockedDown', 'LockedOpen', 'DoubleLocked'],
  DoorPhysicalState: ['Unknown', 'Open', 'Closed', 'Fault'],
  LockPhysicalState: ['Unknown', 'Locked', 'Unlocked', 'Fault'],
  DoorAlarmState: ['Normal', 'DoorForcedOpen', 'DoorOpenTooLong'],
  DoorTamperState: ['Unknown', 'NotInTamper', 'TamperDetected'],
  DoorFaultState: ['Unknown', 'NotInFault', 'FaultDetected'],
  RelayLogicalState: ['active', 'inactive'],
  KeyStatus: ['ok', 'generating', 'corrupt'],
  IPv4Address: ['192.0.2.7'],
  IPv6Address: ['2001:db8::7'],
};

const NAMED: Readonly<Record<string, ItemValue>> = {
  CredentialHolderName: SECRETS.holder,
  IdentifierValue: SECRETS.card,
  Card: SECRETS.card,
  IdentifierType: 'pt:Card',
  LicensePlateInfo: { PlateNumber: { '@Likelihood': 0.9, '#text': SECRETS.plate } },
};

const CATALOGUE = readCatalogue(parse(readFileSync(`${mappingsDirectory}/standard-topics.yaml`, 'utf8')), 'catalogue');

/** Every topic of the catalogue and of the simulator's presets. */
export const TOPICS: ReadonlyMap<string, MessageDescription> = new Map([...presetTopics(), ...CATALOGUE]);

function presetTopics(): [string, MessageDescription][] {
  const item = ({ name, type, element }: { name: string; type: string; element: boolean }): ItemDescription => {
    const [prefix, local] = type.split(':') as [string, string];
    const uri = prefix === 'xsd' ? 'http://www.w3.org/2001/XMLSchema' : prefix;
    return { kind: element ? 'element' : 'simple', name, type: { uri, local } };
  };
  return Object.values(PRESETS).flatMap(({ topics }) =>
    topics.map(({ topic, isProperty, source, key, data }): [string, MessageDescription] => [
      topic,
      { isProperty, source: source.map(item), key: key.map(item), data: data.map(item) },
    ]),
  );
}

let sequence = 0;

export function catalogueRecord(record: Partial<EventRecord> & Pick<EventRecord, 'kind'>): SpooledRecord {
  sequence++;
  const full = {
    ...{ id: sequence.toString(16).padStart(32, '0'), device: 'gate', sequence, epoch: 1 },
    ...{ receivedAt: '2026-05-06T07:08:10.123Z', ...record },
  } as EventRecord;
  return { offset: sequence, record: full, json: JSON.stringify(full) };
}

/** Records of a topic: each value of its states, each operation, told live, anew and late, with a clock and without. */
export function recordsOf(topic: string, described: MessageDescription): SpooledRecord[] {
  const source = itemsOf(described.source, 0);
  const key = itemsOf(described.key, 0);
  const most = Math.max(1, ...described.data.map((item) => valuesOf(item).length));
  const each = Array.from({ length: most }, (_, index) => itemsOf(described.data, index));
  const told = (data: Items, more: Partial<NotificationRecord>) =>
    catalogueRecord({
      ...{ kind: 'notification', topic, utcTime: '2026-05-06T07:08:09Z', time: '2026-05-06T07:08:09.000Z' },
      ...{ provenance: 'live', source, key, data, ...more },
    });
  const clockless = told(each[0]!, { utcTime: 'soon', time: null });
  if (!described.isProperty) {
    return [clockless, ...each.flatMap((data) => [told(data, {}), told(data, { provenance: 'replay' })])];
  }
  return [
    clockless,
    ...each.flatMap((data) => [
      told(data, { propertyOperation: 'Initialized', provenance: 'synchronization', changed: true }),
      told(data, { propertyOperation: 'Changed', changed: true }),
      told(data, { propertyOperation: 'Changed', provenance: 'replay' }),
      told(data, { propertyOperation: 'Deleted' }),
    ]),
    told(
      {},
      { propertyOperation: 'Deleted', provenance: 'synchronization', inferred: 'gone', utcTime: null, time: null },
    ),
    // A device that describes nothing and sends less than it should.
    told({}, { propertyOperation: 'Changed' }),
  ];
}

function itemsOf(items: readonly ItemDescription[], index: number): Items {
  return Object.fromEntries(
    items.map((item) => {
      const values = valuesOf(item);
      return [item.name, values[index % values.length]!];
    }),
  );
}

function valuesOf({ kind, name, type }: ItemDescription): readonly ItemValue[] {
  const named = NAMED[name];
  if (named !== undefined) return [named];
  if (kind === 'element' && type.local !== 'boolean') return [{ '@token': 'E/1', Part: [{ '@x': 0.5 }, { '@x': 1 }] }];
  const words = WORDS[type.local];
  if (words !== undefined) return words;
  if (type.local === 'dateTime') return ['2026-05-06T07:00:00Z', '1970-01-01T00:00:00Z'];
  switch (valueKind(type)) {
    case 'boolean':
      return [true, false];
    case 'text':
      return [name.endsWith('Token') ? `${name.slice(0, -'Token'.length)}/1` : `a ${name}`, ''];
    case 'integer':
      return [7];
    default:
      return [37.5, '37.5'];
  }
}

/** What the connector itself has to tell. */
export const OWN_RECORDS: readonly SpooledRecord[] = [
  ...(['outage', 'restart', 'begin-of-buffer', 'undecodable', 'overflow', 'unknown'] as const).map((reason) =>
    catalogueRecord({ kind: 'gap', since: '2026-05-06T07:00:00.000Z', until: '2026-05-06T07:08:00.000Z', reason }),
  ),
  catalogueRecord({
    kind: 'gap',
    since: null,
    until: '2026-05-06T07:08:00.000Z',
    reason: 'unknown',
    detail: 'cut off',
  }),
  ...(['none', 'possible', 'proven'] as const).map((gap) =>
    catalogueRecord({
      ...{ kind: 'synchronized', properties: 9, changed: 2, deleted: 1, gap, cause: 'outage' },
      ...{ since: null, until: '2026-05-06T07:08:00.000Z' },
    }),
  ),
  ...(['online', 'offline', 'unauthorized', 'stopped'] as const).map((status) =>
    catalogueRecord({ kind: 'status', status, since: '2026-05-06T07:00:00.000Z', error: 'no answer in 10 s' }),
  ),
  catalogueRecord({
    ...{
      kind: 'device',
      topics: ['tns1:Door/State/DoorMode'],
      capabilities: { WSPullPointSupport: true, MaxPullPoints: 4 },
    },
    identity: {
      manufacturer: 'Acme',
      model: 'Controller',
      firmwareVersion: '1.2',
      serialNumber: 'S-1',
      hardwareId: '',
    },
  }),
];
