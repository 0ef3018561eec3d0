import type { ServerResponse } from 'node:http';

/** An answer other than what was asked for, as RFC 9457 problem details. */
export function answerProblem(response: ServerResponse, status: number, detail: string): void {
  answerText(response, status, 'application/problem+json', `${JSON.stringify({ status, detail })}\n`);
}

export function answerJson(response: ServerResponse, value: unknown): void {
  answerText(response, 200, 'application/json', `${JSON.stringify(value)}\n`);
}

/** Never cached and never sniffed: it is true now only, and of the type it says. */
export function answerText(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, {
    'content-type': contentType,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  });
  response.end(body);
}
