import {
  AdaptRequestError,
  type ConnectorError,
  type Facts,
  RetryNowError,
  RetrySlowlyError,
  SubscriptionLostError,
  UnauthorizedError,
  UnsupportedError,
} from '../errors.ts';
import type { XmlElement } from './notification-message.ts';
import { localName } from './qname.ts';
import { child, childrenNamed, childText } from './xml-tree.ts';

/** SOAP 1.2 part 1 clause 5.4, with the detail element that WSN faults put there. */
export interface SoapFault {
  /** Code and subcodes as QName text, outermost first: `env:Sender`, `ter:InvalidArgVal`, `ter:NoSuchService`. */
  readonly codes: readonly string[];
  readonly reason: string | null;
  /** Local name of the first element of Detail: `ResourceUnknownFault`. */
  readonly detailName: string | null;
  readonly detail: XmlElement | null;
}

/** The fault in an envelope; null where Body's child is no Fault. Only Body's direct child counts (trap 39). */
export function readFault(envelope: XmlElement): SoapFault | null {
  const fault = child(child(envelope, 'Body'), 'Fault');
  if (fault === undefined) return null;
  const codes: string[] = [];
  for (let code = child(fault, 'Code'); code !== undefined; code = child(code, 'Subcode')) {
    codes.push(shortened(childText(code, 'Value')));
  }
  const reasons = childrenNamed(child(fault, 'Reason'), 'Text').map((text) => text.text.trim());
  // SOAP 1.1 faults also occur (faultcode, faultstring).
  if (codes.length === 0) codes.push(shortened(childText(fault, 'faultcode')));
  const reason = reasons.find((text) => text !== '') ?? childText(fault, 'faultstring') ?? null;
  const detail = (child(fault, 'Detail') ?? child(fault, 'detail'))?.children[0] ?? null;
  return {
    codes,
    reason: shortened(reason, MAX_TEXT_LENGTH) || null,
    detailName: detail === null ? null : shortened(detail.local),
    detail,
  };
}

/** The longest name of a fault that the standards have is half as long. */
const MAX_NAME_LENGTH = 80;
const MAX_REASON_LENGTH = 300;
/** As read: what has to be taken out of it is found whole. */
const MAX_TEXT_LENGTH = 3_000;

/** It goes into log lines and records: bounded where it comes from, and without what steers a terminal. */
function shortened(text: string | null | undefined, length = MAX_NAME_LENGTH): string {
  return (text ?? '').slice(0, length).replace(/\p{Cc}/gu, ' ');
}

/** What we do about a fault, by the leaf that names it: parents differ between services (trap 52). */
type Reaction = (message: string, options: { facts: Facts }) => ConnectorError;

const lost: Reaction = (message, options) => new SubscriptionLostError('subscription-unknown', message, options);
const filter: Reaction = (message, options) => new AdaptRequestError('filter-refused', message, options);
const exhausted: Reaction = (message, options) => new RetrySlowlyError('device-exhausted', message, options);
const unsupported: Reaction = (message, options) => new UnsupportedError('operation-unsupported', message, options);
const invalid: Reaction = (message, options) => new AdaptRequestError('arguments-refused', message, options);
const overloaded: Reaction = (message, options) => new RetrySlowlyError('overloaded', message, options);

/** Core 9.9, 5.8; standard.md 2.4 and 5.18: leaf name → reaction. */
const REACTIONS: Readonly<Record<string, Reaction>> = {
  ResourceUnknownFault: lost,
  NotAuthorized: (message, options) => new UnauthorizedError('not-authorized', message, options),
  FailedAuthentication: (message, options) => new UnauthorizedError('not-authorized', message, options),
  PullMessagesFaultResponse: (message, options) => new AdaptRequestError('pull-limits', message, options),
  UnacceptableInitialTerminationTimeFault: (message, options) =>
    new AdaptRequestError('termination-time-refused', message, options),
  UnacceptableTerminationTimeFault: (message, options) =>
    new AdaptRequestError('termination-time-refused', message, options),
  UnableToGetMessagesFault: (message, options) => new RetryNowError('pull-in-progress', message, options),
  SubscribeCreationFailedFault: exhausted,
  UnableToCreatePullPointFault: exhausted,
  BlockedThreadUpperLimit: exhausted,
  OutofMemory: overloaded,
  OutOfMemory: overloaded,
  InvalidFilterFault: filter,
  TopicExpressionDialectUnknownFault: filter,
  InvalidTopicExpressionFault: filter,
  TopicNotSupportedFault: filter,
  InvalidMessageContentExpressionFault: filter,
  // Of Subscribe: it would send what we do not ask for.
  NotifyMessageNotSupportedFault: unsupported,
  ActionNotSupported: unsupported,
  UnknownAction: unsupported,
  MustUnderstand: (message, options) => new AdaptRequestError('header-refused', message, options),
  InvalidArgs: invalid,
  InvalidArgVal: invalid,
};

/**
 * A fault as an error whose class says what happens next. `facts.reason` is the device's own text; limits that a fault
 * names are in `facts.maxTimeout`, `maxMessageLimit`, `minimumTime`, `maximumTime` as the device wrote them.
 *
 * @param redacted takes out of a text of the device what it echoes of our login
 */
export function faultError(
  fault: SoapFault,
  operation: string,
  facts: Facts,
  redacted: (text: string) => string = (text) => text,
): ConnectorError {
  const names = [fault.detailName, ...fault.codes.map(localName).reverse()];
  const known = names.find((name) => name !== null && Object.hasOwn(REACTIONS, name));
  // Some devices say it only in Reason, or call the subcode by another name (standard.md 5.18 field variants).
  const unknownResource = /resource\s*unknown/i.test(`${names.join(' ')} ${fault.reason ?? ''}`);
  const told = redacted(fault.reason ?? fault.detailName ?? fault.codes.at(-1) ?? 'no reason given').slice(
    0,
    MAX_REASON_LENGTH,
  );
  const message = `${operation}: the device answered with a fault: ${told}`;
  const options = {
    facts: {
      ...facts,
      operation,
      fault: redacted(fault.codes.join(' ')).slice(0, 200),
      ...limitsIn(fault.detail, redacted),
    },
  };
  if (unknownResource) return lost(message, options);
  if (known !== null && known !== undefined) return REACTIONS[known]!(message, options);
  return new RetrySlowlyError('fault', message, options);
}

function limitsIn(detail: XmlElement | null, redacted: (text: string) => string): Facts {
  const limits: Record<string, string> = {};
  for (const name of ['MaxTimeout', 'MaxMessageLimit', 'MinimumTime', 'MaximumTime']) {
    const text = childText(detail ?? undefined, name);
    if (text !== undefined) limits[name.charAt(0).toLowerCase() + name.slice(1)] = shortened(redacted(text));
  }
  return limits;
}
