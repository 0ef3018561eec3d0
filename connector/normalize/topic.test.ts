import { describe, expect, it } from 'vitest';
import { NS } from '../device/namespaces.ts';
import type { WireTopic } from '../device/notification-message.ts';
import { canonicalDescribedTopic, canonicalTopic } from './topic.ts';
import { readTopicNamespaces } from './topic-namespaces.ts';

const AXIS = 'http://www.axis.com/2009/event/topics';
const ACME = 'urn:acme:topics';
const aliases = readTopicNamespaces({ version: 1, namespaces: { tnsaxis: AXIS } }, 'aliases.yaml');

function canonical(text: string, prefixes: WireTopic['prefixes'] = { tns1: NS.tns1, acme: ACME }) {
  return canonicalTopic({ text, dialect: null, prefixes }, aliases);
}

describe('canonical topic', () => {
  it.each([
    ['as the standard writes it', 'tns1:Device/Trigger/DigitalInput'],
    ['with a prefix on every level', 'tns1:Device/tns1:Trigger/tns1:DigitalInput'],
    ['with a prefix on some levels', 'tns1:Device/Trigger/tns1:DigitalInput'],
    ['without any prefix', 'Device/Trigger/DigitalInput'],
    ['with blanks around and inside', ' \n tns1:Device / Trigger/\tDigitalInput '],
  ])('of a topic %s is one', (_, text) => {
    expect(canonical(text)).toEqual({
      name: 'tns1:Device/Trigger/DigitalInput',
      namespaces: undefined,
      identity: '/{http://www.onvif.org/ver10/topics}Device/Trigger/DigitalInput',
    });
  });

  it('goes by namespace, not by the prefix of the day', () => {
    const other = canonical('x:Device/x:Trigger', { x: NS.tns1 });
    expect(other).toEqual(canonical('tns1:Device/Trigger'));
  });

  it('knows tns1 where a device forgets to declare it', () => {
    expect(canonical('tns1:Device/Trigger', {})).toEqual(canonical('tns1:Device/Trigger'));
  });

  it('names a known vendor by its alias and an unknown one by its own prefix, with their URIs', () => {
    expect(canonical('tns1:Device/ax:IO/Port', { tns1: NS.tns1, ax: AXIS })).toMatchObject({
      name: 'tns1:Device/tnsaxis:IO/Port',
      namespaces: { tnsaxis: AXIS },
    });
    expect(canonical('tns1:Device/acme:Cabinet/Opened')).toMatchObject({
      name: 'tns1:Device/acme:Cabinet/Opened',
      namespaces: { acme: ACME },
    });
  });

  it('keeps vendor roots, and the way back to ONVIF below them', () => {
    expect(canonical('acme:Rules/acme:Loitering').name).toBe('acme:Rules/Loitering');
    expect(canonical('acme:Rules/tns1:Motion/acme:Zone')).toMatchObject({
      name: 'acme:Rules/tns1:Motion/acme:Zone',
      namespaces: { acme: ACME },
    });
  });

  it('never passes another namespace off as one that has this alias', () => {
    const spoofed = canonical('tns1:Device/Trigger', { tns1: 'urn:other' });
    expect(spoofed).toMatchObject({ name: 'tns12:Device/Trigger', namespaces: { tns12: 'urn:other' } });
    expect(canonical('tnsaxis:IO', { tnsaxis: 'urn:other' }).name).toBe('tnsaxis2:IO');
    expect(canonical('acme:IO', { acme: ACME }).name).toBe('acme:IO');
  });

  it('tells undeclared prefixes apart, without a namespace to name', () => {
    const [one, other] = [canonical('foo:X/foo:Y', {}), canonical('bar:X/foo:Y', {})];
    expect([one.name, other.name]).toEqual(['foo:X/Y', 'bar:X/foo:Y']);
    expect(one.identity).not.toBe(other.identity);
    expect(one.namespaces).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('takes the prefix %s for a prefix', (prefix) => {
    expect(canonical(`${prefix}:X/Y`, {})).toEqual({
      name: `${prefix}:X/Y`,
      namespaces: undefined,
      identity: `/{undeclared:${prefix}}X/Y`,
    });
    const declared = canonical(`${prefix}:X`, Object.fromEntries([[prefix, 'urn:x']]));
    expect(Object.entries(declared.namespaces!)).toEqual([[prefix, 'urn:x']]);
  });

  it('keeps every level of a topic that is deeper than any', () => {
    const path = Array.from({ length: 200 }, (_, level) => `L${level}`).join('/');
    expect(canonical(`tns1:${path}`).name).toBe(`tns1:${path}`);
  });

  it('keeps what is no topic', () => {
    expect(canonical('tns1:Motion//.').name).toBe('tns1:Motion//.');
    expect(canonical('/').name).toBe('tns1:/');
  });
});

describe('canonical topic of a description', () => {
  const described = (path: [string, string][], prefixes: Record<string, string>) =>
    canonicalDescribedTopic(
      { path: path.map(([uri, local]) => ({ uri, local })), prefixes, isTopic: true, description: null },
      aliases,
    );

  it('is that of the messages', () => {
    const path: [string, string][] = [
      [NS.tns1, 'Device'],
      [ACME, 'Cabinet'],
      [ACME, 'Opened'],
    ];
    expect(described(path, { tns1: NS.tns1, acme: ACME })).toEqual(canonical('tns1:Device/acme:Cabinet/Opened'));
  });

  it('has a name for namespaces without a prefix, and one for each', () => {
    expect(
      described(
        [
          ['urn:a', 'A'],
          ['urn:b', 'B'],
        ],
        {},
      ),
    ).toMatchObject({ name: 'ns:A/ns2:B', namespaces: { ns: 'urn:a', ns2: 'urn:b' } });
  });

  it('takes a root without a namespace for one of ONVIF', () => {
    expect(
      described(
        [
          ['', 'Device'],
          ['', 'Trigger'],
        ],
        {},
      ).name,
    ).toBe('tns1:Device/Trigger');
  });
});
