import { describe, expect, it } from 'vitest';
import { NS } from './namespaces.ts';
import type { DescribedTopic } from './topic-set.ts';
import { readTopicSet } from './topic-set-reader.ts';
import { parseXml } from './xml-tree.ts';

const AXIS = 'http://www.axis.com/2009/event/topics';
const DECLARED = `xmlns:tev="${NS.tev}" xmlns:wsnt="${NS.wsnt}" xmlns:wstop="${NS.wstop}" xmlns:tt="${NS.tt}" xmlns:xs="${NS.xs}" xmlns:tns1="${NS.tns1}" xmlns:tnsaxis="${AXIS}"`;

const read = (topics: string, rest = '') =>
  readTopicSet(
    parseXml(
      Buffer.from(
        `<tev:GetEventPropertiesResponse ${DECLARED}><wsnt:FixedTopicSet>true</wsnt:FixedTopicSet><wstop:TopicSet>${topics}</wstop:TopicSet>${rest}</tev:GetEventPropertiesResponse>`,
      ),
    ),
  );

/** Path as text, a namespace where it is not that of the level above. */
const spelled = ({ path }: DescribedTopic) =>
  path.map(({ uri, local }, at) => (uri === path[at - 1]?.uri ? local : `{${uri}}${local}`)).join('/');

const DIGITAL_INPUT =
  '<tt:MessageDescription IsProperty="true"><tt:Source><tt:SimpleItemDescription Name="InputToken" Type="tt:ReferenceToken"/></tt:Source><tt:Data><tt:SimpleItemDescription Name="LogicalState" Type="xs:boolean"/></tt:Data></tt:MessageDescription>';

describe('a TopicSet', () => {
  it('has a topic for each element that is flagged, with its description', () => {
    const { topics, fixed } = read(
      `<tns1:Device><Trigger><DigitalInput wstop:topic="true">${DIGITAL_INPUT}</DigitalInput></Trigger></tns1:Device>`,
    );
    expect(fixed).toBe(true);
    expect(topics.map(spelled)).toEqual([`{${NS.tns1}}Device/Trigger/DigitalInput`]);
    expect(topics[0]).toMatchObject({ isTopic: true, prefixes: { tns1: NS.tns1 } });
    expect(topics[0]?.description).toEqual({
      isProperty: true,
      source: [{ kind: 'simple', name: 'InputToken', type: { uri: NS.tt, local: 'ReferenceToken' } }],
      key: [],
      data: [{ kind: 'simple', name: 'LogicalState', type: { uri: NS.xs, local: 'boolean' } }],
    });
  });

  it('puts unprefixed levels in the namespace above them, whatever the default namespace is', () => {
    const inNone = '<tns1:A><B xmlns=""><C wstop:topic="true"/></B></tns1:A>';
    const inTopicsOwn = `<tns1:A><B xmlns="${NS.wstop}"><C wstop:topic="true"/></B></tns1:A>`;
    for (const topics of [inNone, inTopicsOwn]) expect(read(topics).topics.map(spelled)).toEqual([`{${NS.tns1}}A/B/C`]);
  });

  it('keeps vendor levels and vendor roots in their namespaces, with the prefix the device used', () => {
    const { topics } = read(
      '<tns1:Device><tnsaxis:IO><Port wstop:topic="1"/></tnsaxis:IO></tns1:Device><tnsaxis:Own wstop:topic="true"/>',
    );
    expect(topics.map(spelled)).toEqual([`{${NS.tns1}}Device/{${AXIS}}IO/Port`, `{${AXIS}}Own`]);
    expect(topics[0]?.prefixes).toEqual({ tns1: NS.tns1, tnsaxis: AXIS });
    expect(topics[1]?.prefixes).toEqual({ tnsaxis: AXIS });
  });

  it('has inner nodes that are topics and their children too (trap 43)', () => {
    const { topics } = read('<tns1:A wstop:topic="true"><B wstop:topic="TRUE"/><C><D/></C></tns1:A>');
    expect(topics.map((topic) => [spelled(topic), topic.isTopic])).toEqual([
      [`{${NS.tns1}}A`, true],
      [`{${NS.tns1}}A/B`, true],
      // Without flags and descriptions a leaf is all there is to go by.
      [`{${NS.tns1}}A/C/D`, false],
    ]);
  });

  it('takes wstop:topic="false" for what it says, but not the description below it', () => {
    const { topics } = read(`<tns1:A wstop:topic="false"><B wstop:topic="0">${DIGITAL_INPUT}</B></tns1:A>`);
    expect(topics.map((topic) => [spelled(topic), topic.isTopic, topic.description !== null])).toEqual([
      [`{${NS.tns1}}A/B`, false, true],
    ]);
  });

  it('merges branches and roots that repeat; the first description wins (quirk 44)', () => {
    const other = DIGITAL_INPUT.replace('IsProperty="true"', '').replace('InputToken', 'Token');
    const branch = (description: string) =>
      `<tns1:Device><Trigger><DigitalInput wstop:topic="true">${description}</DigitalInput></Trigger></tns1:Device>`;
    const { topics } = read(branch('') + branch(DIGITAL_INPUT) + branch(other));
    expect(topics).toHaveLength(1);
    expect(topics[0]?.description?.source[0]?.name).toBe('InputToken');
  });

  it('lists the dialects; one empty content filter dialect means none', () => {
    const rest =
      '<wsnt:TopicExpressionDialect> urn:a </wsnt:TopicExpressionDialect><wsnt:TopicExpressionDialect>urn:b</wsnt:TopicExpressionDialect><tev:MessageContentFilterDialect/>';
    expect(read('', rest)).toEqual({
      fixed: true,
      topics: [],
      topicExpressionDialects: ['urn:a', 'urn:b'],
      messageContentFilterDialects: [],
    });
  });

  it('is empty where the device gives none', () => {
    const empty = readTopicSet(parseXml(Buffer.from('<tev:GetEventPropertiesResponse/>')));
    expect(empty).toEqual({ fixed: false, topics: [], topicExpressionDialects: [], messageContentFilterDialects: [] });
  });
});

