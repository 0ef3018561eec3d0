import { closest } from '../did-you-mean.ts';
import { ConfigurationError } from '../errors.ts';
import { loadSettings } from '../settings/load-settings.ts';
import { Secret } from '../settings/secret.ts';
import { type DeviceSettings, settingsSchema } from '../settings/settings-schema.ts';
import type { CommonOptions, Streams } from './streams.ts';
import { settingsVocabulary } from './vocabulary.ts';

/** The configured devices with these ids; all of them where none is named. @throws ConfigurationError */
export async function configuredDevices(
  ids: readonly string[],
  options: CommonOptions,
  { env }: Streams,
): Promise<DeviceSettings[]> {
  const { settings, file } = await loadSettings({ file: options.config, env, vocabulary: await settingsVocabulary() });
  if (ids.length === 0) return [...settings.devices];
  return ids.map((id) => {
    const found = settings.devices.find((device) => device.id === id);
    if (found !== undefined) return found;
    const known = settings.devices.map((device) => device.id);
    const near = closest(id, known);
    const hint = near === undefined ? `known are ${known.join(', ') || 'none'}` : `did you mean "${near}"?`;
    throw new ConfigurationError('device-unknown', `${file}: there is no device "${id}"; ${hint}`, {
      facts: { device: id },
    });
  });
}

export interface AdHocLogin {
  readonly username?: string | undefined;
  /** From the environment, never from the command line, where every user of the machine could read it. */
  readonly password?: string | undefined;
}

/** A configured device by its id, else the device at an address. @throws ConfigurationError */
export async function targetDevice(
  target: string,
  options: CommonOptions & { readonly username?: string | undefined },
  streams: Streams,
): Promise<DeviceSettings> {
  // A device id has no dot, colon or slash; an address has one of them.
  const adHoc = /[./:[]/.test(target) || target === 'localhost';
  const login = { username: options.username, password: streams.env.ONVIF_CONNECTOR_DEVICE_PASSWORD };
  return adHoc ? adHocDevice(target, login) : (await configuredDevices([target], options, streams))[0]!;
}

/** A device that is in no file: everything by default. @throws ConfigurationError where the address is none */
export function adHocDevice(address: string, { username, password }: AdHocLogin): DeviceSettings {
  const parsed = settingsSchema.safeParse({ devices: [{ id: 'device', address, username }] });
  const device = parsed.data?.devices[0];
  if (device === undefined) {
    const reason = parsed.error?.issues[0]?.message ?? 'no address';
    throw new ConfigurationError('address-invalid', `${address}: ${reason}`);
  }
  return { ...device, password: password === undefined ? undefined : new Secret(password) };
}
