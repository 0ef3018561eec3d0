import { describe, expect, it } from 'vitest';
import { sameSettings } from './same-settings.ts';
import { settingsFromText } from './settings-from-text.ts';

const devices = async (line: string) =>
  (await settingsFromText(`devices: [{ id: a, address: x, ${line} }]`)).settings.devices;

describe('sameSettings', () => {
  it('is true for what was written differently but means the same', async () => {
    expect(sameSettings(await devices('pullTimeout: 60s'), await devices('pullTimeout: PT1M, auth: auto'))).toBe(true);
    const [one, two] = [await devices('username: u, password: p'), await devices('password: p, username: u')];
    expect(sameSettings(one, two)).toBe(true);
  });

  it.each([
    ['a password', 'username: u, password: p', 'username: u, password: q'],
    ['a number', 'messageLimit: 1', 'messageLimit: 2'],
    ['a key more', 'name: n', ''],
    ['the order of a list', 'topicFilter: ["tns1:A", "tns1:B"]', 'topicFilter: ["tns1:B", "tns1:A"]'],
    ['the length of a list', 'topicFilter: ["tns1:A"]', 'topicFilter: []'],
  ])('is false where %s differs', async (_what, one, other) => {
    expect(sameSettings(await devices(one), await devices(other))).toBe(false);
    expect(sameSettings(await devices(other), await devices(one))).toBe(false);
  });
});
