import { describe, expect, it } from 'vitest';
import { NS } from '../device/namespaces.ts';
import { typedValue, valueKind } from './item-value.ts';

const xs = (local: string) => valueKind({ uri: NS.xs, local });

describe('kind of a type', () => {
  it.each([
    ['boolean', 'boolean'],
    ['int', 'integer'],
    ['integer', 'integer'],
    ['unsignedByte', 'integer'],
    ['negativeInteger', 'integer'],
    ['float', 'float'],
    ['double', 'float'],
    ['decimal', 'decimal'],
    ['string', 'text'],
    ['token', 'text'],
    ['dateTime', 'text'],
    ['hexBinary', 'text'],
    ['constructor', 'text'],
    ['', 'text'],
  ])('xs:%s is %s', (local, kind) => {
    expect(xs(local)).toBe(kind);
  });

  it('goes by the namespace: tokens and vendor types are text, digits or not', () => {
    expect(valueKind({ uri: NS.tt, local: 'ReferenceToken' })).toBe('text');
    expect(valueKind({ uri: 'urn:acme', local: 'int' })).toBe('text');
    expect(valueKind({ uri: 'http://www.w3.org/1999/XMLSchema', local: 'int' })).toBe('integer');
    expect(valueKind({ uri: '', local: 'boolean' })).toBe('boolean');
  });
});

describe('boolean', () => {
  it.each(['true', '1', 'TRUE', 'True', ' true '])('%j is true', (text) => {
    expect(typedValue(text, 'boolean')).toBe(true);
  });
  it.each(['false', '0', 'FALSE', 'False', '\n0\t'])('%j is false', (text) => {
    expect(typedValue(text, 'boolean')).toBe(false);
  });
  it.each(['', ' ', 'yes', 'on', 'active', 'tRUE', '2', '01', '-1', 'null', '__proto__'])('%j stays text', (text) => {
    expect(typedValue(text, 'boolean')).toBe(text);
  });
});

describe('integer', () => {
  it.each([
    ['0', 0],
    ['-0', 0],
    ['+5', 5],
    ['-12', -12],
    ['007', 7],
    [' 42\n', 42],
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
  ])('%j is %d', (text, value) => {
    expect(Object.is(typedValue(text, 'integer'), value)).toBe(true);
  });
  it.each([
    '9007199254740992',
    '9007199254740993',
    '12345678901234567890',
    '1.0',
    '1e3',
    '0x10',
    '1 2',
    '',
    '-',
    '+-1',
    'INF',
    '１',
  ])('%j stays text', (text) => {
    expect(typedValue(text, 'integer')).toBe(text);
  });
});

describe('float', () => {
  it.each([
    ['1', 1],
    ['1.', 1],
    ['.5', 0.5],
    ['-1.5e-3', -0.0015],
    ['+2E+2', 200],
    ['-0', 0],
    ['  98.60 ', 98.6],
    ['007.5', 7.5],
  ])('%j is %d', (text, value) => {
    expect(Object.is(typedValue(text, 'float'), value)).toBe(true);
  });
  it.each(['INF', '-INF', '+INF', 'NaN', 'Infinity', '1e999', '', '.', 'e5', '1e', '1,5', '0x1', '1 2', '--1'])(
    '%j stays text',
    (text) => {
      expect(typedValue(text, 'float')).toBe(text);
    },
  );
});

describe('decimal', () => {
  it.each([
    ['12.50', 12.5],
    ['-0.0', 0],
    ['000123456789012345', 123456789012345],
    ['0.000001', 0.000001],
  ])('%j is %d', (text, value) => {
    expect(Object.is(typedValue(text, 'decimal'), value)).toBe(true);
  });
  it.each(['1e5', '12345678901234567890', '0.12345678901234567', 'INF', ''])('%j stays text', (text) => {
    expect(typedValue(text, 'decimal')).toBe(text);
  });
});

it('text is text, blanks and all', () => {
  for (const text of ['', ' 1 ', 'true', '007', 'NaN']) expect(typedValue(text, 'text')).toBe(text);
});

it.each(['integer', 'decimal', 'float'] as const)('a long text that is almost %s costs next to nothing', (kind) => {
  const hostile = `${'1'.repeat(500_000)}x`;
  const began = performance.now();
  expect(typedValue(hostile, kind)).toBe(hostile);
  expect(performance.now() - began).toBeLessThan(1_000);
});
