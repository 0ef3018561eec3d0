import { describe, expect, it } from 'vitest';
import { mappingOf, messageOf, rulesOf, spooled } from '../../test/support/mapping-rig.ts';
import type { NotificationRecord } from '../normalize/record.ts';
import { keyedHash } from './privacy-hash.ts';

const hash = keyedHash('key');
const denied = {
  topic: 'tns1:AccessControl/Denied/Identifier',
  source: { AccessPointToken: 'AP-1' },
  data: { IdentifierType: 'pt:Card', IdentifierValue: '00AB12', CredentialHolderName: 'A. Person', Reason: 'Other' },
} as const satisfies Partial<NotificationRecord>;

const dataOf = (mapping: ReturnType<typeof mappingOf>, record: Partial<NotificationRecord> = denied) =>
  (messageOf(mapping, record).value as NotificationRecord).data;

const envelope = (privacy: string) => mappingOf(`version: 1\nformat: envelope\n${privacy}`);

describe('card numbers and identifier values', () => {
  it('are hashed in rules unless told otherwise', () => {
    expect(dataOf(rulesOf('rules: [{ name: it }]'))).toEqual({ ...denied.data, IdentifierValue: hash('00AB12') });
    expect(dataOf(rulesOf('rules: [{ name: it }]'), { data: { Card: 12, CardNumber: ['1', 2] } })).toEqual({
      Card: hash('12'),
      CardNumber: [hash('1'), hash('2')],
    });
  });

  it('are kept in the record itself and in ONVIF’s own format unless told otherwise', () => {
    expect(dataOf(envelope(''))).toEqual(denied.data);
    expect(dataOf(envelope('privacy: standard')).IdentifierValue).toBe(hash('00AB12'));
    const ej = messageOf(mappingOf('version: 1\nformat: onvif-ej\nprivacy: standard'), denied);
    expect(ej.value).toMatchObject({ Data: { IdentifierValue: hash('00AB12') } });
  });

  it('are kept, hashed or dropped as the mapping says, at any depth', () => {
    const mapping = envelope('privacy: { IdentifierValue: keep, Plate: hash, CredentialHolderName: drop }');
    const data = { ...denied.data, Info: { Plate: 'X 1', Seen: [{ Plate: 'Y 2' }] } };
    expect(dataOf(mapping, { data })).toEqual({
      IdentifierType: 'pt:Card',
      IdentifierValue: '00AB12',
      Reason: 'Other',
      Info: { Plate: hash('X 1'), Seen: [{ Plate: hash('Y 2') }] },
    });
  });

  it('can be dropped for some topics only', () => {
    const mapping = envelope('privacy: { "tns1:AccessControl/Denied//.": { IdentifierValue: drop }, Reason: hash }');
    expect(dataOf(mapping)).not.toHaveProperty('IdentifierValue');
    expect(dataOf(mapping).Reason).toBe(hash('Other'));
    expect(dataOf(mapping, { ...denied, topic: 'tns1:AccessControl/Request/Identifier' }).IdentifierValue).toBe(
      hash('00AB12'),
    );
  });

  it('that are PINs are never kept once privacy is asked for', () => {
    const data = { IdentifierType: 'pt:PIN', IdentifierValue: '1234' };
    expect(dataOf(envelope('privacy: { IdentifierValue: keep }'), { data }).IdentifierValue).toBe(hash('1234'));
  });

  it('are one however they are written, and another with another key', () => {
    expect(hash('00ab12 ')).toBe(hash('00AB12'));
    expect(keyedHash('other')('00AB12')).not.toBe(hash('00AB12'));
    expect(hash('00AB12')).toMatch(/^hmac:[0-9a-f]{32}$/);
  });

  it('leave no trace in id, sourceValues, topic and attributes', () => {
    const record = { ...denied, source: { Card: '007' }, sourceValues: ['007'], data: {} };
    const message = messageOf(mappingOf('version: 1\nformat: onvif-ej\nprivacy: standard'), record);
    expect(message.topic).toBe(`gate/onvif-ej/AccessControl/Denied/Identifier/&${hash('007')}`);
    expect(JSON.stringify(message)).not.toContain('007');
    const id = Object.fromEntries(message.attributes).id;
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(id).not.toBe(spooled({}).record.id);
    expect(messageOf(rulesOf('rules: [{ name: it, payload: $id }]'), { data: {} }).value).toBe(spooled({}).record.id);
  });

  it('are hidden from restored states as well', () => {
    const mapping = rulesOf('rules: [{ name: it, retain: properties }]');
    const states = [spooled({ propertyOperation: 'Changed', data: { Card: '12' } })];
    expect(mapping.restore!(states)[0]!.payload).toContain(hash('12'));
  });
});

describe('the name of a holder', () => {
  it('is in payloads', () => {
    const mapping = rulesOf('rules: [{ name: it, payload: { $template: "{data.CredentialHolderName} was denied" } }]');
    expect(messageOf(mapping, denied).value).toBe('A. Person was denied');
  });

  it('does not get into topics, keys and attributes, whichever way it is asked for', () => {
    const mapping = rulesOf(
      `
let:
  direct: $data.CredentialHolderName
  asked: { $jsonata: "$string($)" }
  row: { $lookup: people, key: P-1 }
rules:
  - name: it
    topic: ["x/{let.direct}", "y/{let.asked|path}", "y"]
    key: "{let.direct:-nobody}{let.row.name:-}{let.row.door}{record.data.Reason}"
    extensions: { a: $data.CredentialHolderName, b: $let.direct, c: { $template: "{let.asked}" }, d: $let.row.name, e: $let.row.door }
    payload: [ $let.direct, $let.row.name ]
tables: { people: { csv: p.csv, key: token, personal: [name] } }
`,
      { 'p.csv': 'token,name,door\nP-1,A. Person,D-1\n' },
    );
    const {
      payload,
      value: _,
      ...rest
    } = messageOf(mapping, { ...denied, data: { ...denied.data, Reason: 'a'.repeat(200) } });
    expect(JSON.parse(payload)).toEqual(['A. Person', 'A. Person']);
    expect(JSON.stringify(rest)).not.toContain('Person');
    expect(rest.key).toBe(`nobodyD-1${'a'.repeat(200)}`);
    expect(Object.fromEntries(rest.attributes)).toMatchObject({ e: 'D-1' });
    expect(Object.fromEntries(rest.attributes).b).toBeUndefined();
  });
});
