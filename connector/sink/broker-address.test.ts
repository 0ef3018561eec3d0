import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../errors.ts';
import { brokerAddress } from './broker-address.ts';

describe('broker addresses', () => {
  it.each([
    ['mqtt://broker', { protocol: 'mqtt', host: 'broker', port: 1883, path: '', text: 'mqtt://broker:1883' }],
    ['mqtts://broker', { protocol: 'mqtts', port: 8883 }],
    ['ws://broker/mqtt?x=1', { protocol: 'ws', port: 80, path: '/mqtt?x=1', text: 'ws://broker:80/mqtt' }],
    ['wss://broker:9001', { protocol: 'wss', port: 9001, path: '/' }],
    ['mqtt://[2001:db8::1]:1884', { host: '2001:db8::1', port: 1884, text: 'mqtt://[2001:db8::1]:1884' }],
  ])('reads %s', (url, expected) => {
    expect(brokerAddress(url, 'b')).toMatchObject(expected);
  });

  it('takes credentials out of the text meant for people', () => {
    const address = brokerAddress('mqtt://events:p%40ss%@broker:1883', 'b');
    expect(address).toMatchObject({ username: 'events', password: 'p%40ss%', text: 'mqtt://broker:1883' });
    expect(brokerAddress('mqtt://events:p%40ss@broker', 'b').password).toBe('p@ss');
  });

  it.each(['', 'broker:1883', 'http://broker', 'mqtt://', 'mqtt://user:secret@:1883'])(
    'refuses %s without repeating it',
    (url) => {
      expect(() => brokerAddress(url, 'lake')).toThrow(ConfigurationError);
      expect(() => brokerAddress(url, 'lake')).toThrow(/sink lake/);
      expect(() => brokerAddress(url, 'lake')).not.toThrow(/secret/);
    },
  );
});
