import type { IncomingHttpHeaders } from 'node:http';
import type { DeviceState } from './simulated-device.ts';
import type { SoapAnswer } from './soap-answer.ts';
import { childText, type RequestElement, type SoapRequest } from './soap-request.ts';

/** One request on its way through a device. */
export interface Exchange {
  readonly device: DeviceState;
  readonly request: SoapRequest;
  readonly method: string;
  /** The request target verbatim, as HTTP Digest hashes it. */
  readonly target: string;
  /** Path below the device, e.g. `/onvif/event_service`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** `http://host:port/<device>` as the client addressed it: the scheme and host of every XAddr (Core 8.1.2). */
  readonly base: string;
  violation(rule: string, detail: string): void;
}

/** One operation of a WSDL on the device side. */
export interface Operation {
  /** The SOAP action of the request. */
  readonly action: string;
  /** Core 5.9.4: PRE_AUTH operations need no credentials. */
  readonly preAuth: boolean;
  /** The event services demand WS-Addressing (Core 9), the others do without. */
  readonly addressed: boolean;
  /** True for operations at a subscription's own endpoint. */
  readonly atSubscription: boolean;
  handle(exchange: Exchange): SoapAnswer | Promise<SoapAnswer>;
}

/** Operations by the name of their request element, `{uri}Local`. */
export type OperationTable = ReadonlyMap<string, Operation>;

export function nameOf(element: Pick<RequestElement, 'uri' | 'local'>): string {
  return `{${element.uri}}${element.local}`;
}

/** Text of a child of the operation in its own namespace. */
export function argument(exchange: Exchange, local: string): string | undefined {
  const { operation: element } = exchange.request;
  return childText(element, element.uri, local);
}
