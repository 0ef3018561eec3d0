import { expect, it } from 'vitest';
import { localName, prefixOf } from './qname.ts';

it.each([
  ['tns1:Device', 'tns1', 'Device'],
  ['Device', '', 'Device'],
  [':Device', '', 'Device'],
  ['a:b:c', 'a', 'b:c'],
  ['a:', 'a', ''],
  ['', '', ''],
])('%j is cut at its first colon', (name, prefix, local) => {
  expect([prefixOf(name), localName(name)]).toEqual([prefix, local]);
});
