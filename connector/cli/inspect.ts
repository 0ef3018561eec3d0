import { deviceOptions, loadKnowledge } from '../compose.ts';
import { inspectDevice, reportText } from '../operations/inspect-device.ts';
import { targetDevice } from './named-devices.ts';
import type { CommonOptions, Exit, Streams } from './streams.ts';

export interface InspectVerbOptions extends CommonOptions {
  readonly username?: string | undefined;
}

/** `inspect DEVICE|URL`: what the device is, can do and can tell. */
export async function inspectVerb(target: string, options: InspectVerbOptions, streams: Streams): Promise<Exit> {
  const { stdout, signal } = streams;
  const device = await targetDevice(target, options, streams);
  const { namespaces } = await loadKnowledge();
  const report = await inspectDevice(await deviceOptions(device), namespaces, signal);
  stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
  return 0;
}
