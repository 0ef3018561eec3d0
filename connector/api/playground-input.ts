import type { IncomingMessage } from 'node:http';
import { QuarantineError } from '../errors.ts';
import type { PlaygroundRequest } from './api-report.ts';

/** Of the request; far more than any device sends in one notification. */
export const LARGEST_INPUT = 256 * 1024;
const LONGEST_NAME = 64;

/** The body of a POST to the playground. @throws QuarantineError `too-large`, `bad-input` */
export async function playgroundInput(request: IncomingMessage): Promise<PlaygroundRequest> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > LARGEST_INPUT)
      throw new QuarantineError('too-large', `the playground takes up to ${LARGEST_INPUT / 1024} KiB`);
    parts.push(part);
  }
  const value = parsed(Buffer.concat(parts).toString('utf8'));
  const { device, input } = (value ?? {}) as Record<string, unknown>;
  if (typeof input !== 'string' || input.trim() === '')
    throw new QuarantineError('bad-input', 'the body is {"input": "a notification as XML, or a record as JSON"}');
  if (device !== undefined && (typeof device !== 'string' || device === '' || device.length > LONGEST_NAME))
    throw new QuarantineError('bad-input', `device is a text of 1 to ${LONGEST_NAME} characters`);
  return { input, device };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new QuarantineError('bad-input', 'the body is not JSON');
  }
}
