import type { Clock } from '../clock.ts';
import {
  QuarantineError,
  RetrySlowlyError,
  SubscriptionLostError,
  UnauthorizedError,
  UnsupportedError,
} from '../errors.ts';
import type { Authenticator } from './authenticator.ts';
import type { HttpAnswer, HttpChannel } from './http-channel.ts';
import type { XmlElement } from './notification-message.ts';
import type { EnvelopeTemplate, SoapOperation } from './soap-envelope.ts';
import { faultError, readFault, type SoapFault } from './soap-fault.ts';
import { child, parseXml } from './xml-tree.ts';

/** One request to one endpoint of a device. */
export interface SoapCall {
  readonly operation: Pick<SoapOperation, 'name' | 'action'>;
  readonly envelope: EnvelopeTemplate;
  readonly url: URL;
  readonly channel: HttpChannel;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** An answer that is no fault and no refusal: its bytes, and when request and answer passed our edge (wall ms). */
export interface SoapAnswer {
  readonly http: HttpAnswer;
  readonly sentAt: number;
  readonly receivedAt: number;
}

export interface SoapClient {
  /** Sends; logs in where asked to. @throws the errors of faultError, of HttpChannel, UnauthorizedError */
  send(call: SoapCall): Promise<SoapAnswer>;
  /** `send`, read into a tree, down to the response element. @throws also QuarantineError where it is not there */
  request(call: SoapCall): Promise<{ readonly response: XmlElement; readonly answer: SoapAnswer }>;
}

export interface SoapClientOptions {
  readonly device: string;
  readonly clock: Clock;
  readonly authenticator: Authenticator;
}

export function soapClient({ device, clock, authenticator }: SoapClientOptions): SoapClient {
  const exchange = async (call: SoapCall): Promise<SoapAnswer> => {
    const { url, operation } = call;
    const { authorization, security } = authenticator.next('POST', url);
    const sentAt = clock.now();
    const http = await call.channel.post({
      url,
      headers: {
        // SOAP 1.2 part 2 clause 6.5: the action is a parameter of the media type, there is no SOAPAction header.
        'content-type': `application/soap+xml; charset=utf-8; action="${operation.action}"`,
        ...(authorization !== undefined && { authorization }),
      },
      body: call.envelope.render(security),
      timeoutMs: call.timeoutMs,
      signal: call.signal,
    });
    return { http, sentAt, receivedAt: clock.now() };
  };
  const send = async (call: SoapCall): Promise<SoapAnswer> => {
    for (let before = 0; ; before++) {
      const answer = await exchange(call);
      const { status } = answer.http;
      if (status >= 200 && status < 300) return answer;
      const fault = faultIn(answer.http);
      const error = refusalError(call, device, answer.http, fault);
      if (!(error instanceof UnauthorizedError)) throw error;
      const challenge = answer.http.headers['www-authenticate'];
      if (!authenticator.refused({ before, challenge, fault: fault !== null })) throw error;
    }
  };
  return {
    send,
    async request(call) {
      const answer = await send(call);
      const envelope = parseXml(answer.http.body);
      // A few devices send their faults with status 200.
      const fault = readFault(envelope);
      if (fault !== null) throw faultError(fault, call.operation.name, { device, host: call.url.host });
      const response = child(child(envelope, 'Body'), `${call.operation.name}Response`);
      if (response === undefined) throw unexpectedAnswer(call, device, envelope.local);
      return { response, answer };
    },
  };
}

function faultIn(http: HttpAnswer): SoapFault | null {
  try {
    return readFault(parseXml(http.body));
  } catch {
    // The status alone says what happened: HTML pages, empty bodies and half envelopes come with 4xx and 5xx.
    return null;
  }
}

function refusalError(call: SoapCall, device: string, http: HttpAnswer, fault: SoapFault | null) {
  const facts = { device, host: call.url.host, path: call.url.pathname, status: http.status };
  const name = call.operation.name;
  // 401 is a refused login whatever the fault in it says.
  if (fault !== null && http.status !== 401) return faultError(fault, name, facts);
  const options = { facts: { ...facts, operation: name } };
  // Core 5.8.1 table 5: HTTP errors where no SOAP message could be read.
  switch (http.status) {
    case 401:
    case 403:
      return new UnauthorizedError(
        'not-authorized',
        `${name}: the device refused the login (HTTP ${http.status})`,
        options,
      );
    case 404:
    case 410:
      return new SubscriptionLostError(
        'not-found',
        `${name}: nothing at ${call.url.href} (HTTP ${http.status})`,
        options,
      );
    case 405:
    case 415:
    case 501:
      return new UnsupportedError(
        'http-unsupported',
        `${name}: the device does not do this (HTTP ${http.status})`,
        options,
      );
    default:
      return new RetrySlowlyError('http-status', `${name}: the device answered HTTP ${http.status}`, options);
  }
}

/** An answer that is XML, well-formed, and not the one asked for (a web page with status 200, another device's proxy). */
export function unexpectedAnswer(
  call: Pick<SoapCall, 'operation' | 'url'>,
  device: string,
  found: string,
): QuarantineError {
  return new QuarantineError(
    'unexpected-answer',
    `${call.operation.name}: ${call.url.host} answered with <${found.slice(0, 80)}>, not with ${call.operation.name}Response; is ${call.url.href} an ONVIF service?`,
    { facts: { device, host: call.url.host, operation: call.operation.name } },
  );
}
