import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What one client, or all of them together, may ask of the web server. Times are milliseconds. */
export interface WebLimits {
  /** Open connections; more are closed at once. From half of it on, an answer closes its connection. */
  readonly connections: number;
  /** Requests whose answers are made or sent at a time; more get 503. */
  readonly inWork: number;
  /** Requests of one connection that wait for the answer before them; the next one gets 429, and ends the connection. */
  readonly pipelined: number;
  /** From the start of a connection, or of a request on it, to the end of the headers. */
  readonly headersMs: number;
  /** From the start of a request to its end. */
  readonly requestMs: number;
  /** Without a request on an open connection. */
  readonly keepAliveMs: number;
  /** Without a byte in either direction: the client does not read its answer. */
  readonly stalledMs: number;
  /** How long `close` waits for answers. */
  readonly closeMs: number;
}

export const webLimits: WebLimits = {
  connections: 256,
  inWork: 32,
  pipelined: 8,
  headersMs: 10_000,
  requestMs: 15_000,
  keepAliveMs: 5_000,
  stalledMs: 20_000,
  closeMs: 2_000,
};

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Makes and sends the answer; resolves when it is handed to the connection. */
export type Serve = (exchange: Exchange) => Promise<void>;

/** Why a request is refused without a look at it. */
export type Refuse = (exchange: Exchange, status: 429 | 503) => void;

interface Connection {
  /** Undefined between requests. */
  current: Exchange | undefined;
  waiting: Exchange[];
  isOver: boolean;
}

/**
 * The connections of a server and their requests. Works on one request of a connection at a time: Node hands over every
 * pipelined request at once, and the answers after the first one never close when the connection does.
 */
export class Connections {
  private readonly connections = new Map<Socket, Connection>();
  private inWork = 0;
  private isClosing = false;
  private whenIdle: () => void = () => undefined;

  constructor(
    private readonly limits: WebLimits,
    private readonly serve: Serve,
    private readonly refuse: Refuse,
  ) {}

  /** True when the connection should end with the answer that is being sent. */
  get shouldEnd(): boolean {
    return this.isClosing || this.connections.size > this.limits.connections / 2;
  }

  opened(socket: Socket): void {
    this.connections.set(socket, { current: undefined, waiting: [], isOver: false });
    socket.once('close', () => this.closed(socket));
  }

  requested(exchange: Exchange): void {
    const { socket } = exchange.request;
    const connection = this.connections.get(socket);
    if (connection === undefined || connection.isOver || this.isClosing) return;
    if (connection.current === undefined) {
      this.begin(socket, connection, exchange);
    } else if (connection.waiting.length < this.limits.pipelined) {
      connection.waiting.push(exchange);
    } else {
      connection.isOver = true;
      socket.pause();
      this.refuse(exchange, 429);
    }
  }

  /** Resolves when no answer is made or sent any more, at the latest after `limits.closeMs`. Begins no other one. */
  async close(): Promise<void> {
    this.isClosing = true;
    if (this.inWork === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.whenIdle = resolve;
      timer = setTimeout(resolve, this.limits.closeMs);
    });
    clearTimeout(timer);
  }

  private begin(socket: Socket, connection: Connection, exchange: Exchange): void {
    connection.current = exchange;
    exchange.response.once('close', () => this.finished(socket, exchange));
    this.inWork += 1;
    if (this.inWork > this.limits.inWork) this.refuse(exchange, 503);
    else void this.serve(exchange);
  }

  private finished(socket: Socket, exchange: Exchange): void {
    const connection = this.connections.get(socket);
    if (connection?.current !== exchange) return;
    this.ended(connection);
    const next = connection.waiting.shift();
    if (next !== undefined && !this.isClosing && !socket.destroyed) this.begin(socket, connection, next);
  }

  private closed(socket: Socket): void {
    const connection = this.connections.get(socket);
    this.connections.delete(socket);
    if (connection?.current !== undefined) this.ended(connection);
  }

  private ended(connection: Connection): void {
    connection.current = undefined;
    this.inWork -= 1;
    if (this.inWork === 0) this.whenIdle();
  }
}
