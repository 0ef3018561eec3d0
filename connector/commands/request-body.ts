import { closest } from '../did-you-mean.ts';
import { AdaptRequestError } from '../errors.ts';
import type { RequestBody, Transaction } from './bridge-answer.ts';

/** Most bytes of a request. */
export const MAX_REQUEST_BYTES = 64 * 1024;
/** Deepest nesting of a request; arguments of the standard's operations have half as much. */
const MAX_DEPTH = 20;
const MAX_TRANSACTION = 200;

/**
 * The payload of a request. Nothing at all is an empty object, a JSON string is a device's id.
 *
 * @throws AdaptRequestError `request-invalid`
 */
export function readRequestBody(payload: Uint8Array): RequestBody {
  if (payload.byteLength > MAX_REQUEST_BYTES)
    throw invalid(`the request has ${payload.byteLength} bytes, ${MAX_REQUEST_BYTES} is the most`);
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8').trim();
  if (text === '') return {};
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw invalid('the request is no JSON; it may be {"device":"front-door"}');
  }
  if (typeof content === 'string') return { device: content };
  if (!isObject(content)) throw invalid('the request must be a JSON object, such as {"device":"front-door"}');
  if (isDeeper(content, MAX_DEPTH)) throw invalid(`the request is nested deeper than ${MAX_DEPTH} levels`);
  return content;
}

/** @throws AdaptRequestError `request-invalid` where it is neither text nor a number */
export function transactionOf({ transaction }: RequestBody): Transaction | undefined {
  if (transaction === undefined || transaction === null) return undefined;
  if (typeof transaction === 'number') return transaction;
  if (typeof transaction === 'string' && transaction.length <= MAX_TRANSACTION) return transaction;
  throw invalid(`transaction must be a number or a text of at most ${MAX_TRANSACTION} characters`);
}

/** @throws AdaptRequestError `request-invalid` where the request has a member that its verb does not know */
export function onlyMembers(body: RequestBody, known: readonly string[]): void {
  const all = [...known, 'transaction'];
  for (const name of Object.keys(body)) {
    if (all.includes(name)) continue;
    const near = closest(name, all);
    const shown = JSON.stringify(name.slice(0, 80));
    throw invalid(
      `the request has an unknown member ${shown}; ${near ? `did you mean ${near}?` : `known are ${all.join(', ')}`}`,
    );
  }
}

/** A text member; undefined where it is not there. @throws AdaptRequestError `request-invalid` */
export function textMember(body: RequestBody, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw invalid(`${name} must be a text`);
}

export function invalid(why: string): AdaptRequestError {
  return new AdaptRequestError('request-invalid', why);
}

function isObject(value: unknown): value is RequestBody {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Level by level, so that depth costs no stack. */
function isDeeper(value: object, most: number): boolean {
  let level: object[] = [value];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > most) return true;
    level = level
      .flatMap((item) => Object.values(item))
      .filter((item): item is object => typeof item === 'object' && item !== null);
  }
  return false;
}
