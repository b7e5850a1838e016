import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to a request. */
export type S3Fault =
  /** The answer's body ends its connection, or says no more, after so many bytes. */
  | { readonly kind: 'cut' | 'stall'; readonly afterBytes: number }
  /** The server is not asked; this is the answer. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body: string;
      readonly headers?: Record<string, string>;
    }
  /** No answer at all. */
  | { readonly kind: 'silence' };

/** An answer with one of S3's errors. */
export function s3Answer(status: number, code: string, more = '', headers: Record<string, string> = {}): S3Fault {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>the message of ${code}.</Message>${more}</Error>`;
  return { kind: 'answer', status, body, headers };
}

/** Stands between clients and a server, and breaks what it is told to. */
export class S3Proxy {
  /** Methods of what came in, in order. */
  readonly requests: string[] = [];
  private readonly server: Server;
  private faults: { fault: S3Fault; times: number; before: () => void }[] = [];

  private constructor(private readonly to: number) {
    this.server = createServer((incoming, answer) => this.serve(incoming, answer));
  }

  static async start(to: number): Promise<S3Proxy> {
    const proxy = new S3Proxy(to);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The next requests; behind those of an earlier call. */
  breakNext(fault: S3Fault, times = 1, before: () => void = () => undefined): void {
    this.faults.push({ fault, times, before });
  }

  /** Forgets faults and requests. */
  reset(): void {
    this.faults = [];
    this.requests.length = 0;
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private nextFault(): S3Fault | null {
    const [next] = this.faults;
    if (next === undefined) return null;
    next.before();
    if (--next.times === 0) this.faults.shift();
    return next.fault;
  }

  private serve(incoming: IncomingMessage, answer: ServerResponse): void {
    this.requests.push(incoming.method ?? '');
    const fault = this.nextFault();
    if (fault?.kind === 'silence') return;
    if (fault?.kind === 'answer') {
      incoming.resume().once('end', () => {
        answer.writeHead(fault.status, { 'content-type': 'application/xml', ...fault.headers });
        answer.end(incoming.method === 'HEAD' ? undefined : fault.body);
      });
      return;
    }
    const { method, url, headers } = incoming;
    // The Host is part of the signature: it goes through as it came.
    const asked = request({ host: '127.0.0.1', port: this.to, method, path: url, headers, setHost: false });
    incoming.pipe(asked);
    answer.once('close', () => asked.destroy());
    asked.once('error', () => answer.destroy());
    asked.once('response', (response) => {
      answer.writeHead(response.statusCode ?? 500, response.rawHeaders);
      if (fault === null) {
        response.pipe(answer);
        return;
      }
      let left = fault.afterBytes;
      answer.flushHeaders();
      response.on('data', (bytes: Buffer) => {
        if (left > 0) answer.write(bytes.subarray(0, left));
        left -= bytes.length;
        if (left > 0) return;
        response.pause();
        if (fault.kind === 'cut') incoming.socket.destroySoon();
      });
    });
  }
}
