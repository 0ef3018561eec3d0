import { describe, expect, it } from 'vitest';
import { settingsFromText } from '../../test/support/settings-from-text.ts';
import { Secret } from './secret.ts';
import { changesForRestart, listChange, sameValue, settingsInForce } from './settings-change.ts';

const read = async (yaml: string) => (await settingsFromText(yaml)).settings;
const devices = async (yaml: string) =>
  new Map((await read(`devices: [${yaml}]`)).devices.map((device) => [device.id, device]));

describe('values', () => {
  it.each([
    ['lists of the same', [1, { a: 'b' }], [1, { a: 'b' }], true],
    ['keys in another order', { a: 1, b: 2 }, { b: 2, a: 1 }, true],
    ['a key that is undefined, and none', { a: 1, b: undefined }, { a: 1 }, true],
    ['a longer list', [1], [1, 2], false],
    ['a list in another order', ['a', 'b'], ['b', 'a'], false],
    ['a list and an object like it', ['a'], { 0: 'a' }, false],
    ['text and number', '1', 1, false],
    ['null and nothing', null, undefined, false],
    ['an object and null', {}, null, false],
    ['a deep difference', { a: [{ b: 1 }] }, { a: [{ b: 2 }] }, false],
    ['equal secrets', { p: new Secret('x') }, { p: new Secret('x') }, true],
    ['other secrets, which print alike', { p: new Secret('x') }, { p: new Secret('y') }, false],
    ['a secret and its text', new Secret('x'), 'x', false],
    ['a secret and none', { p: new Secret('x') }, {}, false],
    ['a secret and an empty object', new Secret('x'), {}, false],
  ])('%s', (_, one, other, same) => {
    expect(sameValue(one, other)).toBe(same);
    expect(sameValue(other, one)).toBe(same);
  });
});

describe('a change of devices', () => {
  it('names what was added, removed and changed, and leaves the others alone', async () => {
    const before = await devices('{ id: a, address: h1 }, { id: b, address: h2 }, { id: c, address: h3 }');
    const after = await devices('{ id: d, address: h4 }, { id: c, address: h3 }, { id: b, address: h5 }');
    expect(listChange(before, after)).toEqual({ added: ['d'], removed: ['a'], changed: ['b'], unchanged: ['c'] });
  });

  it('is none where a default is written out, or inherited instead', async () => {
    const before = await read('devices: [{ id: a, address: 192.0.2.1, username: u, password: p }]');
    const after = await read(
      'deviceDefaults: { username: u, password: p, pullTimeout: 60s }\n' +
        'devices: [{ address: "http://192.0.2.1/onvif/device_service", auth: auto, id: a }]',
    );
    expect(sameValue(before.devices, after.devices)).toBe(true);
  });

  it.each([
    'password: q',
    'password: p, topicFilter: ["tns1:Device//."]',
    'password: p, tls: { verify: false }',
    'password: p, requestTimeout: 16s',
  ])('is one where a device says %s now', async (more) => {
    const login = 'id: a, address: h, username: u';
    const before = await devices(`{ ${login}, password: p }`);
    expect(listChange(before, await devices(`{ ${login}, ${more} }`)).changed).toEqual(['a']);
    expect(listChange(before, await devices(`{ ${login}, password: p }`)).unchanged).toEqual(['a']);
  });
});

describe('settings that need a restart', () => {
  it('are named by their paths, secrets without their text', async () => {
    const before = await read('http: { token: one }\nspool: { maxBytes: 1MiB }\nlog: { level: info }');
    const after = await read(
      'dataDir: ./other\nhttp: { token: two, listen: "127.0.0.1:1" }\nspool: { maxBytes: 2MiB }\n' +
        'log: { level: debug }\ndevices: [{ id: a, address: h }]\nbaseNotification: { url: "http://h" }',
    );
    expect(changesForRestart(before, after).sort()).toEqual([
      'baseNotification',
      'dataDir',
      'http.listen',
      'http.token',
      'spool.maxBytes',
    ]);
    expect(changesForRestart(after, after)).toEqual([]);
  });

  it('stay as they are, all others are taken', async () => {
    const before = await read('dataDir: ./a\nspool: { maxBytes: 1MiB }');
    const after = await read('dataDir: ./b\nlog: { level: debug }\ndevices: [{ id: a, address: h }]');
    const inForce = settingsInForce(before, after);
    expect(inForce).toEqual({ ...after, dataDir: './a', spool: before.spool });
    expect(changesForRestart(inForce, after)).toEqual(['dataDir', 'spool.maxBytes']);
  });
});
