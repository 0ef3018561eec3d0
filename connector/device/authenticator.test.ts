import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { type AuthenticationMode, authenticator, type Refusal } from './authenticator.ts';
import { forgetfulHabits } from './connection-habits.ts';
import { childText, parseXml } from './xml-tree.ts';

const NOW = Date.parse('2026-11-23T08:00:00Z');
const CREDENTIALS = { username: 'ada', password: { reveal: () => 'secret' } };

function login(mode: AuthenticationMode = 'auto', skew = 0) {
  return authenticator({ credentials: CREDENTIALS, mode, clock: fakeClock(NOW), skew: () => skew });
}

const offer = (nonce: string, more = ''): string => `Digest realm="r", nonce="${nonce}", qop="auth"${more}`;
const refusal = (challenge: Refusal['challenge'], before = 0, fault = false): Refusal => ({ challenge, before, fault });
const member = (name: string, authorization: string | undefined) =>
  new RegExp(`${name}="?([^",]+)`).exec(authorization ?? '')?.[1];
const next = (of: ReturnType<typeof login>) => of.next('POST', new URL('http://device/onvif/x'));

describe('without anything to say', () => {
  it('sends nothing without credentials, and has no second try', () => {
    const nobody = authenticator({ credentials: undefined, mode: 'auto', clock: fakeClock(NOW), skew: () => 0 });
    expect(next(nobody)).toEqual({ authorization: undefined, security: '' });
    expect(nobody.refused(refusal(offer('n')))).toBe(false);
  });

  it('sends nothing in mode none, whatever the device asks', () => {
    const silent = login('none');
    expect(silent.refused(refusal(offer('n'), 0, true))).toBe(false);
    expect(next(silent)).toEqual({ authorization: undefined, security: '' });
  });
});

describe('learning what a device wants', () => {
  it('sends nothing first, then digest when challenged', () => {
    const auto = login();
    expect(next(auto)).toEqual({ authorization: undefined, security: '' });
    expect(auto.refused(refusal(offer('n')))).toBe(true);
    const { authorization, security } = next(auto);
    expect(member('nonce', authorization)).toBe('n');
    expect(member('uri', authorization)).toBe('/onvif/x');
    expect(security).toBe('');
  });

  it('sends a UsernameToken when refused by a fault without a challenge', () => {
    const auto = login();
    next(auto);
    expect(auto.refused(refusal(undefined, 0, true))).toBe(true);
    const { authorization, security } = next(auto);
    expect(authorization).toBeUndefined();
    expect(security).toContain('UsernameToken');
  });

  it('has no other try where neither challenge nor fault came', () => {
    const auto = login();
    next(auto);
    expect(auto.refused(refusal(undefined))).toBe(false);
  });

  it('prefers digest where challenge and fault come together', () => {
    const auto = login();
    next(auto);
    auto.refused(refusal(offer('n'), 0, true));
    expect(next(auto)).toMatchObject({ authorization: expect.stringContaining('Digest '), security: '' });
  });

  it('keeps to digest where told to', () => {
    const only = login('digest');
    next(only);
    expect(only.refused(refusal(undefined, 0, true))).toBe(false);
    expect(only.refused(refusal(offer('n')))).toBe(true);
    expect(next(only).authorization).toBeDefined();
  });

  it('keeps to the UsernameToken where told to, from the first request on', () => {
    const only = login('username-token');
    expect(next(only)).toMatchObject({ authorization: undefined, security: expect.stringContaining('UsernameToken') });
    expect(only.refused(refusal(offer('n')))).toBe(false);
    expect(next(only).authorization).toBeUndefined();
  });

  it('never sends both kinds', () => {
    for (const mode of ['auto', 'digest', 'username-token', 'none'] as const) {
      const any = login(mode);
      for (const [index, challenge] of [undefined, offer('a'), undefined, offer('b', ', stale=true')].entries()) {
        const { authorization, security } = next(any);
        expect(authorization === undefined || security === '').toBe(true);
        any.refused(refusal(challenge, index, true));
      }
    }
  });
});

