import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** How the receiver answers a request. */
export type Answer = (request: Received, response: ServerResponse) => void;

/** A receiver of HTTP requests that keeps what it got. */
export interface HttpReceiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** From now on. */
  answer: Answer;
  close(): Promise<void>;
}

export async function startHttpReceiver(answer: Answer): Promise<HttpReceiver> {
  const received: Received[] = [];
  const receiver = { answer };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const got = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts).toString('utf8') };
      received.push(got);
      receiver.answer(got, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${port}`,
    received,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  });
}

/** Answers with a status and a text. */
export function answering(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return (_, response) => {
    response.writeHead(status, headers);
    response.end(text);
  };
}
