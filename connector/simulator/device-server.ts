import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { messageOf } from '../errors.ts';
import { answerBytes } from './answer-bytes.ts';
import { authenticate, type Credentials } from './authentication.ts';
import { checkClient, type MessageIds } from './client-checks.ts';
import { elementText } from './element-text.ts';
import type { Exchange } from './exchange.ts';
import { connectionNumber, refuse } from './http-answer.ts';
import type { Fate } from './line.ts';
import { NS } from './namespaces.ts';
import { operationAt } from './operation-at.ts';
import { demandForm } from './request-demands.ts';
import type { DeviceState } from './simulated-device.ts';
import { faultAnswer, type SoapAnswer } from './soap-answer.ts';
import { HttpRefusal, receiverFault, SoapFault } from './soap-fault.ts';
import { readSoapRequest } from './soap-request.ts';

/** Where a request is meant for, read from its target. */
export interface Addressee {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly base: string;
  /** It came to the port of the subscription manager. */
  readonly manager: boolean;
}

/** One device on HTTP. */
export interface DeviceServer {
  readonly device: DeviceState;
  serve(request: IncomingMessage, response: ServerResponse, to: Addressee): void;
  /** Destroys every connection the device was spoken to on. */
  dropConnections(): void;
  /** Never answers on the connections that are open. */
  deafenConnections(): void;
}

/** Largest request a device reads, in bytes. */
const LARGEST = 1_048_576;

/** What is known of a request when its answer is written. */
interface Seen {
  addressed: boolean;
  relatesTo: string | null;
  security: string;
  readonly remotePort: number;
  readonly socket: Socket;
  readonly fate: Fate | null;
}

/** `manager`: the credentials of a subscription manager with a port of its own. */
export function deviceServer(device: DeviceState, credentials: Credentials, manager: Credentials): DeviceServer {
  const sockets = new Set<Socket>();
  const deaf = new WeakSet<Socket>();
  const ids: MessageIds = new Set();
  let eventRequests = 0;
  const answerTo = async (request: IncomingMessage, to: Addressee, seen: Seen): Promise<SoapAnswer> => {
    refuseForm(request);
    const xml = await bodyOf(request);
    if (device.line.overloaded) throw new HttpRefusal(503, 'Overloaded', { 'Retry-After': '1' });
    const soap = readSoapRequest(xml);
    const name = soap.operation.local;
    const violation = (rule: string, detail: string) =>
      device.options.violations.add({ device: device.id, rule, operation: name, detail });
    const { method = 'POST', url: target = '', headers } = request;
    const exchange: Exchange = { device, request: soap, method, target, headers, ...to, violation };
    seen.addressed = to.path !== '/onvif/device_service' && to.path !== '/onvif/deviceio_service';
    const header = (uri: string, local: string) => soap.headers.find((one) => one.uri === uri && one.local === local);
    seen.relatesTo = header(NS.wsa, 'MessageID')?.text.trim() ?? null;
    const security = header(NS.wsse, 'Security');
    seen.security = security && device.options.quirks.has('echoes-security') ? elementText(security) : '';
    const operation = operationAt(exchange, to.manager);
    device.statistics.request(name);
    if (operation.addressed) eventRequests++;
    authenticate(exchange, to.manager ? manager : credentials, operation.preAuth);
    demandForm(exchange, operation, xml, eventRequests);
    checkClient(exchange, operation, ids);
    return operation.handle(exchange);
  };
  const meet = (socket: Socket) => {
    if (sockets.has(socket)) return;
    sockets.add(socket);
    device.statistics.connection();
    socket.once('close', () => sockets.delete(socket));
  };
  const writer = answerWriter(device, deaf);
  return {
    device,
    serve(request, response, to) {
      const { socket } = request;
      if (device.down || device.line.refused) return void reset(socket);
      meet(socket);
      if (device.line.silent) deaf.add(socket);
      if (deaf.has(socket)) return;
      const fate = device.line.fate();
      if (fate === 'lost-request') return void reset(socket);
      const seen: Seen = {
        ...{ addressed: false, relatesTo: null, security: '', remotePort: socket.remotePort ?? 0, socket, fate },
      };
      answerTo(request, to, seen)
        .catch((error: unknown) => answerOfError(device, error, seen))
        .then((answer) => writer(response, answer, seen));
    },
    dropConnections() {
      for (const socket of sockets) socket.destroy();
    },
    deafenConnections() {
      for (const socket of sockets) deaf.add(socket);
    },
  };
}

/** A reset where there is a plain connection, the end of it under TLS. */
function reset(socket: Socket): void {
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}

/** Core 5.8.1 (IEC table 6): 405 and 415. */
function refuseForm(request: IncomingMessage): void {
  if (request.method !== 'POST') throw new HttpRefusal(405, 'SOAP is posted', { Allow: 'POST' });
  if (!/^\s*application\/soap\+xml\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new HttpRefusal(415, 'SOAP 1.2 is application/soap+xml');
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > LARGEST) throw new HttpRefusal(413, 'Request too large', { Connection: 'close' });
    chunks.push(chunk as Buffer);
  }
  const text = (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString('utf8');
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

function answerOfError(device: DeviceState, error: unknown, seen: Seen): SoapAnswer | HttpRefusal {
  if (error instanceof HttpRefusal) return error;
  if (error instanceof SoapFault) return faultAnswer(error.facts, seen.addressed);
  // A fault of the simulator itself: shown where tests look. A client that goes away is none.
  if (!seen.socket.destroyed)
    device.options.violations.add({ device: device.id, rule: 'simulator', operation: '', detail: messageOf(error) });
  return faultAnswer(receiverFault('Action', 'The simulator failed').facts, seen.addressed);
}

/** Writes answers and enters them into the ledger; an answer to a connection that is gone is lost, as on any device. */
function answerWriter(device: DeviceState, deaf: WeakSet<Socket>) {
  let brought = 0;
  return (response: ServerResponse, answer: SoapAnswer | HttpRefusal, seen: Seen): void => {
    const { socket, fate } = seen;
    const dead = deaf.has(socket) || device.line.silent;
    if (answer instanceof HttpRefusal) return dead ? undefined : refuse(response, answer);
    const finished = answer.delivered
      ? device.ledger.answered(answer.delivered, connectionNumber(socket), seen.remotePort)
      : () => {};
    if (answer.delivered) brought++;
    if (socket.destroyed || dead) return finished(false);
    if (fate === 'lost-answer') {
      finished(false);
      return void reset(socket);
    }
    const bytes = answerBytes(device, answer, seen, brought);
    for (const [name, value] of Object.entries(answer.httpHeaders ?? {})) response.setHeader(name, value);
    response.writeHead(answer.status, {
      'Content-Type': 'application/soap+xml; charset=utf-8',
      'Content-Length': bytes.length,
    });
    if (fate === 'cut-answer') {
      finished(false);
      return void response.write(bytes.subarray(0, bytes.length >> 1), () => socket.destroy());
    }
    response.once('finish', () => finished(true));
    response.once('close', () => finished(false));
    // One buffer: a single write costs the system a fraction of what several do.
    response.end(bytes, answer.after);
  };
}
