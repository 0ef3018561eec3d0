import type { Clock } from '../clock.ts';
import {
  ConnectorError,
  QuarantineError,
  RetrySlowlyError,
  SubscriptionLostError,
  UnauthorizedError,
  UnsupportedError,
} from '../errors.ts';
import { addressingTrial } from './addressing-trial.ts';
import type { Authenticator } from './authenticator.ts';
import { type ConnectionHabits, forgetfulHabits } from './connection-habits.ts';
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
  /** An answer as a tree. @throws QuarantineError, without what it echoes of our login */
  parse(body: Buffer): XmlElement;
  /** A fault as the error it means. */
  faultError(fault: SoapFault, call: Pick<SoapCall, 'operation' | 'url'>): ConnectorError;
  /** The same error; what it quotes of the device holds nothing of our login any more. */
  redacted<E extends ConnectorError>(error: E): E;
}

export interface SoapClientOptions {
  readonly device: string;
  readonly clock: Clock;
  readonly authenticator: Authenticator;
  /** Forgotten with the client where absent. */
  readonly habits?: ConnectionHabits;
}

export function soapClient({
  device,
  clock,
  authenticator,
  habits = forgetfulHabits(),
}: SoapClientOptions): SoapClient {
  const contentType = contentTypes();
  const addressing = addressingTrial(habits);
  const redactText = (text: string) => authenticator.redacted(text);
  const refusal = (call: SoapCall, http: HttpAnswer, fault: SoapFault | null) =>
    refusalError(call, device, http, fault, redactText);
  /** @param plain without WS-Addressing headers */
  const sendAs = async (call: SoapCall, plain: boolean): Promise<SoapAnswer> => {
    const { url, operation, envelope, timeoutMs, signal } = call;
    for (let before = 0; ; before++) {
      const { authorization, security } = authenticator.next('POST', url);
      const headers: Record<string, string> = { 'content-type': contentType(operation.action) };
      if (authorization !== undefined) headers.authorization = authorization;
      const sentAt = clock.now();
      const http = await call.channel.post({ url, headers, body: envelope.render(security, plain), timeoutMs, signal });
      const answer = { http, sentAt, receivedAt: clock.now() };
      const { status } = answer.http;
      if (status >= 200 && status < 300) {
        authenticator.accepted();
        if (envelope.addressed) addressing.worked(plain);
        return answer;
      }
      const fault = faultIn(answer.http);
      const error = refusal(call, answer.http, fault);
      if (!(error instanceof UnauthorizedError)) throw error;
      const challenge = answer.http.headers['www-authenticate'];
      if (!authenticator.refused({ before, challenge, fault: fault !== null })) throw error;
    }
  };
  const send = async (call: SoapCall): Promise<SoapAnswer> => {
    const { plain } = addressing;
    try {
      return await sendAs(call, plain);
    } catch (error) {
      if (!call.envelope.addressed || !(error instanceof ConnectorError) || !addressing.isWorth(error)) throw error;
      return await sendAs(call, !plain).catch(() => Promise.reject(error));
    }
  };
  const client: SoapClient = {
    send,
    async request(call) {
      const answer = await send(call);
      const envelope = client.parse(answer.http.body);
      // A few devices send their faults with status 200.
      const fault = readFault(envelope);
      if (fault !== null) throw client.faultError(fault, call);
      const response = child(child(envelope, 'Body'), `${call.operation.name}Response`);
      if (response === undefined) throw client.redacted(unexpectedAnswer(call, device, envelope.local));
      return { response, answer };
    },
    parse(body) {
      try {
        return parseXml(body);
      } catch (error) {
        throw error instanceof ConnectorError ? client.redacted(error) : error;
      }
    },
    faultError: (fault, { operation, url }) =>
      faultError(fault, operation.name, { device, host: url.host }, redactText),
    redacted(error) {
      error.message = redactText(error.message);
      return error;
    },
  };
  return client;
}

/** SOAP 1.2 part 2 clause 6.5: the action is a parameter of the media type, there is no SOAPAction header. */
function contentTypes(): (action: string) => string {
  let last: { readonly action: string; readonly text: string } | undefined;
  return (action) => {
    // Made once for the thousands of pulls that follow each other.
    if (last?.action !== action) last = { action, text: `application/soap+xml; charset=utf-8; action="${action}"` };
    return last.text;
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

function refusalError(
  call: SoapCall,
  device: string,
  http: HttpAnswer,
  fault: SoapFault | null,
  redacted: (text: string) => string,
): ConnectorError {
  const facts = { device, host: call.url.host, path: call.url.pathname, status: http.status };
  const name = call.operation.name;
  // 401 is a refused login whatever the fault in it says.
  const error = fault === null || http.status === 401 ? null : faultError(fault, name, facts, redacted);
  if (error !== null && !(http.status === 503 && error.code === 'fault')) return error;
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
    case 429:
    case 503:
      return new RetrySlowlyError('overloaded', `${name}: the device is overloaded (HTTP ${http.status})`, options);
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
      // The login goes to no host that the user did not name.
      return new RetrySlowlyError(
        'redirected',
        `${name}: the device sends us elsewhere (HTTP ${http.status}), which is not followed: set its address to where it wants to be asked`,
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
