import { once } from 'node:events';
import { systemClock } from '../clock.ts';
import { deviceOptions, filterOf, type Knowledge, loadKnowledge, subscriptionWishes } from '../compose.ts';
import { ConfigurationError, isAbort, messageOf } from '../errors.ts';
import { tapDevice } from '../operations/tap-device.ts';
import type { DeviceSettings } from '../settings/settings-schema.ts';
import { configuredDevices } from './named-devices.ts';
import type { CommonOptions, Exit, Streams } from './streams.ts';

/** `tap [DEVICE…]`: events as NDJSON on stdout, until stopped. Nothing is published, nothing stored. */
export async function tapVerb(ids: readonly string[], options: CommonOptions, streams: Streams): Promise<Exit> {
  const devices = await configuredDevices(ids, options, streams);
  if (devices.length === 0) throw new ConfigurationError('no-device', 'the configuration has no devices to tap');
  const knowledge = await loadKnowledge();
  const results = await Promise.all(devices.map((device) => tapOne(device, knowledge, streams)));
  return results.every((ok) => ok) ? 0 : 1;
}

async function tapOne(
  device: DeviceSettings,
  knowledge: Knowledge,
  { stdout, stderr, signal: stopped, readerGone }: Streams,
): Promise<boolean> {
  const signal = AbortSignal.any([stopped, readerGone]);
  const onTrouble = (error: Error) => void stderr.write(`${device.id}: ${messageOf(error)}\n`);
  const tapped = {
    device: await deviceOptions(device),
    filter: filterOf(device, knowledge.namespaces),
    wishes: subscriptionWishes(device),
    ...knowledge,
    clock: systemClock,
    onTrouble,
  };
  try {
    for await (const record of tapDevice(tapped, signal)) {
      // A reader that is slow slows the device, not our memory.
      if (!stdout.write(`${JSON.stringify(record)}\n`)) await once(stdout, 'drain', { signal });
    }
    return true;
  } catch (error) {
    if (isAbort(error)) return true;
    onTrouble(error as Error);
    return false;
  }
}
