import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { NS } from './namespaces.ts';
import { readSoapRequest } from './soap-request.ts';
import { usernameTokenCheck } from './username-token-check.ts';

const NOW = Date.parse('2026-03-04T09:00:00Z');
const TYPE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest';

function security({ password = 'secret', created = '2026-03-04T09:00:00Z', nonce = 'bm9uY2U=', without = '' } = {}) {
  const digest = createHash('sha1')
    .update(Buffer.from(nonce, 'base64'))
    .update(created)
    .update(password)
    .digest('base64');
  const parts = {
    Username: '<wsse:Username>ada</wsse:Username>',
    Password: `<wsse:Password Type="${TYPE}">${digest}</wsse:Password>`,
    Nonce: `<wsse:Nonce>${nonce}</wsse:Nonce>`,
    Created: `<wsu:Created>${created}</wsu:Created>`,
  };
  const inside = Object.entries(parts).map(([name, text]) => (name === without ? '' : text));
  const xml = `<e:Envelope xmlns:e="${NS.env}"><e:Header><wsse:Security xmlns:wsse="${NS.wsse}" xmlns:wsu="${NS.wsu}"><wsse:UsernameToken>${inside.join('')}</wsse:UsernameToken></wsse:Security></e:Header><e:Body><a/></e:Body></e:Envelope>`;
  return readSoapRequest(xml).headers[0]!;
}

describe('UsernameToken on a device', () => {
  it('takes a digest of nonce bytes, Created and password', () => {
    const check = usernameTokenCheck({ username: 'ada', password: 'secret' });
    expect(check(security(), NOW)).toEqual({ ok: true });
  });

  it('takes a nonce once', () => {
    const check = usernameTokenCheck({ username: 'ada', password: 'secret' });
    check(security(), NOW);
    expect(check(security(), NOW + 1000)).toMatchObject({ ok: false, replay: true });
    expect(check(security({ nonce: 'b3RoZXI=' }), NOW)).toEqual({ ok: true });
  });

  it('holds Created against its own clock, five minutes either way', () => {
    const check = usernameTokenCheck({ username: 'ada', password: 'secret' });
    expect(check(security(), NOW + 300_001).ok).toBe(false);
    expect(check(security(), NOW - 300_001).ok).toBe(false);
    expect(check(security(), NOW + 300_000).ok).toBe(true);
  });

  it.each(['Username', 'Password', 'Nonce', 'Created'])('refuses a token without %s', (without) => {
    const check = usernameTokenCheck({ username: 'ada', password: 'secret' });
    expect(check(security({ without }), NOW).ok).toBe(false);
  });

  it('refuses a wrong password', () => {
    const check = usernameTokenCheck({ username: 'ada', password: 'secret' });
    expect(check(security({ password: 'x' }), NOW)).toMatchObject({ ok: false });
  });
});
