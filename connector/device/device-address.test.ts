import { describe, expect, it } from 'vitest';
import { deviceServiceUrl, reachableUrl } from './device-address.ts';

describe('the address a user gives', () => {
  it.each([
    ['192.0.2.1', 'http://192.0.2.1/onvif/device_service'],
    ['192.0.2.1:8080', 'http://192.0.2.1:8080/onvif/device_service'],
    ['camera.example', 'http://camera.example/onvif/device_service'],
    ['[2001:db8::1]:8000', 'http://[2001:db8::1]:8000/onvif/device_service'],
    ['http://192.0.2.1', 'http://192.0.2.1/onvif/device_service'],
    ['https://192.0.2.1:8443/', 'https://192.0.2.1:8443/onvif/device_service'],
    ['http://192.0.2.1/sim-1/onvif/device_service', 'http://192.0.2.1/sim-1/onvif/device_service'],
    ['192.0.2.1:8080/my/path?a=1', 'http://192.0.2.1:8080/my/path?a=1'],
    ['http://ada:secret@192.0.2.1/x', 'http://192.0.2.1/x'],
  ])('%s is the device service at %s', (given, expected) => {
    expect(deviceServiceUrl(given).href).toBe(expected);
  });

  it.each(['', 'http://', 'http://a b/', '192.0.2.1:port'])('%j is none', (given) => {
    expect(() => deviceServiceUrl(given)).toThrow(TypeError);
  });
});

const FALLBACK = new URL('http://192.0.2.1/onvif/event_service');
const reach = (given: string, configured = 'http://192.0.2.1/onvif/device_service') =>
  reachableUrl(given, new URL(configured), FALLBACK).href;
const MAPPED = 'http://192.0.2.1:8080/onvif/device_service';
const SECURE = 'https://192.0.2.1:8443/onvif/device_service';

describe('where to connect for an address a device gave', () => {
  it('the named host on another port may be a real listener: kept (Reolink)', () => {
    expect(reach('http://192.0.2.1:8000/onvif/PullSubManager?Idx=1')).toBe(
      'http://192.0.2.1:8000/onvif/PullSubManager?Idx=1',
    );
    expect(reach('http://192.0.2.1:8000/x', MAPPED)).toBe('http://192.0.2.1:8000/x');
    expect(reach('http://192.0.2.1:80/x', MAPPED)).toBe('http://192.0.2.1/x');
  });

  it('no port given and another one configured: the configured one', () => {
    expect(reach('http://192.0.2.1/onvif/Subscription?Idx=5', MAPPED)).toBe(
      'http://192.0.2.1:8080/onvif/Subscription?Idx=5',
    );
    expect(reach('http://[2001:db8::1]/x', 'http://[2001:db8::1]:8080/y')).toBe('http://[2001:db8::1]:8080/x');
  });

  it.each([
    ['http://10.0.0.5/onvif/x?Idx=5', 'behind NAT'],
    ['http://10.0.0.5:8000/onvif/x?Idx=5', 'behind NAT, with a port of its own'],
    ['http://0.0.0.0/onvif/x?Idx=5', 'a device that does not know itself'],
    ['http://0.0.0.0:8000/onvif/x?Idx=5', 'nor its port'],
    ['https://10.0.0.5/onvif/x?Idx=5', 'another host by TLS, where the user goes without'],
    ['http://ada:secret@10.0.0.5/onvif/x?Idx=5', 'with a login'],
    ['http:///onvif/x?Idx=5', 'no host at all (RaySharp)'],
    ['http://\u0007:80/onvif/x?Idx=5', 'an unprintable host (yi-hack)'],
    ['http://192.0.2.1:80:80/onvif/x?Idx=5', 'two ports'],
    ['http://192.0.2.1:99999/onvif/x?Idx=5', 'a port that cannot be'],
    [' http://10.0.0.5/onvif/x?Idx=5\n', 'blanks around it'],
    ['HTTP://10.0.0.5/onvif/x?Idx=5', 'capitals'],
  ])('%j goes to the named host and port with its own path and query: %s', (given) => {
    expect(reach(given)).toBe('http://192.0.2.1/onvif/x?Idx=5');
    if (!given.includes('192.0.2.1')) expect(reach(given, MAPPED)).toBe('http://192.0.2.1:8080/onvif/x?Idx=5');
  });

  it.each([
    ['', 'empty'],
    ['   ', 'blank'],
    ['urn:uuid:00000000-0000-0000-0000-000000000001', 'an identifier'],
    ['http://', 'a scheme alone'],
    ['http://\u0007:80', 'nothing but an unprintable host'],
    ['http://www.w3.org:bad', 'a port in words and no path'],
    ['ftp://192.0.2.1/x', 'another scheme'],
    ['javascript:alert(1)', 'no address'],
    ['/onvif/x', 'a path alone'],
  ])('%j falls back: %s', (given) => {
    expect(reach(given)).toBe(FALLBACK.href);
  });

  it.each([
    'http://192.0.2.1/onvif/Subscription?Idx=%17:46:23',
    'http://192.0.2.1/onvif/a%2Fb/?x=a+b&y=',
    'http://192.0.2.1/Subscription',
    'http://192.0.2.1/Subscription/',
    'http://192.0.2.1/?Idx=1',
  ])('keeps path and query of %s to the letter', (given) => {
    expect(reach(given)).toBe(given);
    expect(reach(given.replace('192.0.2.1', '10.0.0.5'))).toBe(given);
  });
});

