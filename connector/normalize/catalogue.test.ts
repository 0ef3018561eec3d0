import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { NS } from '../device/namespaces.ts';
import { ConfigurationError } from '../errors.ts';
import { readCatalogue } from './catalogue.ts';

const FILE = 'mappings/standard-topics.yaml';
const shipped = parse(readFileSync(new URL(`../../${FILE}`, import.meta.url), 'utf8')) as {
  topics: Record<string, { clause: string }>;
};
const catalogue = readCatalogue(shipped, FILE);

const entry = { clause: 'X 1', property: true, about: 'something' };
const topic = (members: object, name = 'A/B') => ({ version: 1, topics: { [name]: { ...entry, ...members } } });

function faultsOf(data: unknown): string[] {
  try {
    readCatalogue(data, 'f.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message.split('\n');
  }
  return [];
}

const names = (topic: string, group: 'source' | 'key' | 'data') =>
  catalogue.get(topic)?.[group].map(({ kind, name, type }) => [kind, name, type.uri, type.local]);

describe('the shipped catalogue', () => {
  it('has the topics of every part of the standard', () => {
    const count = (clause: RegExp) => Object.values(shipped.topics).filter((entry) => clause.test(entry.clause)).length;
    expect({
      monitoring: count(/^IEC 8\.7|^Core 8\./),
      deviceIo: count(/DevIO/),
      accessTransactions: count(/^AC 6\.[3-8]\b/),
      accessStates: count(/^AC 6\.9|^DC 6\.2|^Cred 6\.3|^Sched 6\.3/),
      configurationChanges: count(/^AC 6\.10|^DC 6\.3|^Cred 6\.4|^AR |^Sched 6\.4|^AB /),
      analytics: count(/^Ana /),
      otherServices: count(/^Core 9|^Sec|^Img|^Therm|^PTZ|^Rec|^RSearch|^Recv|^Med|^Disp|^ActEng|^AppMgmt/),
      all: catalogue.size,
    }).toEqual({
      monitoring: 34,
      deviceIo: 2,
      accessTransactions: 19,
      accessStates: 12,
      configurationChanges: 18,
      analytics: 21,
      otherServices: 62,
      all: 168,
    });
  });

  it('keeps items in the order of the description, with namespaces', () => {
    const pacs = 'http://www.onvif.org/ver10/pacs';
    expect(names('tns1:AccessControl/AccessGranted/Credential', 'data')).toEqual([
      ['simple', 'External', NS.xs, 'boolean'],
      ['simple', 'CredentialToken', pacs, 'ReferenceToken'],
      ['simple', 'CredentialHolderName', NS.xs, 'string'],
      ['simple', 'SecurityLevelToken', NS.xs, 'string'],
      ['simple', 'ExemptedAccess', NS.xs, 'boolean'],
    ]);
    expect(names('tns1:Schedule/State/Active', 'source')?.map((item) => item[1])).toEqual(['ScheduleToken', 'Name']);
    expect(names('tns1:Monitoring/LinkStatus', 'data')).toEqual([
      ['element', 'Link', NS.tt, 'NetworkInterfaceConnectionSetting'],
    ]);
    expect(names('tns1:Monitoring/AsynchronousOperationStatus', 'data')?.[2]).toEqual([
      'element',
      'Error',
      NS.env,
      'Fault',
    ]);
    expect(names('tns1:RuleEngine/Radiometry/TemperatureAlarm', 'key')?.map((item) => item[1])).toEqual([
      'RadiometryModuleID',
    ]);
  });

  it('knows what is a property, against the name where need be', () => {
    const isProperty = (topic: string) => catalogue.get(topic)?.isProperty;
    expect(isProperty('tns1:Device/Trigger/DigitalInput')).toBe(true);
    expect(isProperty('tns1:Door/State/DoorAlarm')).toBe(true);
    expect(isProperty('tns1:Credential/State/Enabled')).toBe(false);
    expect(isProperty('tns1:RuleEngine/LineDetector/Crossed')).toBe(false);
    expect(isProperty('tns1:EventBuffer/Begin')).toBe(false);
  });

  it('types the alarm of a door as an alarm, not as the misprint of the text', () => {
    expect(names('tns1:Door/State/DoorAlarm', 'data')?.[0]?.[3]).toBe('DoorAlarmState');
  });

  it('has inner topics beside their children', () => {
    expect(catalogue.has('tns1:AccessControl/Denied/CredentialNotFound')).toBe(true);
    expect(catalogue.has('tns1:AccessControl/Denied/CredentialNotFound/Card')).toBe(true);
  });
});

describe('a catalogue file', () => {
  it.each([null, 'text', []])('that holds %j is refused', (data) => {
    expect(faultsOf(data)[0]).toBe("f.yaml: must hold 'version: 1' and 'topics: …'");
  });

  it('needs version 1 and at least one topic, and nothing else', () => {
    expect(faultsOf({ version: 2, topics: {}, topic: {} })).toEqual([
      "f.yaml: 'version' must be 1, not 2",
      "f.yaml: 'topic' is not known; known are version, topics",
      "f.yaml: 'topics' must be a map of at least one topic, not {}",
    ]);
  });

  it.each(['tns1:Door/State', '/Door', 'Door//State', 'Door/State/', 'Door/1'])('cannot name a topic %s', (name) => {
    expect(faultsOf(topic({}, name))).toEqual([
      `f.yaml: ${name}: is no topic path; write it below tns1 and without prefixes, like 'Door/State/DoorMode'`,
    ]);
  });

  it('needs clause, property and about in every entry, of the right types', () => {
    expect(faultsOf({ version: 1, topics: { A: { property: 'yes', about: ' ' }, B: null } })).toEqual([
      "f.yaml: A: 'clause' is missing",
      'f.yaml: A: \'about\' must be text, not " "',
      'f.yaml: A: \'property\' must be true or false, not "yes"',
      'f.yaml: B: must be a map with clause, property and about, not null',
    ]);
  });

  it.each([
    [{ sources: {} }, "'sources' is not known; known are clause, property, about, source, key, data"],
    [{ data: ['X'] }, '\'data\' must be a map of item names and types, not ["X"]'],
    [{ data: { 'X y': 'xs:int' } }, "'data.X y' is no item name; write 'Name', or 'Name?' where it may be absent"],
    [{ data: { X: 'int' } }, "'data.X' cannot be \"int\"; write a type like 'xs:boolean', or 'element tt:GeoLocation'"],
    [{ data: { X: 5 } }, "'data.X' cannot be 5; write a type like 'xs:boolean', or 'element tt:GeoLocation'"],
    [
      { data: { X: 'acme:int' } },
      "'data.X': the prefix 'acme' stands for no namespace; use those of the standard, like xs, tt, pt, tdc",
    ],
    [{ source: { X: 'element tt:Y' } }, "'source.X' is an element; only data may have those"],
    [
      { source: { X: 'xs:int' }, data: { 'X?': 'xs:int' } },
      "'data.X?' repeats an item name; names are unique in a message",
    ],
    [{ property: false, key: { X: 'xs:int' } }, "'key' is for properties only"],
  ])('with %j says what is wrong and where', (members, fault) => {
    expect(faultsOf(topic(members))).toEqual([`f.yaml: A/B: ${fault}`]);
  });

  it('drops the mark of an item that may be absent', () => {
    const read = readCatalogue(topic({ data: { 'X?': 'xs:int' } }), 'f.yaml');
    expect(read.get('tns1:A/B')?.data).toEqual([{ kind: 'simple', name: 'X', type: { uri: NS.xs, local: 'int' } }]);
  });
});
