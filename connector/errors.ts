/**
 * The errors of the connector. A class says what happens next, `code` says what happened, `facts` say where:
 * they are attached where the error is born, and `cause` keeps what was underneath.
 *
 * WARN = unexpected, no data lost. ERROR = data lost or a person needed.
 */

/** Values that may be logged as they are: never a secret, never a payload. */
export type Facts = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface ErrorOptions {
  readonly facts?: Facts;
  readonly cause?: unknown;
}

export abstract class ConnectorError extends Error {
  /** What happened, in a word that never changes: for tests, metrics and people's searches. */
  readonly code: string;
  readonly facts: Facts;

  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.facts = options.facts ?? {};
  }
}

/** The same step is expected to work at once, or after a short pause (a reset connection, a stale nonce). */
export class RetryNowError extends ConnectorError {}

/** The other side is not there or overloaded: try again with back-off. */
export class RetrySlowlyError extends ConnectorError {}

/** The request as it stands will never be accepted: change it (a limit learned, an option dropped), then retry. */
export class AdaptRequestError extends ConnectorError {}

/** The subscription is no longer there: make a new one. */
export class SubscriptionLostError extends ConnectorError {}

/** One message or answer cannot be used: put it aside, record it, go on. */
export class QuarantineError extends ConnectorError {}

/** Credentials or rights are refused: asking again soon may lock the account, so wait at least a minute. */
export class UnauthorizedError extends ConnectorError {}

/** The other side cannot do this at all: remember it and do not ask again. */
export class UnsupportedError extends ConnectorError {}

/** Nothing can go on without a person: the process ends with this message. */
export class FatalError extends ConnectorError {}

/** The configuration is wrong; every fault is in `message`, one a line. The process ends with 78 (EX_CONFIG). */
export class ConfigurationError extends ConnectorError {}

/** True for the error an aborted signal raises, whoever threw it. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || (error as { code?: unknown }).code === 'ABORT_ERR');
}

/** The message of anything thrown, for a log line or a record. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
