/** JSON that came from outside: an object with anything in it. */
export type RequestBody = Readonly<Record<string, unknown>>;

/** What the asker wrote to know its answer by: sent back as it came. */
export type Transaction = string | number;

/**
 * An answer to a request, as zigbee2mqtt gives it:
 *
 *   {"data":…,"status":"ok","transaction":"…"}
 *   {"data":{"code":"…"},"status":"error","error":"…","transaction":"…"}
 */
export interface BridgeAnswer {
  readonly data: unknown;
  readonly status: 'ok' | 'error';
  /** For people: what happened, and what to do. */
  readonly error?: string;
  readonly transaction?: Transaction;
}

/** Most bytes of an answer; a request for less is the asker's affair. */
export const MAX_ANSWER_BYTES = 256 * 1024;

/** An answer as it is sent. One that is too large becomes an error that says so. */
export function answerText(answer: BridgeAnswer): string {
  const text = JSON.stringify(answer);
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_ANSWER_BYTES) return text;
  const { transaction } = answer;
  return JSON.stringify({
    data: { code: 'answer-too-large' },
    status: 'error',
    error: `the answer has ${bytes} bytes, ${MAX_ANSWER_BYTES} is the most: ask for less (one device, a smaller Limit)`,
    ...(transaction === undefined ? {} : { transaction }),
  } satisfies BridgeAnswer);
}
