import { type ConnectorError, RetryNowError, RetrySlowlyError, UnauthorizedError } from '../errors.ts';
import type { KafkaFailure } from './kafka-port.ts';

/*
 * What brokers answer, and what happens next.
 */

/** Who speaks with whom, for messages. */
export interface KafkaParties {
  readonly sink: string;
  readonly brokers: readonly string[];
  readonly username: string | undefined;
}

/** The connection is of no more use, or cannot be made. */
export function connectionError(failure: KafkaFailure, parties: KafkaParties): ConnectorError {
  const { kind, code, message } = failure;
  const said = `${whoWith(parties)}: ${message}`;
  const options = { facts: { sink: parties.sink, brokers: parties.brokers.join(), code }, cause: failure };
  switch (kind) {
    case 'unauthorized': {
      const who =
        parties.username === undefined
          ? 'no username is set'
          : `check the password and the rights of '${parties.username}'`;
      return new UnauthorizedError('kafka-unauthorized', `${said}; ${who}`, options);
    }
    case 'sequence':
      return new RetryNowError('kafka-sequence', `${said}; going on with a new producer`, options);
    case 'unsupported':
      return new RetrySlowlyError('kafka-unsupported', `${said}; is it Kafka 2.1 or later?`, options);
    case 'unavailable':
      return new RetrySlowlyError('kafka-unavailable', `${said}${hintFor(code, message)}`, options);
    default:
      return new RetrySlowlyError(`kafka-${kind}`, said, options);
  }
}

function hintFor(code: string, message: string): string {
  if (/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO/.test(code)) return '; see tls.ca and tls.fingerprint of this sink';
  if (/closed connection|ECONNRESET/i.test(`${code} ${message}`))
    return '; if that repeats at once, see whether this listener wants TLS (tls) or a login (username, mechanism)';
  return '';
}

/** Topics are created by people: this is what they are to do. */
export function missingTopicError(topics: readonly string[], parties: KafkaParties): ConnectorError {
  const names = topics.map((topic) => `'${topic}'`).join(', ');
  const what = topics.length === 1 ? `the topic ${names} does not exist` : `the topics ${names} do not exist`;
  const message = `${whoWith(parties)}: ${what}, and topics are never created unasked; see 'onvif-connector topics plan', then 'onvif-connector topics create'`;
  const facts = { sink: parties.sink, brokers: parties.brokers.join(), topics: topics.join() };
  return new RetrySlowlyError('kafka-topic-missing', message, { facts });
}

/** Why nothing is sent although the brokers are there, for a log line. */
export function holdingText(failure: KafkaFailure, topics: readonly string[], parties: KafkaParties): string {
  const where = topics.map((topic) => `'${topic}'`).join(', ');
  return `${whoWith(parties)}: cannot write to ${where} now: ${failure.message} (${failure.code}); nothing is lost, it is tried again${holdingHint(failure, parties)}`;
}

function holdingHint({ kind, code }: KafkaFailure, { username }: KafkaParties): string {
  if (kind === 'timestamp')
    return '; compare the clocks of this machine and the brokers (message.timestamp.after.max.ms)';
  if (kind === 'topic-forbidden')
    return `; give ${username === undefined ? 'clients without a login' : `'${username}'`} the right to write there`;
  return code.startsWith('NOT_ENOUGH_REPLICAS')
    ? '; brokers are down, or min.insync.replicas is more than there are'
    : '';
}

/** Why records of a topic go to the dead letters. */
export function refusedTopicText(topic: string, parties: KafkaParties): string {
  const who = parties.username === undefined ? 'clients without a login' : `'${parties.username}'`;
  return `${whoWith(parties)}: ${who} may not write to '${topic}'; its records go to the dead letters until the right is given`;
}

/** Why records of a topic nobody wrote down go to the dead letters. */
export function unknownTopicText(topic: string, parties: KafkaParties): string {
  return `${whoWith(parties)}: the topic '${topic}', a name made by the mapping, does not exist, and topics are never created unasked; its records go to the dead letters until it is there`;
}

/** Why dead letters are not copied. */
export function deadLettersText(topic: string, why: string, parties: KafkaParties): string {
  return `${whoWith(parties)}: cannot write to '${topic}': ${why}; dead letters stay in the spool only until that is mended`;
}

function whoWith({ sink, brokers }: KafkaParties): string {
  return `sink ${sink}: ${brokers.join(', ')}`;
}
