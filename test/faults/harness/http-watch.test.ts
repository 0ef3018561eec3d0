import { expect, test } from 'vitest';
import { httpWatch, type WireExchange } from './http-watch.ts';

const post = (body: string, target = '/onvif/subscription?id=1') =>
  `POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const PULL = '<s:Envelope><s:Body><tev:PullMessages/></s:Body></s:Envelope>';
const answer = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

function watched() {
  const log: WireExchange[] = [];
  let now = 0;
  return { log, watch: httpWatch(log, () => ++now) };
}

test('tells operation, target and times of exchanges, however the bytes are cut', () => {
  const { log, watch } = watched();
  for (const byte of Buffer.from(post(PULL))) watch.request(Buffer.from([byte]));
  expect(watch.waiting).toBe(true);
  for (const byte of Buffer.from(answer('<x/>'))) watch.answer(Buffer.from([byte]));
  expect(watch.waiting).toBe(false);
  expect(log).toEqual([
    { operation: 'PullMessages', target: '/onvif/subscription?id=1', from: 1, to: 2, outcome: 'answered' },
  ]);
});

test('an exchange lasts until its answer is whole or the connection is closed', () => {
  const { log, watch } = watched();
  watch.request(Buffer.from(post(PULL)));
  watch.answer(Buffer.from(answer('<x/>').slice(0, -2)));
  expect(log[0]!.to).toBeNull();
  watch.closed();
  expect(log[0]).toMatchObject({ to: 2, outcome: 'cut' });
});

test('reads chunked answers', () => {
  const { log, watch } = watched();
  watch.request(Buffer.from(post(PULL)));
  watch.answer(Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n<x/>\r\n'));
  expect(log[0]!.to).toBeNull();
  watch.answer(Buffer.from('0\r\n\r\n'));
  expect(log[0]).toMatchObject({ outcome: 'answered' });
});
