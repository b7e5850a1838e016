import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A fault applied to a request. */
export type S3Fault =
  /** Cuts or stalls the answer's body after this many bytes. */
  | { readonly kind: 'cut' | 'stall'; readonly afterBytes: number }
  /** Returns this answer without asking the server. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body: string;
      readonly headers?: Record<string, string>;
    }
  /** Never answers. */
  | { readonly kind: 'silence' };

/** An answer with an S3 error. */
export function s3Answer(status: number, code: string, more = '', headers: Record<string, string> = {}): S3Fault {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>the message of ${code}.</Message>${more}</Error>`;
  return { kind: 'answer', status, body, headers };
}

/** A proxy between clients and a server that injects faults. */
export class S3Proxy {
  /** Methods of the received requests, in order. */
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

  /** Faults for the next requests, after those of earlier calls. */
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
    // The Host is part of the signature, so it is forwarded unchanged.
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
