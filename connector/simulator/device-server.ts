import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { messageOf } from '../errors.ts';
import { authenticate, type Credentials } from './authentication.ts';
import { checkClient, type MessageIds } from './client-checks.ts';
import { DEVICE_SERVICE } from './device-service.ts';
import { DEVICE_IO_SERVICE } from './deviceio-service.ts';
import { EVENT_SERVICE } from './event-service.ts';
import { type Exchange, nameOf, type Operation, type OperationTable } from './exchange.ts';
import { connectionNumber, refuse } from './http-answer.ts';
import { NS } from './namespaces.ts';
import type { DeviceState } from './simulated-device.ts';
import { ENVELOPE_CLOSE, envelopeOpen, faultAnswer, type SoapAnswer } from './soap-answer.ts';
import { HttpRefusal, receiverFault, SoapFault } from './soap-fault.ts';
import { readSoapRequest } from './soap-request.ts';
import { SUBSCRIPTION_MANAGER } from './subscription-manager.ts';

/** Where a request is meant for, read from its target. */
export interface Addressee {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly base: string;
}

/** One device on HTTP. */
export interface DeviceServer {
  readonly device: DeviceState;
  serve(request: IncomingMessage, response: ServerResponse, to: Addressee): void;
  /** Destroys every connection the device was spoken to on. */
  dropConnections(): void;
}

const SERVICES: Readonly<Record<string, OperationTable>> = {
  '/onvif/device_service': DEVICE_SERVICE,
  '/onvif/event_service': EVENT_SERVICE,
  '/onvif/deviceio_service': DEVICE_IO_SERVICE,
  '/onvif/subscription': SUBSCRIPTION_MANAGER,
};

/** Largest request a device reads, in bytes. */
const LARGEST = 1_048_576;

export function deviceServer(device: DeviceState, credentials: Credentials): DeviceServer {
  const sockets = new Set<Socket>();
  const ids: MessageIds = new Set();
  const answerTo = async (request: IncomingMessage, to: Addressee, seen: Seen): Promise<SoapAnswer> => {
    refuseForm(request);
    const soap = readSoapRequest(await bodyOf(request));
    const name = soap.operation.local;
    const violation = (rule: string, detail: string) =>
      device.options.violations.add({ device: device.id, rule, operation: name, detail });
    const { method = 'POST', url: target = '', headers } = request;
    const exchange: Exchange = { device, request: soap, method, target, headers, ...to, violation };
    seen.addressed = to.path !== '/onvif/device_service' && to.path !== '/onvif/deviceio_service';
    seen.relatesTo =
      soap.headers.find(({ uri, local }) => uri === NS.wsa && local === 'MessageID')?.text.trim() ?? null;
    const operation = operationAt(exchange);
    device.requests.set(name, (device.requests.get(name) ?? 0) + 1);
    authenticate(exchange, credentials, operation.preAuth);
    checkClient(exchange, operation, ids);
    return operation.handle(exchange);
  };
  return {
    device,
    serve(request, response, to) {
      const { socket } = request;
      if (device.down) return void socket.destroy();
      if (!sockets.has(socket)) {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
      }
      const seen: Seen = { addressed: false, relatesTo: null, remotePort: socket.remotePort ?? 0, socket };
      answerTo(request, to, seen)
        .catch((error: unknown) => answerOfError(device, error, seen))
        .then((answer) =>
          answer instanceof HttpRefusal ? refuse(response, answer) : send(device, response, answer, seen),
        );
    },
    dropConnections() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What is known of a request when its answer is written. */
interface Seen {
  addressed: boolean;
  relatesTo: string | null;
  readonly remotePort: number;
  readonly socket: Socket;
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

/** Core 5.1.2: an operation a service does not have is env:Receiver/ter:ActionNotSupported. */
function operationAt(exchange: Exchange): Operation {
  const { path, device, request } = exchange;
  const table = Object.hasOwn(SERVICES, path) ? SERVICES[path] : undefined;
  if (!table) throw new HttpRefusal(404, 'No service here');
  const name = nameOf(request.operation);
  const operation = table.get(name);
  if (operation) return operation;
  // Without an address of its own the subscription is found at the event service.
  const elsewhere = Object.values(SERVICES)
    .find((service) => service.has(name))
    ?.get(name);
  if (elsewhere?.atSubscription && path === '/onvif/event_service' && device.options.quirks.has('empty-address')) {
    return elsewhere;
  }
  if (elsewhere) exchange.violation('endpoint', `${request.operation.local} was sent to ${path}`);
  throw receiverFault('ActionNotSupported', `${request.operation.local} is not supported here`);
}

function answerOfError(device: DeviceState, error: unknown, seen: Seen): SoapAnswer | HttpRefusal {
  if (error instanceof HttpRefusal) return error;
  if (error instanceof SoapFault) return faultAnswer(error.facts, seen.addressed);
  // A fault of the simulator itself: shown where tests look.
  device.options.violations.add({ device: device.id, rule: 'simulator', operation: '', detail: messageOf(error) });
  return faultAnswer(receiverFault('Action', 'The simulator failed').facts, seen.addressed);
}

/** Writes the answer and enters it into the ledger; an answer to a connection that is gone is lost, as on any device. */
function send(device: DeviceState, response: ServerResponse, answer: SoapAnswer, seen: Seen): void {
  const finished = answer.delivered
    ? device.ledger.answered(answer.delivered, connectionNumber(seen.socket), seen.remotePort)
    : () => {};
  if (seen.socket.destroyed) return finished(false);
  response.once('finish', () => finished(true));
  response.once('close', () => finished(false));
  const open = envelopeOpen(answer.action, seen.relatesTo);
  // One buffer: a single write costs the system a fraction of what several do.
  const bytes =
    typeof answer.body === 'string'
      ? Buffer.from(open + answer.body + ENVELOPE_CLOSE)
      : Buffer.concat(
          [open, ...answer.body, ENVELOPE_CLOSE].map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
        );
  for (const [name, value] of Object.entries(answer.httpHeaders ?? {})) response.setHeader(name, value);
  response.writeHead(answer.status, {
    'Content-Type': 'application/soap+xml; charset=utf-8',
    'Content-Length': bytes.length,
  });
  response.end(bytes, answer.after);
}
