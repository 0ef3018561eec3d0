import { deviceOptions, loadKnowledge } from '../compose.ts';
import { inspectDevice, reportText } from '../operations/inspect-device.ts';
import { adHocDevice, configuredDevices } from './named-devices.ts';
import type { CommonOptions, Exit, Streams } from './streams.ts';

export interface InspectVerbOptions extends CommonOptions {
  readonly username?: string | undefined;
}

/** `inspect DEVICE|URL`: what the device is, can do and can tell. */
export async function inspectVerb(target: string, options: InspectVerbOptions, streams: Streams): Promise<Exit> {
  const { stdout, env, signal } = streams;
  // A device id has no dot, colon or slash; an address has one of them.
  const adHoc = /[./:[]/.test(target) || target === 'localhost';
  const login = { username: options.username, password: env.ONVIF_CONNECTOR_DEVICE_PASSWORD };
  const device = adHoc ? adHocDevice(target, login) : (await configuredDevices([target], options, streams))[0]!;
  const { namespaces } = await loadKnowledge();
  const report = await inspectDevice(await deviceOptions(device), namespaces, signal);
  stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
  return 0;
}
