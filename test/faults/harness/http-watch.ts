/** One request and its answer as they passed on the wire. */
export interface WireExchange {
  /** Local name of the request's Body child. */
  readonly operation: string;
  /** The request target: for operations at a subscription it names the subscription. */
  readonly target: string;
  /** ms since 1970: the request was whole; the answer was whole, or the client's side of the connection ended. */
  readonly from: number;
  to: number | null;
  outcome: 'answered' | 'cut' | null;
}

/** Reads one connection in both directions; requests of a client that does not pipeline. */
export interface HttpWatch {
  request(bytes: Buffer): void;
  answer(bytes: Buffer): void;
  /** The client's side is closed. */
  closed(): void;
  /** A request is waiting for (the rest of) its answer. */
  readonly waiting: boolean;
}

const HEADER_END = '\r\n\r\n';

export function httpWatch(log: WireExchange[], now: () => number): HttpWatch {
  let current: WireExchange | null = null;
  const requests = messages((head, body) => {
    const operation = /<(?:[\w-]+:)?Body[^>]*>\s*<(?:[\w-]+:)?(\w+)/.exec(body)?.[1] ?? '';
    current = { operation, target: head.split(' ', 2)[1] ?? '', from: now(), to: null, outcome: null };
    log.push(current);
  });
  const end = (outcome: 'answered' | 'cut') => {
    if (current === null) return;
    Object.assign(current, { to: now(), outcome });
    current = null;
  };
  const answers = messages(() => end('answered'));
  return {
    request: requests,
    answer: answers,
    closed: () => end('cut'),
    get waiting() {
      return current !== null;
    },
  };
}

/** HTTP/1.1 messages with Content-Length or none; bodies are only looked at, so latin1 will do. */
function messages(whole: (head: string, body: string) => void): (bytes: Buffer) => void {
  let text = '';
  return (bytes) => {
    text += bytes.toString('latin1');
    for (;;) {
      const headEnd = text.indexOf(HEADER_END);
      if (headEnd < 0) return;
      const head = text.slice(0, headEnd);
      const start = headEnd + HEADER_END.length;
      const length = bodyLength(head, text, start);
      if (length === null || text.length < start + length) return;
      whole(head, text.slice(start, start + length));
      text = text.slice(start + length);
    }
  };
}

function bodyLength(head: string, text: string, start: number): number | null {
  if (/^transfer-encoding:\s*chunked/im.test(head)) {
    const end = text.indexOf('0\r\n\r\n', start);
    return end < 0 ? null : end + 5 - start;
  }
  return Number(/^content-length:\s*(\d+)/im.exec(head)?.[1] ?? 0);
}
