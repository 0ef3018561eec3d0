import { describe, expect, it } from 'vitest';
import { topicFilterMisreading } from './topic-filter-syntax.ts';

const misreading = (expression: string) => topicFilterMisreading(expression, ['tns1', 'tnsaxis']);

describe('a topic filter', () => {
  it.each([
    'tns1:Device//.',
    'tns1:Device/Trigger/DigitalInput',
    'tns1:Device/tns1:Trigger/tns1:Relay',
    'tns1:Device/tnsaxis:IO/Port//.',
    'tnsaxis:CameraApplicationPlatform//.',
    'tns1:Device//.|tns1:AccessControl//.',
    ' tns1:Device//. | tns1:AccessControl//. ',
    'tns1:RuleEngine/Bewegung-Süd.1//.',
  ])('may be %s', (expression) => {
    expect(misreading(expression)).toBeUndefined();
  });

  it.each([
    ['tns1:Device/#', 'ConcreteSet has no "#": "//." after a topic means it and all below', 'tns1:Device//.'],
    ['tns1:Device//*', 'ConcreteSet has no "*": "//." after a topic means it and all below', 'tns1:Device//.'],
    ['#', 'ConcreteSet has no "#": "//." after a topic means it and all below', undefined],
    ['Device//.', 'the root topic needs its prefix', 'tns1:Device//.'],
    ['tns1:A//.|Device', 'the root topic needs its prefix', 'tns1:A//.|tns1:Device'],
    ['tns1:Device/', 'ends with "/"', 'tns1:Device//.'],
    ['tns1:Device//', 'may have "//" only at the end, as "//."', undefined],
    ['tns1:Device//Trigger', 'may have "//" only at the end, as "//."', undefined],
    ['//.', 'must start with a root topic such as tns1:Device, not with "/"', undefined],
    ['', 'has an empty topic path', undefined],
    ['//tns1:Device', 'must start with a root topic such as tns1:Device, not with "/"', undefined],
    ['tns1:Device|', 'has an empty topic path', undefined],
    ['tns1:Device/a b', '"a b" is not a topic name', undefined],
    ['tns1:Device/1st', '"1st" is not a topic name', undefined],
    ['tns1:a:b', '"tns1:a:b" is not a topic name', undefined],
    ['tnsaxs:A/tnsaxs:B//.', 'the prefix "tnsaxs" is not known here, only tns1, tnsaxis', 'tnsaxis:A/tnsaxis:B//.'],
    ['acme:A', 'the prefix "acme" is not known here, only tns1, tnsaxis', undefined],
  ])('may not be %s', (expression, message, suggestion) => {
    expect(misreading(expression)).toEqual({ message, suggestion });
  });

  it('has a bound', () => {
    expect(misreading(`tns1:${'a'.repeat(5000)}`)?.message).toBe('is longer than 4096 characters');
  });
});
