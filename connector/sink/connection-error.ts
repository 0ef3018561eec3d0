import { type ConnectorError, RetrySlowlyError } from '../errors.ts';
import { connackError, disconnectError, type Parties } from './mqtt-reasons.ts';

/*
 * Ends of a connection that no MQTT packet explains. `connected`: its CONNACK had come.
 */

/** An error of the socket, of TLS or of the WebSocket handshake. */
export function streamError(cause: Error, connected: boolean, parties: Parties): ConnectorError {
  const code = (cause as NodeJS.ErrnoException).code ?? null;
  // Hung up on, only ruder.
  if (!connected && (code === 'ECONNRESET' || code === 'EPIPE')) return closedError(connected, parties, cause);
  const facts = { sink: parties.sink, url: parties.url, code };
  const what = cause.message || code || 'the connection failed';
  const certificate = code !== null && /CERT|SELF_SIGNED|ALTNAME|UNABLE_TO/.test(code);
  const hint = certificate ? '; see tls.ca and tls.fingerprint of this sink' : '';
  return new RetrySlowlyError('mqtt-connection', `sink ${parties.sink}: ${parties.url}: ${what}${hint}`, {
    facts,
    cause,
  });
}

/** What mqtt.js reports: a refusing CONNACK by its number, anything else by its text. */
export function clientError(error: Error, connected: boolean, parties: Parties): ConnectorError {
  const { code } = error as { code?: unknown };
  if (typeof code !== 'number') return streamError(error, connected, parties);
  return connected ? disconnectError(code, parties) : connackError(code, parties);
}

/** The other side closed the connection. */
export function closedError(connected: boolean, parties: Parties, cause?: Error): ConnectorError {
  const options = { facts: { sink: parties.sink, url: parties.url }, cause };
  const closed = `sink ${parties.sink}: ${parties.url} closed the connection`;
  if (connected) {
    // Not every broker says so (0x8E), and none does with 3.1.1.
    const hint = `if that repeats, look for another instance with the client id '${parties.clientId}'`;
    return new RetrySlowlyError('mqtt-closed', `${closed}; ${hint}`, options);
  }
  return new RetrySlowlyError('mqtt-closed-unanswered', `${closed} without an answer: is it an MQTT broker?`, options);
}