describe('digest', () => {
  const loggedIn = () => {
    const auto = login();
    auto.refused(refusal(offer('n')));
    return auto;
  };
  const count = (of: ReturnType<typeof login>) => member('nc', next(of).authorization);

  it('uses a nonce again with a growing count', () => {
    const auto = loggedIn();
    expect([count(auto), count(auto), count(auto)]).toEqual(['00000001', '00000002', '00000003']);
  });

  it('takes a new nonce once for a request, and counts it from one', () => {
    const auto = loggedIn();
    count(auto);
    expect(auto.refused(refusal(offer('m')))).toBe(true);
    const { authorization } = next(auto);
    expect([member('nonce', authorization), member('nc', authorization)]).toEqual(['m', '00000001']);
  });

  it('goes on counting where the same nonce is offered again: no count may come twice', () => {
    const auto = loggedIn();
    count(auto);
    count(auto);
    // Two requests were under way: both are refused, both are offered the nonce of the moment.
    auto.refused(refusal(offer('m')));
    expect(count(auto)).toBe('00000001');
    auto.refused(refusal(offer('m')));
    expect(count(auto)).toBe('00000002');
  });

  it('sends a wrong password once for a request', () => {
    const auto = login();
    next(auto);
    expect(auto.refused(refusal(offer('a'), 0))).toBe(true);
    next(auto);
    expect(auto.refused(refusal(offer('b'), 1))).toBe(false);
  });

  it('does not count a stale nonce as a failure', () => {
    const auto = loggedIn();
    expect(auto.refused(refusal(offer('a', ', stale=true'), 0))).toBe(true);
    expect(auto.refused(refusal(offer('b', ', stale=true'), 1))).toBe(true);
    expect(member('nonce', next(auto).authorization)).toBe('b');
  });

  it('gives up where every nonce is stale', () => {
    const auto = loggedIn();
    const tries = [0, 1, 2, 3, 4].map((before) => auto.refused(refusal(offer(`n${before}`, ', stale=true'), before)));
    expect(tries).toEqual([true, true, true, false, false]);
  });
});

describe('UsernameToken', () => {
  it('is created in the time of the device', () => {
    const { security } = next(login('username-token', -3_600_000));
    const token = parseXml(Buffer.from(security)).children[0];
    expect(childText(token, 'Created')).toBe('2026-11-23T07:00:00Z');
    expect(childText(token, 'Username')).toBe('ada');
  });

  it('is not tried again when refused', () => {
    const auto = login();
    next(auto);
    expect(auto.refused(refusal(undefined, 0, true))).toBe(true);
    next(auto);
    expect(auto.refused(refusal(undefined, 1, true))).toBe(false);
  });
});

describe('what an earlier process learned', () => {
  const kept = (kind: 'digest' | 'username-token', mode: AuthenticationMode = 'auto') => {
    const habits = forgetfulHabits();
    habits.learn('login', kind, 'earlier');
    const options = { credentials: CREDENTIALS, mode, clock: fakeClock(NOW), skew: () => 0, habits };
    return { auth: authenticator(options), habits };
  };

  it('goes along with the first request', () => {
    expect(next(kept('username-token').auth).security).toContain('UsernameToken');
    // A digest answers a challenge: none has come yet.
    expect(next(kept('digest').auth)).toEqual({ authorization: undefined, security: '' });
  });

  it('is nothing against what the user says', () => {
    expect(next(kept('username-token', 'digest').auth).security).toBe('');
  });

  it('is unlearned where the device wants the other kind by now', () => {
    const { auth, habits } = kept('username-token');
    next(auth);
    expect(auth.refused(refusal(offer('n')))).toBe(true);
    expect(member('nonce', next(auth).authorization)).toBe('n');
    auth.accepted();
    expect(habits.login).toBe('digest');
  });
});
