import { expect, test } from 'vitest';
import { streamFilter } from './stream-filter.ts';

function passes(query: string, record: { kind?: string; device?: string; topic?: string }): boolean {
  const filter = streamFilter(new URLSearchParams(query));
  if (typeof filter === 'string') throw new Error(filter);
  return filter({ offset: 1, json: '', record: { kind: 'notification', device: 'front-door', ...record } });
}
const MODE = { topic: 'tns1:Door/State/DoorMode' };

test.each([
  ['', {}, true],
  ['last=5', {}, true],
  ['device=front-door', {}, true],
  ['device=yard,front-door', {}, true],
  ['device=yard&device=front-door', {}, true],
  ['device=front', {}, false],
  ['kind=gap', {}, false],
  ['kind=gap,notification', {}, true],
  ['topic=tns1:Door', MODE, true],
  ['topic=tns1:Door/', MODE, true],
  ['topic=tns1:Door/*', MODE, true],
  ['topic=tns1:Door//.', MODE, true],
  ['topic=tns1:Door/State/DoorMode', MODE, true],
  ['topic=tns1:Door/State/DoorModeX', MODE, false],
  ['topic=tns1:Doo', MODE, false],
  ['topic=tns1:Device,tns1:Door', MODE, true],
  ['topic=tns1:Door', {}, false],
  ['topic=tns1:Door&device=yard', MODE, false],
])('%s, %j: %s', (query, record, expected) => {
  expect(passes(query, record)).toBe(expected);
});

test('a list without end is refused', () => {
  expect(streamFilter(new URLSearchParams({ device: 'a,'.repeat(101) }))).toBe('at most 100 values of device');
});
