/**
 * Core 5.8.2 SOAP faults: Code, up to two nested Subcodes, Reason, Detail.
 * Sender goes with HTTP 400 and Receiver with 500 (SOAP 1.2 part 2, 7.5.2.2).
 */
export interface FaultFacts {
  readonly code: 'Sender' | 'Receiver' | 'VersionMismatch' | 'MustUnderstand';
  /** Prefixed names, e.g. `ter:InvalidArgVal`; outermost first. */
  readonly subcodes?: readonly string[];
  readonly reason: string;
  /** XML of the children of env:Detail. */
  readonly detail?: string;
  readonly status: number;
  readonly httpHeaders?: Readonly<Record<string, string | readonly string[]>>;
}

/** Thrown by an operation; the listener makes the answer of it. An answer of the device, not a failure of the simulator. */
export class SoapFault extends Error {
  readonly facts: FaultFacts;

  constructor(facts: FaultFacts) {
    super(facts.reason);
    this.name = 'SoapFault';
    this.facts = facts;
  }
}

/** Core 5.8.2.1 (IEC table 5): `env:Sender` with `ter:` subcodes, HTTP 400. */
export function senderFault(subcode: string, reason: string, inner?: string): SoapFault {
  return new SoapFault({ code: 'Sender', subcodes: terNames(subcode, inner), reason, status: 400 });
}

/** Core 5.8.2.1: `env:Receiver` with `ter:` subcodes, HTTP 500. */
export function receiverFault(subcode: string, reason: string, inner?: string): SoapFault {
  return new SoapFault({ code: 'Receiver', subcodes: terNames(subcode, inner), reason, status: 500 });
}

function terNames(subcode: string, inner: string | undefined): string[] {
  return inner === undefined ? [`ter:${subcode}`] : [`ter:${subcode}`, `ter:${inner}`];
}

/** A bare HTTP answer where no SOAP message fits (Core 5.8.1, IEC table 6). */
export class HttpRefusal extends Error {
  readonly status: number;
  readonly httpHeaders: Readonly<Record<string, string | readonly string[]>>;
  /** A page of HTML. */
  readonly page: string;

  /** `status` 0: the connection is closed without a word. */
  constructor(
    status: number,
    reason: string,
    httpHeaders: Readonly<Record<string, string | readonly string[]>> = {},
    page = '',
  ) {
    super(reason);
    this.name = 'HttpRefusal';
    this.status = status;
    this.httpHeaders = httpHeaders;
    this.page = page;
  }
}
