import { describe, expect, it } from 'vitest';
import { closest } from './did-you-mean.ts';

const VERBS = ['run', 'demo', 'simulate', 'validate', 'check', 'inspect', 'tap', 'discover', 'schema', 'config'];

describe('closest', () => {
  it.each([
    ['adress', ['address', 'auth', 'id'], 'address'],
    ['validat', VERBS, 'validate'],
    ['shcema', VERBS, 'schema'],
    ['pul-point', ['auto', 'pull-point', 'base-notification'], 'pull-point'],
    ['data_dir', ['dataDir', 'devices'], 'dataDir'],
    ['URL', ['url', 'name'], 'url'],
    ['rnu', VERBS, 'run'],
  ])('takes %s for the nearest candidate', (word, candidates, meant) => {
    expect(closest(word, candidates)).toBe(meant);
  });

  it.each([
    ['hunter', VERBS],
    ['x', ['a', 'b']],
    ['', VERBS],
    ['run', []],
  ])('suggests nothing for "%s" where nothing is near', (word, candidates) => {
    expect(closest(word, candidates)).toBeUndefined();
  });

  it('never suggests the word itself', () => {
    expect(closest('id', ['id'])).toBeUndefined();
  });

  it('takes the same time for absurdly long words', () => {
    expect(closest('x'.repeat(1_000_000), ['y'.repeat(1_000_000)])).toBeUndefined();
  });
});
