import net from 'node:net';
import tls from 'node:tls';
import type { BrokerTls } from './broker-address.ts';

/** How often the operating system asks an idle connection whether it is still there, ms. */
const KEEP_ALIVE_MS = 60_000;

/** What a client library asks for: a socket that connects, and a call when it may be written to. */
export interface SocketRequest {
  readonly host: string;
  readonly port: number;
  readonly onConnect: () => void;
}

/** The sockets of one client, so that nothing of it is left when it is closed. */
export interface KafkaSockets {
  open(request: SocketRequest): net.Socket;
  /** Ends them all at once; none is opened any more. */
  destroy(): void;
}

/** @param onLost told of each connection that worked and ended, whoever ended it; not after `destroy` */
export function kafkaSockets(secure: BrokerTls | undefined, onLost: () => void): KafkaSockets {
  const sockets = new Set<net.Socket>();
  let destroyed = false;
  return {
    open({ host, port, onConnect }) {
      if (destroyed) throw new Error('this client was closed');
      let connected = false;
      const ready = () => {
        connected = true;
        onConnect();
      };
      const address = { host: host.replace(/^\[(.*)\]$/, '$1'), port };
      const socket = secure === undefined ? net.connect(address, ready) : secureSocket(address, secure, ready);
      socket.setKeepAlive(true, KEEP_ALIVE_MS).setNoDelay(true);
      sockets.add(socket);
      socket.once('close', () => {
        sockets.delete(socket);
        if (connected && !destroyed) onLost();
      });
      return socket;
    },
    destroy() {
      destroyed = true;
      for (const socket of sockets) {
        socket.destroy(new Error('this client was closed'));
        // Libraries take their listeners away; an error nobody hears would end the process.
        socket.on('error', () => {});
      }
    },
  };
}

function secureSocket(address: { host: string; port: number }, secure: BrokerTls, ready: () => void): net.Socket {
  const { fingerprint, ca, cert, key, verify } = secure;
  const socket = tls.connect({
    ...address,
    ...(net.isIP(address.host) === 0 && { servername: address.host }),
    rejectUnauthorized: verify !== false && fingerprint === undefined,
    ...(ca !== undefined && { ca: ca as string }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  });
  // No session is resumed: a resumed one shows no certificate to compare.
  socket.once('secureConnect', () => {
    const fault = fingerprint === undefined ? null : fingerprintFault(socket, fingerprint);
    if (fault === null) ready();
    else socket.destroy(fault);
  });
  return socket;
}

function fingerprintFault(socket: tls.TLSSocket, fingerprint: string): Error | null {
  const pin = fingerprint.replace(/^sha256:|:/gi, '').toUpperCase();
  const shown = socket.getPeerCertificate().fingerprint256?.replaceAll(':', '');
  if (shown === pin) return null;
  const unknown = new Error(`the certificate shown is sha256:${shown ?? 'none'}, not the one in tls.fingerprint`);
  return Object.assign(unknown, { code: 'ERR_TLS_FINGERPRINT' });
}
