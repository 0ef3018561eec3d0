import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { OutboundMessage } from '../../connector/mapping/mapping.ts';
import { runMappingTests } from '../../connector/mapping/mapping-tests.ts';
import { openMapping } from '../../connector/mapping/open-mapping.ts';
import { catalogueRecord, OWN_RECORDS, recordsOf, SECRETS, TOPICS } from '../support/catalogue-records.ts';
import { ecsFaults } from '../support/ecs-check.ts';
import { mappingFolder, mappingsDirectory } from '../support/mapping-rig.ts';
import { ocsfFaults } from '../support/ocsf-check.ts';
import { siemTable } from '../support/siem-table.ts';

type Json = { readonly [name: string]: unknown };

const SIEM = ['ecs', 'ocsf', 'purview-badging', 'exabeam', 'axis'] as const;
const devices = new Map([['gate', { id: 'gate', name: 'Main gate', site: 'plant 7' }]]);
const open = (name: string) => openMapping(name, { devices, mappingsDirectory, privacyKey: 'a key' });
const identity = OWN_RECORDS.filter(({ record }) => record.kind === 'device');

/** The messages of each topic, made by a mapping that knows the device. */
function messagesOf(name: string): Map<string, readonly OutboundMessage[]> {
  const mapping = open(name);
  mapping.restore?.(identity);
  const made = new Map<string, readonly OutboundMessage[]>();
  for (const [topic, described] of TOPICS) made.set(topic, recordsOf(topic, described).flatMap(mapping.map));
  for (const entry of OWN_RECORDS) {
    const { kind } = entry.record;
    made.set(kind, [...(made.get(kind) ?? []), ...mapping.map(entry)]);
  }
  return made;
}

const jsonOf = ({ payload }: OutboundMessage) => JSON.parse(payload) as Json;
const faultsOf = (messages: readonly OutboundMessage[], check: (document: Json) => readonly string[]) => [
  ...new Set(messages.flatMap((message) => check(jsonOf(message)))),
];
const read = (document: unknown, path: string): unknown =>
  path.split('.').reduce((value, step) => (value as Json | undefined)?.[step], document);

describe('ecs', () => {
  const made = messagesOf('ecs');

  it.each([...made.keys()])('makes sound documents of %s', (topic) => {
    const messages = made.get(topic)!;
    expect(messages.length).toBeGreaterThan(0);
    expect(faultsOf(messages, ecsFaults)).toEqual([]);
  });

  it('knows every topic of the catalogue by a name of its own', () => {
    const unnamed = [...TOPICS.keys()].filter(
      (topic) =>
        !topic.includes('acme:') &&
        made.get(topic)!.some((message) => String(read(jsonOf(message), 'event.action')).includes('/')),
    );
    expect(unnamed).toEqual([]);
  });

  it('gives every record one document, dated by the device where its clock can be read', () => {
    const mapping = open('ecs');
    for (const [topic, described] of TOPICS) {
      for (const entry of recordsOf(topic, described)) {
        const [message, ...others] = mapping.map(entry);
        const { record } = entry;
        expect(others).toEqual([]);
        expect(read(jsonOf(message!), '@timestamp')).toBe(('time' in record && record.time) || record.receivedAt);
        expect(message!.topic).not.toBe('');
      }
    }
  });
});

describe('ocsf', () => {
  const made = messagesOf('ocsf');

  it.each([...made.keys()])('makes sound events of %s', (topic) => {
    const messages = made.get(topic)!;
    expect(messages.length).toBeGreaterThan(0);
    expect(faultsOf(messages, ocsfFaults)).toEqual([]);
  });

  it('uses each class it is written for', () => {
    const classes = new Set([...made.values()].flat().map((message) => read(jsonOf(message), 'class_uid')));
    expect([...classes].sort()).toEqual([0, 2004, 3002, 3004, 5001, 5019]);
  });

  it.each([
    ['tns1:Door/State/DoorAlarm', 'DoorForcedOpen', 'Normal'],
    ['tns1:Credential/State/ApbViolation', true, false],
  ])('closes the finding of %s that it created', (topic, raised, over) => {
    const mapping = open('ocsf');
    const isProperty = TOPICS.get(topic)!.isProperty;
    const [created, closed] = [raised, over].map((value) => {
      const data = isProperty ? { State: value } : { ApbViolation: value };
      const operation = isProperty ? { propertyOperation: 'Changed' } : {};
      const entry = {
        kind: 'notification',
        topic,
        source: { Token: 'D-4' },
        key: {},
        data,
        time: null,
        ...operation,
      } as const;
      return jsonOf(mapping.map(catalogueRecord(entry))[0]!);
    });
    expect([created, closed].map((event) => read(event, 'type_uid'))).toEqual([200401, 200403]);
    expect(read(created, 'finding_info.uid')).toBe(read(closed, 'finding_info.uid'));
  });
});

