import { expect, test } from 'vitest';
import { growth } from './growth.ts';

const row = (value: (second: number) => number) =>
  Array.from({ length: 120 }, (_, second) => [second * 1000, value(second)] as const);

test('a saw over a level floor does not grow', () => {
  const { mean, part } = growth(row((second) => 100 + (second % 10) * 5));
  expect(mean).toBe(100);
  expect(Math.abs(part)).toBeLessThan(0.001);
});

test('a leak under the saw is seen', () => {
  const { perHour, part } = growth(row((second) => 100 + (second % 10) * 5 + second / 2));
  expect(perHour).toBeCloseTo(1800, 0);
  expect(part).toBeGreaterThan(0.4);
});

test('too few samples are no answer', () => {
  expect(() => growth(row(() => 1).slice(0, 5))).toThrow('too few');
});
