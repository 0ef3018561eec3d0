import type { Settings } from './settings-schema.ts';

/** Ids of the devices that are logged in to over plain HTTP: normal for cameras, and to be known. */
export function plainHttpLogins({ devices }: Settings): string[] {
  return devices
    .filter(({ address, username, auth }) => username !== undefined && auth !== 'none' && address.startsWith('http:'))
    .map(({ id }) => id);
}
