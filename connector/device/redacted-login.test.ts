import { describe, expect, it } from 'vitest';
import { digestAuthorization, strongestChallenge } from './digest.ts';
import { redactedLogin } from './redacted-login.ts';
import { usernameTokenBlock } from './username-token.ts';

const PASSWORD = 'correct horse';
const security = usernameTokenBlock('ada', PASSWORD, '2026-11-23T08:00:00Z');
const request = { method: 'POST', uri: '/x', username: 'ada', password: PASSWORD, count: 1 };
const authorization = digestAuthorization(strongestChallenge('Digest realm="r", nonce="n0nce", qop="auth"')!, request);
const secretsOf = (text: string) => text.match(/[A-Za-z0-9+/=]{16,}/g) ?? [];

describe('a text of a device', () => {
  it('has neither password nor digest nor nonce of the login sent', () => {
    const [digest] = /(?<=PasswordDigest">)[^<]+/.exec(security)!;
    const [nonce] = /(?<=Base64Binary">)[^<]+/.exec(security)!;
    const text = `refused ${PASSWORD} and ${digest} with ${nonce}`;
    expect(redactedLogin(text, PASSWORD, { authorization: undefined, security })).toBe(
      'refused [redacted] and [redacted] with [redacted]',
    );
  });

  it('has nothing of an Authorization header, whole or in parts', () => {
    const [response] = /(?<=response=")[^"]+/.exec(authorization)!;
    const sent = { authorization, security: '' };
    for (const text of [
      `bad header Authorization: ${authorization}`,
      `the response ${response} is wrong`,
      `response="${response}"`,
    ]) {
      const clean = redactedLogin(text, PASSWORD, sent);
      expect(clean).not.toContain(response);
      expect(clean).not.toContain('n0nce');
    }
  });

  it('has nothing of a login of before either', () => {
    expect(secretsOf(redactedLogin(`echo ${security}`, PASSWORD, undefined))).not.toContain(
      /(?<=PasswordDigest">)[^<]+/.exec(security)![0],
    );
    expect(redactedLogin(`Authorization: Basic YWRhOmhvcnNl\nnext line`, PASSWORD, undefined)).toBe(
      '[redacted]\nnext line',
    );
  });

  it('is left as it is where nothing of a login is in it', () => {
    for (const text of ['Sender not authorized', '', 'no response from the sensor', 'a nonce is missing']) {
      expect(redactedLogin(text, '', undefined)).toBe(text);
    }
  });
});
