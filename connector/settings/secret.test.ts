import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { maskUserinfo, Secret } from './secret.ts';

describe('Secret', () => {
  const secret = new Secret('hunter2');

  it('shows itself only when asked by name', () => {
    expect(secret.reveal()).toBe('hunter2');
    const shown = [
      `${secret}`,
      String(secret),
      JSON.stringify({ secret }),
      inspect({ secret }, { showHidden: true }),
      inspect(secret),
    ];
    for (const text of shown) {
      expect(text).toContain('***');
      expect(text).not.toContain('hunter2');
    }
    expect(Object.values(secret)).toEqual([]);
    expect({ ...secret }).toEqual({});
  });

  it('tells whether another one is the same', () => {
    expect(secret.equals(new Secret('hunter2'))).toBe(true);
    expect(secret.equals(new Secret('hunter3'))).toBe(false);
  });
});

describe('maskUserinfo', () => {
  it.each([
    ['mqtt://user:hunter2@host:1883', 'mqtt://***@host:1883'],
    ['mqtt://user:hun/t@er2@host', 'mqtt://***@host'],
    ['user:hunter2@host', '***@host'],
    ['mqtt://host', 'mqtt://host'],
  ])('%s → %s', (text, masked) => {
    expect(maskUserinfo(text)).toBe(masked);
  });
});
