import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { NS } from './namespaces.ts';
import { usernameTokenBlock } from './username-token.ts';
import { attribute, child, childText, parseXml } from './xml-tree.ts';

const token = (block: string) => child(parseXml(Buffer.from(block)), 'UsernameToken');

describe('WS-UsernameToken (Core 5.9.5)', () => {
  it('is the digest of nonce bytes, Created and password', () => {
    const nonce = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
    const read = token(usernameTokenBlock('ada', 'pässword', '2026-11-23T08:00:00Z', nonce));
    // The same by another way: one buffer, one call.
    const bytes = Buffer.concat([nonce, Buffer.from('2026-11-23T08:00:00Zpässword', 'utf8')]);
    expect(childText(read, 'Password')).toBe(hash('sha1', bytes, 'base64'));
    expect(childText(read, 'Nonce')).toBe('AAECAwQFBgcICQoLDA0ODw==');
    expect(childText(read, 'Created')).toBe('2026-11-23T08:00:00Z');
    expect(childText(read, 'Username')).toBe('ada');
  });

  it('agrees with a value worked out by sha1sum', () => {
    const block = usernameTokenBlock('ada', 'secret', '2026-11-23T08:00:00Z', Buffer.from('0123456789abcdef'));
    expect(childText(token(block), 'Password')).toBe('BFUQSsU75RlLa9dkPvDSJRQy8JI=');
  });

  it('says what kind of password and nonce it is, in the namespaces of WSS', () => {
    const block = usernameTokenBlock('ada', 's', '2026-11-23T08:00:00Z');
    const read = token(block);
    expect(read?.uri).toBe(NS.wsse);
    expect(child(read, 'Created')?.uri).toBe(NS.wsu);
    expect(attribute(child(read, 'Password'), 'Type')).toMatch(/username-token-profile-1\.0#PasswordDigest$/);
    expect(attribute(child(read, 'Nonce'), 'EncodingType')).toMatch(/soap-message-security-1\.0#Base64Binary$/);
    expect(block).not.toMatch(/mustUnderstand/);
  });

  it('has a fresh nonce of 16 bytes each time', () => {
    const nonces = [1, 2, 3].map(() => childText(token(usernameTokenBlock('a', 'b', 'c')), 'Nonce')!);
    expect(new Set(nonces).size).toBe(3);
    for (const nonce of nonces) expect(Buffer.from(nonce, 'base64')).toHaveLength(16);
  });

  it('escapes a name that is no XML, and never holds the password', () => {
    const block = usernameTokenBlock('a<b>&"c', 'secret-word', '2026-11-23T08:00:00Z');
    expect(childText(token(block), 'Username')).toBe('a<b>&"c');
    expect(block).not.toContain('secret-word');
  });
});
