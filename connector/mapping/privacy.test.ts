import { describe, expect, it } from 'vitest';
import { mappingOf, messageOf, rulesOf, spooled } from '../../test/support/mapping-rig.ts';
import type { NotificationRecord } from '../normalize/record.ts';
import { kafkaRoutes } from './kafka-routes.ts';
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
  it('are hashed in every format unless told otherwise', () => {
    for (const format of ['envelope', 'onvif-ej', 'home-assistant\nwithheld: []']) {
      const { payload } = mappingOf(`version: 1\nformat: ${format}`).map(spooled(denied)).at(-1)!;
      expect(payload).toContain(hash('00AB12'));
      expect(payload).not.toContain('00AB12');
    }
  });

  it('are hashed in rules unless told otherwise', () => {
    expect(dataOf(rulesOf('rules: [{ name: it }]'))).toEqual({ ...denied.data, IdentifierValue: hash('00AB12') });
    expect(dataOf(rulesOf('rules: [{ name: it }]'), { data: { Card: 12, CardNumber: ['1', 2] } })).toEqual({
      Card: hash('12'),
      CardNumber: [hash('1'), hash('2')],
    });
  });

  it('are kept by a mapping that says so, in the record’s own words', () => {
    const entry = spooled(denied);
    const [message] = envelope('privacy: none').map(entry);
    expect(message!.payload).toBe(entry.json);
    expect(Object.fromEntries(message!.attributes).id).toBe(entry.record.id);
    const ej = messageOf(mappingOf('version: 1\nformat: onvif-ej\nprivacy: none'), denied);
    expect(ej.value).toMatchObject({ Data: { IdentifierValue: '00AB12' } });
  });

  it('are nothing that other records have: those stay as they are, byte for byte, with their id', () => {
    const entry = spooled({
      data: { State: 'Locked', CredentialHolderName: 'A. Person', Info: { Seen: [{ At: 'x' }] } },
    });
    const spaced = { ...entry, json: `${entry.json} ` };
    const [message] = envelope('').map(spaced);
    expect(message!.payload).toBe(spaced.json);
    expect(Object.fromEntries(message!.attributes).id).toBe(entry.record.id);
    expect(envelope('').seen!(entry)).toBe(entry);
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

  it('are one however they are written, and another with another key', () => {
    expect(hash('00ab12 ')).toBe(hash('00AB12'));
    expect(keyedHash('other')('00AB12')).not.toBe(hash('00AB12'));
    expect(hash('00AB12')).toMatch(/^hmac:[0-9a-f]{32}$/);
  });
});

describe('PINs', () => {
  it.each([
    'privacy: none',
    'privacy: { IdentifierValue: keep, Info: keep }',
    'privacy: { "tns1:Door//.": { IdentifierValue: keep } }',
  ])('are kept by no policy: %s', (privacy) => {
    const pin = { IdentifierType: 'pt:PIN', IdentifierValue: '1234' };
    const card = { IdentifierType: 'pt:Card', IdentifierValue: '1234' };
    expect(dataOf(envelope(privacy), { data: pin }).IdentifierValue).toBe(hash('1234'));
    expect(dataOf(envelope(privacy), { data: { ...pin, IdentifierType: ['pt:Card', 'pt:PIN'] } }).IdentifierValue).toBe(
      hash('1234'),
    );
    expect(dataOf(envelope(privacy), { data: card }).IdentifierValue).toBe('1234');
    expect(dataOf(envelope('privacy: { Info: keep }'), { data: { Info: { Tried: [pin, card] } } }).Info).toEqual({
      Tried: [{ ...pin, IdentifierValue: hash('1234') }, card],
    });
  });

  it('are dropped where a mapping says so', () => {
    const data = { IdentifierType: 'pt:PIN', IdentifierValue: '1234' };
    expect(dataOf(envelope('privacy: { IdentifierValue: drop }'), { data })).toEqual({ IdentifierType: 'pt:PIN' });
  });
});

describe('what was hidden', () => {
  it('leaves no trace in id, sourceValues, topic and attributes', () => {
    const record = { ...denied, source: { Card: '007' }, sourceValues: ['007'], data: {} };
    const message = messageOf(mappingOf('version: 1\nformat: onvif-ej\nprivacy: standard'), record);
    expect(message.topic).toBe(`gate/onvif-ej/AccessControl/Denied/Identifier/&${hash('007')}`);
    expect(JSON.stringify(message)).not.toContain('007');
    const id = Object.fromEntries(message.attributes).id;
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(id).not.toBe(spooled({}).record.id);
    expect(messageOf(rulesOf('rules: [{ name: it, payload: $id }]'), { data: {} }).value).toBe(spooled({}).record.id);
  });

  it('is hidden from restored states as well', () => {
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

  it.each(['onvif-ej', 'envelope', 'home-assistant', 'rules\nrules: [{ name: it }]'])(
    'does not get out of Source and Key into topics, keys and attributes: %s',
    (format) => {
      const places = (source: NotificationRecord['source'], privacy = '') => {
        const mapping = mappingOf(`version: 1\nformat: ${format}${privacy}`);
        const record = spooled({
          ...{ topic: 'tns1:AccessControl/X', propertyOperation: 'Changed', source: { Reader: 'R-1', ...source } },
          ...{ sourceValues: ['R-1', ...Object.values(source).map(String)], data: { State: 'in' } },
        });
        return [...mapping.map(record), ...kafkaRoutes(mapping).map(record)].map(({ payload: _, ...rest }) => rest);
      };
      const [ada, ben] = ['Ada', 'Ben'].map((CardHolderName) => JSON.stringify(places({ CardHolderName })));
      expect(ada).not.toContain('Ada');
      expect(JSON.stringify(places({ CardHolderName: 'Ada' }, '\nprivacy: { CardHolderName: keep }'))).not.toMatch(
        /Ada/,
      );
      expect(JSON.stringify(places({ CardHolderName: 'Ada' }, '\nprivacy: none'))).not.toMatch(/Ada/);
      // Two states that differ in nothing else stay two.
      expect(ada).not.toBe(ben);
    },
  );

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
