import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { answerProblem } from './api-answer.ts';

/** The web page: the files of one folder, and none beside it. */
export interface PageFiles {
  /** False where there is no such file. */
  answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean>;
}

interface PageFile {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

/** Nothing from elsewhere, nothing inline, in nobody's frame, and no text that becomes markup. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

/** Read once, when somebody first asks: what is not among them is not there, however its path is written. */
export function pageFiles(directory: string): PageFiles {
  let reading: Promise<ReadonlyMap<string, PageFile>> | undefined;
  return {
    async answer(request, response, path) {
      reading ??= readAll(directory);
      const files = await reading;
      if (path === '/' && files.size === 0) {
        // Asked again when it was built.
        reading = undefined;
        answerProblem(response, 404, 'the web page is not built; "npm run build" builds it');
        return true;
      }
      const file = files.get(path === '/' ? '/index.html' : path);
      if (file === undefined) return false;
      send(request, response, file, path.startsWith('/assets/'));
      return true;
    },
  };
}

function send(request: IncomingMessage, response: ServerResponse, file: PageFile, isHashed: boolean): void {
  const { body, type, etag } = file;
  // The name of an asset changes with its content.
  const caching = isHashed ? 'public, max-age=31536000, immutable' : 'no-cache';
  const headers = { ...HEADERS, 'cache-control': caching, etag };
  if (request.headers['if-none-match']?.split(/\s*,\s*/).includes(etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'content-type': type, 'content-length': body.length }).end(body);
}

async function readAll(directory: string): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const body = await readFile(file);
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    files.set(`/${relative(directory, file).split(sep).join('/')}`, { body, type, etag });
  }
  return files;
}
