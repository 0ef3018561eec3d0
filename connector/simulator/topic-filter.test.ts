import { describe, expect, it } from 'vitest';
import { DIALECT, NS, TOPIC_PREFIXES } from './namespaces.ts';
import { branchMatches, readTopicExpression } from './topic-filter.ts';
import { ownTopicLevels } from './topic-path.ts';

function matches(expression: string, topic: string, dialect: string = DIALECT.concreteSet): boolean {
  const read = readTopicExpression(expression, dialect, TOPIC_PREFIXES);
  if ('fault' in read) throw new Error(JSON.stringify(read.fault));
  return read.some((branch) => branchMatches(branch, ownTopicLevels(topic)));
}

const faultOf = (expression: string, dialect: string = DIALECT.concreteSet) => {
  const read = readTopicExpression(expression, dialect, TOPIC_PREFIXES);
  return 'fault' in read ? read.fault : null;
};

describe('topic expressions', () => {
  it('name one topic, or it and all below it with //.', () => {
    expect(matches('tns1:Door/State', 'tns1:Door/State/DoorMode')).toBe(false);
    expect(matches('tns1:Door/State//.', 'tns1:Door/State/DoorMode')).toBe(true);
    expect(matches('tns1:Door//.', 'tns1:Door/State/DoorMode')).toBe(true);
    expect(matches('tns1:Door/State/DoorMode', 'tns1:Door/State/DoorMode')).toBe(true);
    expect(matches('tns1:Doo//.', 'tns1:Door/State/DoorMode')).toBe(false);
  });

  it('join topics with | and ignore blanks around them', () => {
    expect(matches('\n tns1:Media//. | tns1:Door//. ', 'tns1:Door/State/DoorMode')).toBe(true);
    expect(matches('tns1:Media//.|tns1:VideoSource//.', 'tns1:Door/State/DoorMode')).toBe(false);
  });

  it('take a prefix on every level as the same topic, of another namespace as another', () => {
    expect(matches('tns1:Device/tns1:Trigger/tns1:Relay', 'tns1:Device/Trigger/Relay')).toBe(true);
    expect(matches('tns1:Device/acme:Cabinet/acme:Opened', 'tns1:Device/acme:Cabinet/Opened')).toBe(true);
    expect(matches('tns1:Device/Cabinet/Opened', 'tns1:Device/acme:Cabinet/Opened')).toBe(false);
  });

  it('know neither // nor | in the Concrete dialect', () => {
    expect(matches('tns1:Door/State/DoorMode', 'tns1:Door/State/DoorMode', DIALECT.concrete)).toBe(true);
    expect(faultOf('tns1:Door//.', DIALECT.concrete)).toBe('syntax');
    expect(faultOf('tns1:Door|tns1:Media', DIALECT.concrete)).toBe('syntax');
  });

  it.each([
    '',
    'Door',
    '//tns1:Door',
    'tns1:Door/*',
    'tns1:Door/',
    'tns1:Door//State',
    'tns1:Door//.//.',
    'tns1:A||tns1:B',
  ])('refuse %j', (expression) => expect(faultOf(expression)).toBe('syntax'));

  it('tell an undeclared prefix and an unknown dialect apart', () => {
    expect(faultOf('tnsx:Door')).toEqual({ undeclaredPrefix: 'tnsx' });
    expect(faultOf('constructor:Door')).toEqual({ undeclaredPrefix: 'constructor' });
    expect(faultOf('tns1:Door', `${NS.wsnt}/Simple`)).toBe('dialect');
  });
});
