import { isDeepStrictEqual } from 'node:util';
import type { OutboundMessage } from './mapping.ts';

/** A message as a test wants it; what is left out may be anything. null: there is none. */
export interface ExpectedMessage {
  readonly topic?: string | undefined;
  readonly key?: string | null | undefined;
  readonly payload?: unknown;
  /** Members of the payload. */
  readonly includes?: Readonly<Record<string, unknown>> | undefined;
  readonly retain?: boolean | undefined;
  readonly contentType?: string | undefined;
  readonly attributes?: Readonly<Record<string, string | null>> | undefined;
}

/** A place where what came is not what was wanted; undefined for nothing there. */
export interface Difference {
  /** `messages[0].payload.State` */
  readonly at: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Where `actual` is not as `expected` says; of a message, only what is written counts. */
export function differences(
  expected: readonly ExpectedMessage[],
  actual: readonly OutboundMessage[],
): readonly Difference[] {
  const found: Difference[] = [];
  for (let index = 0; index < Math.max(expected.length, actual.length); index++) {
    const at = `messages[${index}]`;
    const [wanted, came] = [expected[index], actual[index]];
    if (wanted !== undefined && came !== undefined) found.push(...inMessage(wanted, came, at));
    else found.push({ at, expected: wanted, actual: came && shown(came) });
  }
  return found;
}

function inMessage(expected: ExpectedMessage, actual: OutboundMessage, at: string): Difference[] {
  const found: Difference[] = [];
  for (const member of ['topic', 'retain', 'contentType', 'key'] as const) {
    const [wanted, came] = [expected[member], actual[member]];
    if (wanted === undefined || wanted === came || (wanted === null && came === undefined)) continue;
    found.push({ at: `${at}.${member}`, expected: wanted, actual: came });
  }
  if (expected.payload !== undefined)
    compare(expected.payload, payloadOf(actual, expected.payload), `${at}.payload`, false, found);
  if (expected.includes !== undefined)
    compare(expected.includes, payloadOf(actual, expected.includes), `${at}.payload`, true, found);
  for (const [name, wanted] of Object.entries(expected.attributes ?? {})) {
    const came = actual.attributes.find(([of]) => of === name)?.[1];
    if (came !== (wanted ?? undefined)) found.push({ at: `${at}.attributes.${name}`, expected: wanted, actual: came });
  }
  return found;
}

/** As JSON, unless a text is wanted that is not the JSON of one. */
function payloadOf({ payload }: OutboundMessage, wanted: unknown): unknown {
  if (wanted === payload) return payload;
  try {
    return JSON.parse(payload);
  } catch {
    return payload;
  }
}

function shown({ payload, attributes: _, ...rest }: OutboundMessage): unknown {
  return { ...rest, payload: payloadOf({ payload } as OutboundMessage, undefined) };
}

/** @param partly members that are not wanted may be there */
function compare(expected: unknown, actual: unknown, at: string, partly: boolean, found: Difference[]): void {
  if (isDeepStrictEqual(expected, actual)) return;
  if (!isObject(expected) || !isObject(actual) || Array.isArray(expected) !== Array.isArray(actual)) {
    found.push({ at, expected, actual });
    return;
  }
  const names =
    partly && !Array.isArray(expected)
      ? Object.keys(expected)
      : [...new Set([...Object.keys(expected), ...Object.keys(actual)])];
  for (const name of names) {
    const step = Array.isArray(expected) ? `[${name}]` : `.${name}`;
    const own = (of: Readonly<Record<string, unknown>>) => (Object.hasOwn(of, name) ? of[name] : undefined);
    compare(own(expected), own(actual), `${at}${step}`, partly, found);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
