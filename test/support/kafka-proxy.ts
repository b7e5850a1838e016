import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** The fault of the next commit: Kafka's EndTxn, API key 26. */
export type CommitFault = 'answer lost' | 'request lost' | 'answer swallowed';

const END_TXN = 26;

/**
 * Stands between clients and one broker, on the port that the broker advertises, and breaks connections on request.
 * Requests go through whole, so that one of them can be picked.
 */
export class KafkaProxy {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private nextCommit: CommitFault | null = null;
  private delayMs = 0;

  private constructor(private readonly to: number) {
    this.server = createServer((client) => this.serve(client));
  }

  static async start(port: number, to: number): Promise<KafkaProxy> {
    const proxy = new KafkaProxy(to);
    proxy.server.listen(port, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  breakNextCommit(fault: CommitFault): void {
    this.nextCommit = fault;
  }

  /** Delays every later request to the broker by this time. */
  delay(ms: number): void {
    this.delayMs = ms;
  }

  /** Ends all connections; new ones are served. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.server.close();
    this.cut();
    await once(this.server, 'close');
  }

  private serve(client: Socket): void {
    const broker = connect(this.to, '127.0.0.1');
    let deaf = false;
    const end = (): void => {
      client.destroy();
      broker.destroy();
    };
    for (const socket of [client, broker]) {
      this.sockets.add(socket);
      socket.on('error', end).on('close', () => {
        this.sockets.delete(socket);
        end();
      });
    }
    broker.on('data', (bytes) => {
      if (deaf && this.lastFault === 'answer lost') end();
      else if (!deaf) client.write(bytes);
    });
    let pending = Buffer.alloc(0);
    client.on('data', (bytes) => {
      pending = Buffer.concat([pending, bytes]);
      while (pending.length >= 6 && pending.length >= 4 + pending.readInt32BE(0)) {
        const size = 4 + pending.readInt32BE(0);
        const request = pending.subarray(0, size);
        pending = pending.subarray(size);
        const fault = request.readInt16BE(4) === END_TXN ? this.nextCommit : null;
        if (fault !== null) {
          this.nextCommit = null;
          this.lastFault = fault;
          deaf = true;
        }
        if (fault === 'request lost') end();
        else if (this.delayMs === 0) broker.write(request);
        else setTimeout(() => broker.write(request), this.delayMs).unref();
      }
    });
  }

  private lastFault: CommitFault | null = null;
}
