import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { apis } from '../../src/adapters/kafka/api/apis';
import { int16, int32, int64, string } from '../../src/adapters/kafka/api/primitives';

const api = { metadata: 3, handshake: 17, versions: 18, authenticate: 36 } as const;

/** The highest version of each request that this server says it speaks. */
const highest: ReadonlyMap<number, number> = new Map([
  ...Object.values(apis).map(({ key, version }) => [key, version] as const),
  [api.handshake, 1],
  [api.versions, 2],
  [api.authenticate, 1],
]);

/**
 * A broker that knows OAUTHBEARER only: it records how clients authenticate, and answers as Kafka does, up to the list of
 * brokers, which names itself. For tokens that no broker of Apache Kafka can check.
 */
export class KafkaSaslServer {
  /** The requests that came, as `number of the request`/`version`. */
  readonly requests: string[] = [];
  readonly mechanisms: string[] = [];
  /** The messages of clients, as they were. */
  readonly messages: string[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  /**
   * @param refusal the answer to any token; empty: accept it
   * @param sessionMs how long a client stays authenticated; 0: without a limit
   */
  private constructor(
    private readonly refusal: string,
    private readonly sessionMs: number,
  ) {
    this.server = createServer((socket) => this.serve(socket));
  }

  static async start({ refusal = '', sessionMs = 0 } = {}): Promise<KafkaSaslServer> {
    const server = new KafkaSaslServer(refusal, sessionMs);
    server.server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    return server;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    let pending = Buffer.alloc(0);
    let refused = false;
    socket.on('error', () => socket.destroy()).on('close', () => this.sockets.delete(socket));
    socket.on('data', (bytes: Buffer) => {
      pending = Buffer.concat([pending, bytes]);
      while (pending.length >= 4 && pending.length >= 4 + pending.readInt32BE(0)) {
        const request = pending.subarray(4, 4 + pending.readInt32BE(0));
        pending = pending.subarray(4 + request.length);
        // After its refusal Kafka takes nothing but the end of the exchange.
        if (refused) return void socket.destroy();
        refused = this.refusal !== '' && request.readInt16BE(0) === api.authenticate;
        const answer = this.answer(request);
        socket.write(Buffer.concat([int32(4 + answer.length), request.subarray(4, 8), answer]));
      }
    });
  }

  private answer(request: Buffer): Buffer {
    const [key, version] = [request.readInt16BE(0), request.readInt16BE(2)];
    const body = request.subarray(10 + Math.max(0, request.readInt16BE(8)));
    this.requests.push(`${key}/${version}`);
    switch (key) {
      case api.versions: {
        const ranges = [...highest].map(([number, max]) => Buffer.concat([int16(number), int16(0), int16(max)]));
        const throttle = version > 0 ? [int32(0)] : [];
        return Buffer.concat([int16(0), int32(ranges.length), ...ranges, ...throttle]);
      }
      case api.handshake:
        this.mechanisms.push(body.toString('utf8', 2));
        return Buffer.concat([int16(0), int32(1), string('OAUTHBEARER')]);
      case api.authenticate: {
        this.messages.push(body.toString('utf8', 4));
        const refusal = Buffer.from(this.refusal);
        return Buffer.concat([int16(0), int16(-1), int32(refusal.length), refusal, int64(this.sessionMs)]);
      }
      case api.metadata: {
        const broker = Buffer.concat([int32(1), string('127.0.0.1'), int32(this.port), int16(-1)]);
        return Buffer.concat([int32(0), int32(1), broker, int16(-1), int32(1), int32(0)]);
      }
      default:
        throw new Error(`request ${key} was not expected`);
    }
  }
}