describe('what an address of a device must not do', () => {
  it('ask in clear what the user reaches by TLS (trap 57)', () => {
    expect(reach('http://192.0.2.1/x', SECURE)).toBe('https://192.0.2.1:8443/x');
    expect(reach('http://192.0.2.1:8000/x', SECURE)).toBe('https://192.0.2.1:8443/x');
    expect(reach('http://10.0.0.5:8000/x', SECURE)).toBe('https://192.0.2.1:8443/x');
    expect(reach('https://192.0.2.1:9443/x', SECURE)).toBe('https://192.0.2.1:9443/x');
  });

  it.each([
    'http://a b//evil.example/x',
    'http:////evil.example/x',
    'http:\\\\evil.example/x',
    'http:/\\evil.example/x',
    'http://192.0.2.1@evil.example/x',
    'http://192.0.2.1:x//evil.example/x',
    '//evil.example/x',
    'https://evil.example:8443/x',
  ])('lead to a host that the user did not name: %s', (given) => {
    for (const configured of ['http://192.0.2.1/', MAPPED, SECURE]) {
      expect(new URL(reach(given, configured)).hostname).toBe('192.0.2.1');
    }
  });

  it('bring a login of its own', () => {
    expect(reach('http://ada:secret@192.0.2.1/x')).toBe('http://192.0.2.1/x');
  });
});

const HOSTS = [
  'http://camera.example/',
  'https://camera.example:8443/',
  'http://[2001:db8::1]:8080/',
  'http://192.0.2.1/',
];
const GIVEN = [
  'http://evil.example/x',
  'http://camera.example.evil.example/x',
  'http://camera.example@evil.example/x',
  'http://camera.example:80@evil.example/x',
  'http://ada:secret@evil.example:8000/x',
  'http://evil.example#@camera.example/x',
  'http://evil.example\\@camera.example/x',
  'https://evil.example/x',
  'HTTPS://EVIL.EXAMPLE:8443/x',
  'ftp://evil.example/x',
  'file:///etc/passwd',
  'ws://evil.example/x',
  'http:evil.example/x',
  'http:///evil.example/x',
  'http:////evil.example/x',
  'https:///\\evil.example/x',
  'http://[2001:db8::2]/x',
  'http://[::ffff:203.0.113.5]/x',
  'http://0/x',
  'http://2130706433/x',
  'http://0x7f.1/x',
  'http://127.0.0.1/x',
  'http://localhost:22/x',
  'http://169.254.169.254/latest/meta-data',
  'http://%65vil.example/x',
  'http://evil\u3002example/x',
  'http://evil.example:99999/x',
  'http://evil.example:80:80/x',
  'http://\u0007evil.example/x',
  'http://evil.example\t/x',
  '\nhttp://evil.example/x',
  'http://%17:46:23/x',
  'http://192.0.2.1%17:46:23/x',
  'urn:uuid:00000000-0000-0000-0000-000000000001',
  'data:text/xml,<a/>',
  '\\\\evil.example\\x',
];

describe('an address that a device gave must not', () => {
  it.each(GIVEN)('lead away from the host the user named, whatever that is: %j', (given) => {
    for (const configured of HOSTS) {
      const own = new URL(configured);
      const to = reachableUrl(given, own, new URL('/onvif/event_service', own));
      expect(to.hostname).toBe(own.hostname);
      expect(['http:', own.protocol]).toContain(to.protocol === 'https:' ? own.protocol : to.protocol);
      if (own.protocol === 'https:') expect(to.protocol).toBe('https:');
      expect(to.username + to.password).toBe('');
    }
  });

  it.each([
    ['http://camera.example/', 'http://CAMERA.example:8000/x', 'http://camera.example:8000/x'],
    ['http://[2001:db8::1]/', 'http://[2001:DB8:0:0::1]:8000/x', 'http://[2001:db8::1]:8000/x'],
    ['http://camera.example/', 'http://192.0.2.7:8000/x', 'http://camera.example/x'],
    ['http://192.0.2.1/', 'http://camera.local:8000/x', 'http://192.0.2.1/x'],
    ['http://[2001:db8::1]:81/', 'http://192.0.2.7/x?Idx=%17:46:23', 'http://[2001:db8::1]:81/x?Idx=%17:46:23'],
  ])('be taken for another: %s and %s is %s', (configured, given, expected) => {
    expect(reach(given, configured)).toBe(expected);
  });
});
