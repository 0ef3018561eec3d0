import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface DeviceRequest {
  /** Path and query as they came. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Local name of Body's child: `PullMessages`. */
  readonly operation: string;
}

export interface DeviceReply {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
}

/** How a device answers: a reply, by its own hand on `response`, or never (`hang`). */
export type Script = (
  request: DeviceRequest,
  response: ServerResponse,
) => DeviceReply | 'by-hand' | 'hang' | Promise<DeviceReply | 'by-hand' | 'hang'>;

/** A device that does what a test says, on a real HTTP port. */
export interface ScriptedDevice {
  /** `http://127.0.0.1:port`, without a path. */
  readonly origin: string;
  readonly requests: readonly DeviceRequest[];
  /** Resolves when `count` requests have come, with the last of them. */
  asked(count: number): Promise<DeviceRequest>;
  close(): Promise<void>;
}

/** @param server for TLS, one that is made but does not listen */
export async function scriptedDevice(script: Script, server: Server = createServer()): Promise<ScriptedDevice> {
  const requests: DeviceRequest[] = [];
  server.on('request', async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const operation = /<(?:\w+:)?Body>\s*<(?:\w+:)?(\w+)/.exec(body)?.[1] ?? '';
    const request = { path: incoming.url ?? '', headers: incoming.headers, body, operation };
    requests.push(request);
    server.emit('asked');
    const reply = await script(request, response);
    if (reply === 'hang' || reply === 'by-hand') return;
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/soap+xml', ...reply.headers });
    response.end(reply.body ?? '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const scheme = 'setSecureContext' in server ? 'https' : 'http';
  return {
    origin: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async asked(count) {
      while (requests.length < count) await once(server, 'asked');
      return requests[count - 1]!;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A SOAP 1.2 envelope as gSOAP devices write it. */
export function envelope(body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://www.w3.org/2005/08/addressing" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:tev="http://www.onvif.org/ver10/events/wsdl" xmlns:ter="http://www.onvif.org/ver10/error"><SOAP-ENV:Body>${body}</SOAP-ENV:Body></SOAP-ENV:Envelope>`;
}

/** A fault by its codes, outermost first, and the element in its Detail. */
export function faultEnvelope(codes: readonly string[], detail = ''): string {
  const [code = 'SOAP-ENV:Receiver', ...subcodes] = codes;
  const inner = subcodes.reduceRight(
    (within, name) => `<SOAP-ENV:Subcode><SOAP-ENV:Value>${name}</SOAP-ENV:Value>${within}</SOAP-ENV:Subcode>`,
    '',
  );
  return envelope(
    `<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>${code}</SOAP-ENV:Value>${inner}</SOAP-ENV:Code><SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en">told</SOAP-ENV:Text></SOAP-ENV:Reason>${detail && `<SOAP-ENV:Detail>${detail}</SOAP-ENV:Detail>`}</SOAP-ENV:Fault>`,
  );
}