describe('a MessageDescription', () => {
  it('reads items of all groups and kinds, properties or not, and passes by what it does not know', () => {
    const { topics } = read(
      `<tns1:A wstop:topic="true"><wstop:documentation><x/></wstop:documentation><tt:MessageDescription><tt:Key><tt:SimpleItemDescription Type="xs:int" Name="Id"/></tt:Key><tt:Data><tt:ElementItemDescription Name="State" Type="tt:Config"/><tt:Unknown Name="x"/><tt:SimpleItemDescription Name="vendor:Foo" Type=" tnsaxis:Kind "/><tt:SimpleItemDescription Name="Bare" Type="string"/><tt:SimpleItemDescription Name="Lost" Type="acme:Kind"/><tt:SimpleItemDescription/></tt:Data></tt:MessageDescription></tns1:A>`,
    );
    expect(topics).toHaveLength(1);
    expect(topics[0]?.description).toEqual({
      isProperty: false,
      source: [],
      key: [{ kind: 'simple', name: 'Id', type: { uri: NS.xs, local: 'int' } }],
      data: [
        { kind: 'element', name: 'State', type: { uri: NS.tt, local: 'Config' } },
        { kind: 'simple', name: 'vendor:Foo', type: { uri: AXIS, local: 'Kind' } },
        { kind: 'simple', name: 'Bare', type: { uri: NS.xs, local: 'string' } },
        { kind: 'simple', name: 'Lost', type: { uri: '', local: 'Kind' } },
        { kind: 'simple', name: '', type: { uri: NS.xs, local: '' } },
      ],
    });
  });

  it.each([
    ['true', true],
    ['1', true],
    ['false', false],
    ['', false],
  ])('is property where IsProperty is "%s": %s', (text, expected) => {
    const { topics } = read(`<tns1:A wstop:topic="true"><tt:MessageDescription IsProperty="${text}"/></tns1:A>`);
    expect(topics[0]?.description?.isProperty).toBe(expected);
  });

  it('resolves types where they stand, not where the document begins (trap 35)', () => {
    const item = `<tt:SimpleItemDescription xmlns:t="urn:here" Name="a" Type="t:Kind"/>`;
    const { topics } = read(
      `<tns1:A xmlns:t="urn:there" wstop:topic="true"><tt:MessageDescription><tt:Data>${item}</tt:Data></tt:MessageDescription></tns1:A>`,
    );
    expect(topics[0]?.description?.data[0]?.type).toEqual({ uri: 'urn:here', local: 'Kind' });
  });
});

it('topics of absurd length are left out, and cost no more than their text', () => {
  const children = Array.from({ length: 2_000 }, (_, at) => `<t${at}/>`).join('');
  const long = 'n'.repeat(100_000);
  const began = performance.now();
  const { topics } = read(
    `<tns1:A/><${long}>${children}</${long}><p:B xmlns:p="urn:${long}">${children}</p:B><tns1:C/>`,
  );
  expect(topics.map(({ path }) => path.map(({ local }) => local))).toEqual([['A'], ['C']]);
  // Milliseconds when linear.
  expect(performance.now() - began).toBeLessThan(5_000);
});
