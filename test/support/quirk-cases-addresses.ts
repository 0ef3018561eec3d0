import { expect } from 'vitest';
import type { QuirkCase } from './quirk-case.ts';

const ADA = { credentials: { username: 'ada', password: { reveal: () => 'correct horse' } } };
const LOGIN = { username: 'ada', password: 'correct horse' };

/** Rows about where a device is, how it wants to be addressed and logged in to. */
export const ADDRESS_CASES: readonly QuirkCase[] = [
  { row: '1', quirks: ['wrong-host-address'], short: true },
  { row: '1', quirks: ['wrong-host-services'], short: true },
  { row: '2', quirks: ['empty-address'], ends: true },
  { row: '3', quirks: ['urn-address'], short: true },
  { row: '4', quirks: ['address-without-host'], short: true },
  { row: '4', quirks: ['address-control-character'], short: true },
  { row: '4', quirks: ['address-any-host'], short: true },
  { row: '4', quirks: ['address-double-port'], short: true },
  { row: '4', quirks: ['address-wrong-port'], short: true },
  { row: '5', quirks: ['address-percent-date'], short: true },
  { row: '6', quirks: ['shared-address'], ends: true },
  { row: '7', quirks: ['id-in-reference-parameters'], ends: true },
  { row: '8', quirks: ['needs-addressing'], short: true },
  { row: '8', quirks: ['needs-addressing-401'], short: true },
  {
    row: '8',
    quirks: ['chokes-on-addressing'],
    ...{ short: true, restarts: true },
    // Not for a second time.
    check: ({ lines }) => expect(lines).not.toContain('learned addressing false'),
  },
  { row: '9', quirks: ['addressing-2004'], short: true },
  { row: '10', quirks: ['odd-headers'], short: true },
  { row: '11', quirks: ['undeclared-prefixes'], short: true },
  { row: '15', quirks: ['prefixes-demanded'], short: true },
  { row: '31', quirks: ['get-services-unsupported'], short: true },
  { row: '31', quirks: ['event-properties-fault'], short: true },
  { row: '31', quirks: ['capabilities-lie'], short: true },
  { row: '16', quirks: ['echoes-security'], simulator: { ...LOGIN, auth: 'username-token' }, login: ADA, short: true },
  { row: '32', quirks: ['auth-on-date-time'], simulator: LOGIN, login: ADA, short: true },
  { row: '32', quirks: ['html-401'], simulator: LOGIN, login: ADA, short: true },
  {
    row: '32',
    quirks: ['not-authorized-400'],
    simulator: { ...LOGIN, auth: 'username-token' },
    login: ADA,
    short: true,
  },
  { row: '33', quirks: ['manager-on-other-port'], simulator: LOGIN, login: ADA },
  { row: '33', quirks: ['expect-hangs'], short: true },
  { row: '48', quirks: ['shared-endpoint'], short: true },
];
