import { text } from 'node:stream/consumers';
import { systemClock } from '../clock.ts';
import { deviceOptions, loadCallTable } from '../compose.ts';
import { connectDevice } from '../device/device-session.ts';
import { AdaptRequestError, ConnectorError, messageOf } from '../errors.ts';
import { callOperation } from '../operations/call-operation.ts';
import type { Json } from '../operations/call-request.ts';
import { targetDevice } from './named-devices.ts';
import type { CommonOptions, Exit, Streams } from './streams.ts';

export interface CallVerbOptions extends CommonOptions {
  readonly username?: string | undefined;
}

/**
 * `call DEVICE|URL SERVICE.OPERATION [JSON]`: any operation of a device; the answer is JSON on stdout. `-` reads the
 * arguments from standard input, where no other user of the machine sees them.
 */
export async function callVerb(
  target: string,
  operation: string,
  json: string | undefined,
  options: CallVerbOptions,
  streams: Streams,
): Promise<Exit> {
  const { stdout, stderr, signal } = streams;
  const args = readArguments(json === '-' ? await text(process.stdin) : (json ?? '{}'));
  const device = await deviceOptions(await targetDevice(target, options, streams));
  const table = await loadCallTable();
  const session = await connectDevice(device, systemClock, signal);
  try {
    const answer = await callOperation({ session, address: device.address, table, operation, args, signal });
    stdout.write(`${JSON.stringify(answer, null, options.json ? undefined : 2)}\n`);
    return 0;
  } catch (error) {
    const fault = error instanceof ConnectorError ? error.facts.fault : undefined;
    if (fault === undefined) throw error;
    stderr.write(`${messageOf(error)} (${fault})\n`);
    return 1;
  } finally {
    await session.close();
  }
}

function readArguments(json: string): Json {
  try {
    return JSON.parse(json) as Json;
  } catch (error) {
    throw new AdaptRequestError(
      'arguments-invalid',
      `the arguments are no JSON (${messageOf(error)}); they may be '{"RelayOutputToken":"Relay_1","LogicalState":"active"}'`,
    );
  }
}
