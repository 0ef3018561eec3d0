import type { IPublishPacket } from 'mqtt';
import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import type { OutboundMessage } from '../mapping/mapping.ts';
import { inboundMessages, topicMatches } from './mqtt-inbound.ts';
import type { InboundMessage, Reply } from './sink.ts';

function rig(onMessage: (message: InboundMessage, reply: Reply) => void) {
  const clock = fakeClock();
  const replies: OutboundMessage[] = [];
  const troubles: string[] = [];
  const take = inboundMessages({
    subscriptions: [{ filter: 'request/#', onMessage }],
    reply: (message) => replies.push(message),
    clock,
    onTrouble: (trouble, what) => troubles.push(`${trouble}: ${what}`),
  });
  const send = (topic: string, payload: string | Buffer = '', properties?: IPublishPacket['properties']) =>
    take({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false, ...(properties && { properties }) });
  return { clock, replies, troubles, send };
}

const answer = (topic: string): OutboundMessage => ({
  ...{ topic, payload: '', retain: false, contentType: '', attributes: [] },
});

it('reach those alone whose filter they match', () => {
  const heard: string[] = [];
  const { send } = rig(({ topic }) => heard.push(topic));
  for (const topic of ['request/call', 'other', 'request']) send(topic);
  expect(heard).toEqual(['request/call', 'request']);
});

it('are answered nowhere that is no topic, and tell of no such place', () => {
  const asked: (string | undefined)[] = [];
  const { send, replies } = rig(({ responseTopic }, reply) => {
    asked.push(responseTopic);
    for (const topic of ['', 'a/#', 'a/+', 'a\0', '$SYS/a', 'a'.repeat(70_000)]) reply(answer(topic));
    reply(answer('a/b'));
  });
  for (const responseTopic of ['a/#', 'a/b']) send('request/x', '', { responseTopic });
  expect(asked).toEqual([undefined, 'a/b']);
  expect(replies.map(({ topic }) => topic)).toEqual(['a/b', 'a/b']);
});

it('are dropped beyond a size and a number, which is told once a minute', () => {
  let heard = 0;
  const { send, clock, troubles } = rig(() => {
    heard += 1;
  });
  for (let i = 0; i < 3; i++) send('request/x', Buffer.alloc(65_537));
  expect([heard, troubles]).toEqual([0, ["dropped: a message to 'request/x' of 65537 bytes"]]);
  for (let i = 0; i < 1_200; i++) send('request/x');
  expect(heard).toBe(1_000);
  clock.advance(60_000);
  for (let i = 0; i < 1_200; i++) send('request/x');
  expect(heard).toBe(2_000);
  expect(troubles.slice(1)).toEqual(['dropped: more than 1000 messages in a second']);
});

describe('a topic filter', () => {
  it.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/b/c', false],
    ['a/+', 'a/b', true],
    ['a/+', 'a/b/c', false],
    ['a/+', 'a', false],
    ['a/+/c', 'a//c', true],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['#', 'a/b', true],
    ['#', '$SYS/x', false],
    ['+/x', '$SYS/x', false],
    ['$SYS/#', '$SYS/x', true],
  ])('%s and %s: %s', (filter, topic, matches) => {
    expect(topicMatches(filter, topic)).toBe(matches);
  });
});
