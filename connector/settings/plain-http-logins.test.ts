import { expect, it } from 'vitest';
import { settingsFromText } from '../../test/support/settings-from-text.ts';
import { plainHttpLogins } from './plain-http-logins.ts';

it('logins over plain HTTP are those of devices with a login and neither https nor auth: none', async () => {
  const { settings } = await settingsFromText(`
deviceDefaults: { username: u, password: p }
devices:
  - { id: plain, address: 192.0.2.1 }
  - { id: named, address: "HTTP://192.0.2.2/x" }
  - { id: secure, address: "https://192.0.2.3" }
  - { id: open, address: 192.0.2.4, auth: none }
  - { id: nobody, address: 192.0.2.5, username: , password: }
`);
  expect(plainHttpLogins(settings)).toEqual(['plain', 'named']);
});
