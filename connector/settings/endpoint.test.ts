import { describe, expect, it } from 'vitest';
import { brokerUrlMisreading, deviceAddress, endpointText, isLoopback, parseEndpoint } from './endpoint.ts';

describe('parseEndpoint', () => {
  it.each([
    ['127.0.0.1:9464', '127.0.0.1', 9464],
    ['localhost:0', 'localhost', 0],
    ['[::1]:80', '::1', 80],
    ['broker.example:9092', 'broker.example', 9092],
  ])('reads %s, and writes it back', (text, host, port) => {
    expect(parseEndpoint(text)).toEqual({ host, port });
    expect(endpointText({ host, port })).toBe(text);
  });

  it.each(['', '9464', ':9464', 'a:b', 'a:70000', '::1:80', 'http://a:80', 'a:80/x'])('refuses "%s"', (text) => {
    expect(parseEndpoint(text)).toBeUndefined();
  });
});

describe('isLoopback', () => {
  it('knows what only this machine reaches', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', 'LOCALHOST'].every(isLoopback)).toBe(true);
    expect(['0.0.0.0', '::', '192.0.2.1', '127.0.0.1.evil.example', 'localhost.example'].some(isLoopback)).toBe(false);
  });
});

describe('deviceAddress', () => {
  it.each([
    ['192.0.2.10', 'http://192.0.2.10/onvif/device_service'],
    ['192.0.2.10:8000', 'http://192.0.2.10:8000/onvif/device_service'],
    ['[2001:db8::1]:8000', 'http://[2001:db8::1]:8000/onvif/device_service'],
    ['camera.example', 'http://camera.example/onvif/device_service'],
    ['https://192.0.2.10', 'https://192.0.2.10/onvif/device_service'],
    ['http://192.0.2.10/', 'http://192.0.2.10/onvif/device_service'],
    ['http://192.0.2.10/Onvif/Service?x=1', 'http://192.0.2.10/Onvif/Service?x=1'],
    ['HTTPS://192.0.2.10/Onvif/Service', 'https://192.0.2.10/Onvif/Service'],
  ])('makes a URL of %s', (text, url) => {
    expect(deviceAddress(text)).toBe(url);
  });

  it('suggests the scheme where only that is missing', () => {
    expect(deviceAddress('192.0.2.10/onvif/x')).toEqual({
      message: 'must be an http(s) URL or host[:port]',
      suggestion: 'http://192.0.2.10/onvif/x',
    });
  });

  it.each(['', 'http://', 'ftp://a', 'a b', 'http://a:99999/', '192.0.2.300'])('refuses "%s"', (text) => {
    expect(deviceAddress(text)).toEqual({ message: 'must be an http(s) URL or host[:port]' });
  });

  it.each(['http://u:hunter2@a/', 'u:hunter2@a/b'])(
    'sends credentials in the address to their own keys, without repeating them',
    (text) => {
      expect(deviceAddress(text)).toEqual({
        message: 'must be an http(s) URL or host[:port] without user and password (they have their own keys)',
      });
    },
  );
});

describe('brokerUrlMisreading', () => {
  it.each(['mqtt://a', 'mqtts://a:8883', 'ws://a/mqtt', 'wss://a/mqtt', 'mqtt://u:p@a'])('takes %s', (url) => {
    expect(brokerUrlMisreading(url)).toBeUndefined();
  });

  it.each([
    ['tcp://a:1883', 'mqtt://a:1883'],
    ['ssl://u:hunter2@a', 'mqtts://***@a'],
    ['https://a/mqtt', 'wss://a/mqtt'],
    ['a:1883', 'mqtt://a:1883'],
    ['gopher://a', undefined],
  ])('tells what %s was probably meant to be', (url, suggestion) => {
    expect(brokerUrlMisreading(url)?.suggestion).toBe(suggestion);
  });
});