describe('a check that finds nothing', () => {
  const [document] = [...messagesOf('ecs').get('tns1:Door/State/DoorAlarm')!].map(jsonOf);
  const [event] = [...messagesOf('ocsf').get('tns1:AccessControl/Denied/Credential')!].map(jsonOf);

  it.each([
    [{ door: { token: '4' } }, 'door.token is no field of ECS'],
    [{ event: { ...(document!.event as Json), kind: 'alarm' } }, 'event.kind cannot be alarm'],
    [
      { event: { ...(document!.event as Json), type: ['change'], category: ['authentication'] } },
      'event.type change is not expected of authentication',
    ],
    [{ event: { ...(document!.event as Json), severity: 'high' } }, 'event.severity must be long, not "high"'],
    [{ related: { hosts: 'gate' } }, 'related.hosts must be keyword[], not "gate"'],
  ])('would find %j in an ECS document', (wrong, fault) => {
    expect(ecsFaults({ ...document, ...wrong })).toEqual([fault]);
  });

  it.each([
    [{ type_uid: 300202 }, 'type_uid must be class_uid * 100 + activity_id: 300201'],
    [{ severity_id: 7 }, 'severity_id cannot be 7'],
    [{ time: '2026-05-06T07:08:09Z' }, 'time must be timestamp, not "2026-05-06T07:08:09Z"'],
    [{ user: undefined }, 'user is required'],
    [{ user: { type_id: 1 } }, 'user needs one of account, name, uid'],
    [{ door: 'D-4' }, 'door is no attribute of Authentication'],
    [{ activity_id: 8, type_uid: 300208 }, 'activity_id 8 is none of Authentication'],
  ])('would find %j in an OCSF event', (wrong, fault) => {
    expect(ocsfFaults({ ...event, ...wrong })).toEqual([fault]);
  });
});

describe.each(SIEM)('%s', (name) => {
  const messages = [...messagesOf(name).values()].flat();

  it('names nobody and shows no card number in topics, keys and attributes', () => {
    const labels = messages.map(({ topic, key = '', attributes }) => JSON.stringify([topic, key, attributes]));
    for (const secret of Object.values(SECRETS)) expect(labels.filter((label) => label.includes(secret))).toEqual([]);
  });

  it('shows no card number in payloads', () => {
    expect(messages.filter(({ payload }) => payload.includes(SECRETS.card))).toEqual([]);
  });

  it('makes messages that are JSON, of no hidden file of its own', () => {
    expect(readFileSync(`${mappingsDirectory}/${name}.yaml`, 'utf8')).toContain('format: rules');
    for (const message of messages) expect(jsonOf(message)).toBeTypeOf('object');
  });
});

describe.each(['ecs', 'ocsf', 'purview-badging', 'exabeam'])('%s', (name) => {
  it('has neither names of people nor plates in payloads, only their hashes', () => {
    const messages = [...messagesOf(name).values()].flat();
    for (const secret of [SECRETS.holder, SECRETS.plate])
      expect(messages.filter(({ payload }) => payload.includes(secret))).toEqual([]);
    expect(messages.length).toBeGreaterThan(0);
  });
});

describe('docs/siem.md', () => {
  const page = readFileSync(new URL('../../docs/siem.md', import.meta.url), 'utf8');

  it('shows a mapping for Splunk whose tests hold', () => {
    const shown = [...page.matchAll(/^```yaml (splunk\S*)\n([\s\S]*?)^```/gm)].map(([, name, text]) => [name!, text!]);
    const results = runMappingTests(`${mappingFolder(Object.fromEntries(shown))}/splunk.test.yaml`, {
      mappingsDirectory,
    });
    expect(results.map(({ differences }) => differences)).toEqual([[], []]);
  });

  it('tells what becomes of each topic', () => {
    const shown = page.split('\n').filter((line) => /^\| `[A-Z]\w*\//.test(line));
    expect(shown).toEqual(siemTable(open('ecs'), open('ocsf')));
  });

  it.each(['ecs', 'ocsf'])('names people and doors with tables as it says: %s', (name) => {
    const copy = readFileSync(`${mappingsDirectory}/${name}.yaml`, 'utf8')
      .replace(/doors: \{ rows.*/, 'doors: { csv: doors.csv, key: token }')
      .replace(/people: \{ rows.*/, 'people: { csv: people.csv, key: token, personal: [name, full_name, email] }');
    const folder = mappingFolder({
      [`${name}.yaml`]: copy,
      'doors.csv': 'token,name\nAP-1,Anywhere\ngate/AP-1,Main entrance\n',
      'people.csv': 'token,id,name,full_name,email\nC-17,1044,aexample,Ada Example,ada@example.com\n',
    });
    const mapping = openMapping(`${folder}/${name}.yaml`, { devices, mappingsDirectory, privacyKey: 'a key' });
    const topic = 'tns1:AccessControl/AccessGranted/Credential';
    const source = { AccessPointToken: 'AP-1' };
    const [message] = mapping.map(
      catalogueRecord({ kind: 'notification', topic, time: null, source, key: {}, data: { CredentialToken: 'C-17' } }),
    );
    const event = jsonOf(message!);
    expect(event.user).toMatchObject({ name: 'aexample', full_name: 'Ada Example' });
    expect(message!.payload).toContain('Main entrance');
    expect((name === 'ecs' ? ecsFaults : ocsfFaults)(event)).toEqual([]);
    expect(JSON.stringify([message!.topic, message!.attributes])).not.toContain('Ada');
  });
});
