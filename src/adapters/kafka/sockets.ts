import type { Socket } from 'node:net';
import { connect as connectTcp, isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { connect as connectTls } from 'node:tls';

const KEEP_ALIVE_MS = 60_000;

/** The sockets of one set of connections. It can cut them at once, where kafkajs would wait for requests in flight. */
export class Sockets {
  private readonly open = new Set<Socket>();

  /** @param tls null: an unencrypted connection */
  connect(
    to: { readonly host: string; readonly port: number },
    tls: ConnectionOptions | null,
    onConnect: () => void,
  ): Socket {
    const { host, port } = to;
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const socket =
      tls === null
        ? connectTcp({ host, port }, onConnect)
        : connectTls({ host, port, ...servername, ...tls }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS).setNoDelay(true);
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
    return socket;
  }

  destroy(): void {
    for (const socket of this.open) socket.destroy(new Error('closed'));
  }
}

/**
 * Error codes of encrypted connections that another attempt cannot repair: OpenSSL's for certificates, Node's for the
 * handshake. Source: https://nodejs.org/docs/latest-v20.x/api/tls.html#x509-certificate-error-codes
 */
const certificateFaults =
  /^(UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)_|CERT_|CRL_|ERROR_IN_|(DEPTH_ZERO_)?SELF_SIGNED_CERT|INVALID_(CA|PURPOSE)$|PATH_LENGTH_EXCEEDED$|HOSTNAME_MISMATCH$|ERR_TLS_|ERR_SSL_|ERR_OSSL_)/;

/** Whether an error code of Node's says that an encrypted connection will never be made. */
export function isCertificateFault(code: unknown): boolean {
  return typeof code === 'string' && certificateFaults.test(code);
}
