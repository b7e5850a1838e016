import { createServer, type IncomingMessage, type Server } from 'node:http';
import { isIP } from 'node:net';
import { TelltaleError } from '../errors';
import type { Logger } from '../log';
import { challenge, mayRead, type Access } from './access';
import { plain, type Answer } from './answers';
import { Connections, webLimits, type Exchange, type WebLimits } from './connections';

export interface WebServer {
  /** `http://127.0.0.1:8080/` */
  readonly url: string;
  /**
   * Takes no new connections, and resolves when the answers that were begun are out, or after `limits.closeMs`: a client that does not
   * read must not hold up the end. May be called again.
   */
  close(): Promise<void>;
}

export interface WebOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** The configuration section of host and port, for messages. */
  readonly section: 'web' | 'producer.web';
  /** Names that requests may give as their host, besides `host` and loopback names. */
  readonly allowedHosts?: readonly string[];
  /** Null or absent: no login. */
  readonly access?: Access | null;
  /** @param path of the request's URL, still encoded */
  readonly answer: (path: string, query: URLSearchParams) => Answer | Promise<Answer>;
  readonly log?: Logger;
  readonly limits?: WebLimits;
}

/** How often Node looks for connections that are too slow. */
const LOOK_MS = 1_000;

/**
 * Serves pages and metrics; read-only.
 *
 * Without `access`, `host` should be a loopback address. Requests must name it, a loopback name, or one of `allowedHosts` as
 * their Host: a web site that points its own name at this machine (DNS rebinding) gets nothing.
 * @throws PORT_IN_USE; CONFIG when the host is not an address of this machine
 */
export async function startWeb(options: WebOptions): Promise<WebServer> {
  const { host, limits = webLimits } = options;
  const server = createServer({
    connectionsCheckingInterval: Math.min(LOOK_MS, limits.headersMs),
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  server.maxConnections = limits.connections;
  server.setTimeout(limits.stalledMs);
  const connections: Connections = new Connections(
    limits,
    (exchange) => serve(exchange, options, () => connections.shouldEnd),
    (exchange, status) => send(busy(status), exchange, true),
  );
  server.on('connection', (socket) => connections.opened(socket));
  server.on('request', (request, response) => connections.requested({ request, response }));
  await listen(server, options);
  return { url: urlOf(server, host), close: () => closeServer(server, connections) };
}

/** Browsers send less than 2 KiB. */
const MAX_HEADER_BYTES = 8 * 1024;

async function serve(exchange: Exchange, options: WebOptions, shouldEnd: () => boolean): Promise<void> {
  const { request, response } = exchange;
  const { log } = options;
  try {
    const ready = await answer(request, options).catch((error: unknown) => {
      log?.error('A page failed', { path: request.url, error });
      return plain(500, 'This page failed; the log says why.\n');
    });
    if (!request.socket.destroyed) send(ready, exchange, shouldEnd() || hasBody(request));
  } catch (error) {
    log?.error('An answer could not be sent', { path: request.url, error });
    response.destroy();
  }
}

/** No request needs one: the connection ends with the answer, and the body is not read to its end. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function busy(status: 429 | 503): Answer {
  return { ...plain(status, 'Telltale is busy: ask again in a second.\n'), headers: { 'retry-after': '1' } };
}

async function answer(request: IncomingMessage, options: WebOptions): Promise<Answer> {
  const { host, allowedHosts = [], access = null, section } = options;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { ...plain(405, 'Telltale answers GET and HEAD only.\n'), headers: { allow: 'GET, HEAD' } };
  }
  if (!isOwnHost(request.headers.host ?? '', host, allowedHosts)) {
    const remedy = section === 'web' ? ', or add the name to web.allowedHosts' : '';
    return plain(403, `Telltale does not answer to this name; open it as ${host} or localhost${remedy}.\n`);
  }
  const [path = '', query] = (request.url ?? '').split('?');
  if (access !== null && !mayRead(access, path, request.headers.authorization)) {
    const headers = { 'www-authenticate': challenge(access) };
    return { ...plain(401, 'Telltale needs the user and password, or the token, of web.auth.\n'), headers };
  }
  return options.answer(path, new URLSearchParams(query));
}

/** Any address (which no name can be made to mean) for a server on all addresses; else its own, allowed and loopback names. */
function isOwnHost(header: string, host: string, allowed: readonly string[]): boolean {
  const name = header
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  if (name === host.toLowerCase() || isLoopback(name)) return true;
  if (allowed.some((each) => each.toLowerCase() === name)) return true;
  return isIP(name) !== 0 && (host === '0.0.0.0' || host === '::');
}

/** True for a name or address that means this machine alone. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost') || name === '::1') return true;
  return isIP(name) === 4 && name.startsWith('127.');
}

function send(ready: Answer, { request, response }: Exchange, endConnection: boolean): void {
  const body = Buffer.from(ready.body);
  response.writeHead(ready.status, {
    'content-type': ready.type,
    'content-length': body.length,
    'content-security-policy': ready.policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'no-store',
    ...(endConnection ? { connection: 'close' } : {}),
    ...ready.headers,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function listen(server: Server, options: WebOptions): Promise<void> {
  const { host, port } = options;
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(cause, options)));
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function listenError(cause: NodeJS.ErrnoException, { host, port, section }: WebOptions): TelltaleError {
  switch (cause.code) {
    case 'EADDRINUSE':
      return new TelltaleError(
        'PORT_IN_USE',
        `Port ${port} of ${host} is in use by another program: end it, or set ${section}.port to another port.`,
        { cause },
      );
    case 'EACCES':
      return new TelltaleError(
        'CONFIG',
        `Port ${port} of ${host} is not open to this user: set ${section}.port to one above 1023.`,
        { cause },
      );
    default:
      return new TelltaleError(
        'CONFIG',
        `Cannot serve pages on ${host}, port ${port} (${cause.code ?? cause.message}): check ${section}.host and ${section}.port.`,
        { cause },
      );
  }
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new TelltaleError('INTERNAL', 'The web server has no port.');
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${address.port}/`;
}

/** Browsers open connections before they need them: such a silent one must not hold up the end. */
async function closeServer(server: Server, connections: Connections): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await connections.close();
  server.closeAllConnections();
  await closed;
}
