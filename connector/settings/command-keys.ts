import { z } from 'zod';
import { closest } from '../did-you-mean.ts';
import { isTree, type Tree } from './tree.ts';
import { duration } from './value-schemas.ts';

const SECOND = 1_000;

/** Keys of requests that come back by a broker (docs/commands.md). */

export const allow = z
  .array(
    z
      .string()
      .regex(/^[a-z][a-z0-9]*\.[A-Z][A-Za-z0-9]*$/, 'must be service.Operation, such as deviceio.SetRelayOutputState'),
  )
  .max(200)
  .describe(
    'Operations of the device that whoever may publish requests at the broker can call, such as deviceio.SetRelayOutputState (docs/commands.md). None = none.',
  )
  .prefault([]);

export const commands = z
  .strictObject({
    enabled: z
      .boolean()
      .describe(
        'Take requests at onvif/bridge/request/<verb>. Whoever may publish there can list and resynchronize devices, and call what their "allow" lists: give that right with care in the broker\'s access control.',
      )
      .prefault(false),
    perMinute: z
      .int()
      .min(1)
      .max(10_000)
      .describe('Most requests a minute, a quarter of them at once; more are not carried out.')
      .prefault(60),
    timeout: duration(SECOND, 300 * SECOND)
      .describe('How long a call may take, waiting for those before it included.')
      .prefault('30s'),
  })
  .transform(({ timeout: timeoutMs, ...rest }) => ({ ...rest, timeoutMs }))
  .describe('Requests to the connector and its devices, by way of this broker (docs/commands.md). Off unless enabled.')
  .prefault({});

/**
 * What is wrong with an operation of `allow`; undefined where nothing is.
 *
 * @param operations `deviceio.SetRelayOutputState`; `ptz.*` where the operations of a service are not known
 */
export function operationFault(
  written: string,
  operations: readonly string[],
): { message: string; suggestion?: string | undefined } | undefined {
  const service = written.replace(/\..*$/, '');
  if (operations.includes(written) || operations.includes(`${service}.*`)) return undefined;
  const services = [...new Set(operations.map((known) => known.replace(/\..*$/, '')))];
  if (services.includes(service)) return { message: 'unknown operation', suggestion: closest(written, operations) };
  const elsewhere = operations.find((known) => known.endsWith(written.slice(service.length)));
  const near = elsewhere ?? closest(written, operations);
  return { message: `unknown service (known are ${services.join(', ')})`, suggestion: near };
}

/** Sinks whose requests come to us twice: each would be carried out twice. */
export function doubleCommands(sinks: readonly [number, Tree][]): [index: number, first: number][] {
  const seen = new Map<unknown, number>();
  return sinks.flatMap(([index, { url, commands: written }]): [number, number][] => {
    if (!isTree(written) || written.enabled !== true || typeof url !== 'string') return [];
    const first = seen.get(url);
    if (first === undefined) seen.set(url, index);
    return first === undefined ? [] : [[index, first]];
  });
}
