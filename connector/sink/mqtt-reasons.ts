import { ReasonCodes } from 'mqtt';
import { AdaptRequestError, type ConnectorError, RetrySlowlyError, UnauthorizedError } from '../errors.ts';

/*
 * What brokers answer, and what happens next. MQTT 5.0 2.4 Reason Code; MQTT 3.1.1 3.2.2.3 Connect Return code.
 * Codes below 0x80 are successes in 5.0; 1 to 5 are refusals in the CONNACK of 3.1.1.
 */

/** Who speaks with whom, for messages. */
export interface Parties {
  readonly sink: string;
  /** Without credentials. */
  readonly url: string;
  readonly clientId: string;
  readonly username: string | undefined;
}

/** PUBACK reasons that will be the same next time: the message is at fault, not the moment. */
const REFUSALS: Readonly<Record<number, string>> = {
  144: 'topic-name-invalid', // 0x90
  149: 'packet-too-large', // 0x95: not of PUBACK by the letter, yet brokers send it
  153: 'payload-format-invalid', // 0x99
};

/** PUBACK 0x87. Rights are mended by people: a night of wrong ones must not send everything to the dead letters. */
const NOT_AUTHORIZED = 135;

/** Refusals that are for good besides those that always are: missing rights, or any. */
export type FinalRefusals = 'rights' | 'any';

/** The word for a refusal that is for good; undefined where the broker may take the message later. */
export function lastingRefusal(reason: number, final?: FinalRefusals): string | undefined {
  if (reason === NOT_AUTHORIZED && final !== undefined) return 'not-authorized';
  return REFUSALS[reason] ?? (final === 'any' ? nameOf(reason) : undefined);
}

/** The name of a reason code, and its number. */
export function nameOf(code: number): string {
  const known = (ReasonCodes as Readonly<Record<number, string>>)[code];
  return `${known ?? 'unknown reason'} (0x${code.toString(16).padStart(2, '0')})`;
}

/** A PUBACK that refuses for now: not authorized, quota exceeded, unspecified, implementation specific. */
export function pubackError(reason: number, topic: string, parties: Parties): ConnectorError {
  const forbidden = reason === NOT_AUTHORIZED;
  const who = parties.username === undefined ? 'clients without a username' : `'${parties.username}'`;
  const hint = forbidden ? `; give ${who} the right to publish there` : '';
  const refused = `refused a message to '${topic}' with: ${nameOf(reason)}; it will be sent again${hint}`;
  const code = forbidden ? 'mqtt-publish-forbidden' : 'mqtt-publish-refused';
  return new RetrySlowlyError(code, `sink ${parties.sink}: ${parties.url} ${refused}`, {
    facts: { ...factsOf(parties, reason), topic },
  });
}

/** A CONNACK that is no welcome. An AdaptRequestError names what to leave out of the next CONNECT. */
export function connackError(code: number, parties: Parties): ConnectorError {
  const facts = factsOf(parties, code);
  const refused = `sink ${parties.sink}: ${parties.url} refused the connection: ${nameOf(code)}`;
  switch (code) {
    case 0x01:
    case 0x84:
      return new AdaptRequestError('mqtt-protocol-version', `${refused}; set another protocol`, { facts });
    case 0x9a:
      return new AdaptRequestError('mqtt-retain-unsupported', refused, { facts });
    case 0x9b:
      return new AdaptRequestError('mqtt-qos-unsupported', refused, { facts });
    case 0x02:
    case 0x85:
      return new RetrySlowlyError('mqtt-client-id', `${refused}; client id '${parties.clientId}' does not suit it`, {
        facts,
      });
    case 0x04:
    case 0x05:
    case 0x86:
    case 0x87:
    case 0x8a:
    case 0x8c:
      return unauthorized(refused, parties, facts);
    default:
      return new RetrySlowlyError('mqtt-connect-refused', refused, { facts });
  }
}

/** A DISCONNECT from the broker (5.0 only). */
export function disconnectError(code: number, parties: Parties): ConnectorError {
  const facts = factsOf(parties, code);
  const ended = `sink ${parties.sink}: ${parties.url} ended the connection: ${nameOf(code)}`;
  if (code === 0x8e) {
    const message = `${ended}; two instances use the client id '${parties.clientId}': give each its own`;
    return new RetrySlowlyError('mqtt-session-taken-over', message, { facts });
  }
  if (code === 0x87) return unauthorized(ended, parties, facts);
  return new RetrySlowlyError('mqtt-disconnected', ended, { facts });
}

function unauthorized(what: string, { username }: Parties, facts: ReturnType<typeof factsOf>): ConnectorError {
  const who = username === undefined ? 'no username is set' : `check the password and the rights of '${username}'`;
  return new UnauthorizedError('mqtt-unauthorized', `${what}; ${who}`, { facts });
}

function factsOf(parties: Parties, reason: number) {
  return { sink: parties.sink, url: parties.url, clientId: parties.clientId, reason };
}
