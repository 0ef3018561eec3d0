import { ConfigurationError } from '../errors.ts';
import { ADDRESS_QUIRKS } from './address-quirks.ts';
import { DEVICE_QUIRKS } from './device-quirks.ts';
import { LEASE_QUIRKS } from './lease-quirks.ts';
import { MESSAGE_QUIRKS } from './message-quirks.ts';

/**
 * Deviations real devices show, by name: what the device does, and on which devices it was seen or which clause it
 * strains. A quirk with a `value` may be given one: `clock-skew=-7200`.
 */
const TABLE = { ...LEASE_QUIRKS, ...ADDRESS_QUIRKS, ...MESSAGE_QUIRKS, ...DEVICE_QUIRKS };

export type QuirkName = keyof typeof TABLE;

export interface Quirks {
  has(name: QuirkName): boolean;
  /** The number given with the quirk, else its default; null where the device does not have it. */
  value(name: QuirkName): number | null;
  readonly names: readonly string[];
}

/** Names with a line of description each, for help texts. */
export function quirkDescriptions(): readonly (readonly [string, string])[] {
  return Object.entries(TABLE).map(([name, { says, from }]) => [name, `${says} (${from})`]);
}

/** Reads `name` or `name=number`. Throws ConfigurationError that lists the known ones. */
export function quirksFrom(names: readonly string[]): Quirks {
  const chosen = new Map<string, number | null>();
  for (const text of names) {
    const [name = '', given] = text.split('=', 2);
    if (!Object.hasOwn(TABLE, name)) {
      const known = Object.keys(TABLE).join(', ');
      throw new ConfigurationError('simulator-quirk', `Unknown quirk "${name}". Known ones: ${known}`);
    }
    const entry = TABLE[name as QuirkName];
    const usual: number | undefined = 'value' in entry ? entry.value : undefined;
    if (given !== undefined && (usual === undefined || !/^-?\d+(\.\d+)?$/.test(given))) {
      throw new ConfigurationError(
        'simulator-quirk',
        usual === undefined ? `Quirk ${name} takes no value` : `Quirk ${name} needs a number, not "${given}"`,
      );
    }
    chosen.set(name, given === undefined ? (usual ?? null) : Number(given));
  }
  return { has: (name) => chosen.has(name), value: (name) => chosen.get(name) ?? null, names };
}
