import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { chmod, rm } from 'node:fs/promises';
import { isTelltaleError, TelltaleError } from '../../errors';
import { decodeSignal } from '../../ingestion/signal/encoding';
import { faultAndRemedy } from '../../errno';
import type { Signal } from '../../ingestion/signal/signal';

/** A payload has at most 4,096 characters; a longer body cannot hold one. */
const MAX_BODY_BYTES = 8_192;
const MAX_HEAD_BYTES = 8_192;
/** A request that is not whole by then is dropped. */
const REQUEST_MS = 5_000;
const MAX_CONNECTIONS = 64;

export interface SignalSocket {
  close(): Promise<void>;
}

export interface SignalSocketOptions {
  readonly path: string;
  /** Permissions of the socket: 0o600 for this user alone, 0o660 for its group, too. */
  readonly mode: number;
  /** Accepts the signal, or throws a TelltaleError whose sentence is the answer. @returns what it accepted, as a sentence */
  readonly accept: (signal: Signal) => string;
}

/**
 * Listens for signals on a Unix socket: `POST /signal` over HTTP, so that curl can send one. The body is a payload of
 * `ingestion/signal/encoding.ts`. Answers 202; 400 with a sentence; 413; 503 when the signal could not be taken. The caller
 * must hold the data folder's producer lock: a socket at the path then belongs to a dead process, and is replaced.
 */
export async function listenForSignals({ path, mode, accept }: SignalSocketOptions): Promise<SignalSocket> {
  await rm(path, { force: true }).catch((cause: unknown) => {
    const remedy = faultAndRemedy(cause, 'move it away');
    throw new TelltaleError('DATA_FOLDER', `Cannot listen for signals at ${path}${remedy}`, { cause });
  });
  const server = createServer(
    { maxHeaderSize: MAX_HEAD_BYTES, headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS, keepAlive: false },
    (request, response) => serve(request, response, accept),
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = REQUEST_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const remedy = faultAndRemedy(cause, 'choose another data folder');
      reject(new TelltaleError('DATA_FOLDER', `Cannot listen for signals at ${path}${remedy}`, { cause }));
    });
    server.listen(path, resolve);
  });
  await chmod(path, mode);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function serve(request: IncomingMessage, response: ServerResponse, accept: SignalSocketOptions['accept']): void {
  const answer = (status: number, sentence: string): void => {
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
    response.end(`${sentence}\n`);
  };
  const refusal = refusalOf(request);
  if (refusal !== null) {
    answer(refusal.status, refusal.sentence);
    return;
  }
  const parts: Buffer[] = [];
  let length = 0;
  request.on('error', () => undefined);
  request.on('data', (part: Buffer) => {
    length += part.length;
    if (length <= MAX_BODY_BYTES) parts.push(part);
    else if (!response.headersSent) answer(413, TOO_LONG);
  });
  request.on('end', () => {
    if (response.headersSent) return;
    const { status, sentence } = answerTo(Buffer.concat(parts), accept);
    answer(status, sentence);
  });
}

/** Why a request is refused before its body is read; null for one that is not. */
function refusalOf({ url = '', method, headers }: IncomingMessage): Answer | null {
  const [path] = url.split('?');
  if (path !== '/signal') return { status: 404, sentence: 'there is nothing here but /signal' };
  if (method !== 'POST') return { status: 405, sentence: 'a signal is sent with POST' };
  const isLong = Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES;
  return isLong ? { status: 413, sentence: TOO_LONG } : null;
}

interface Answer {
  readonly status: number;
  readonly sentence: string;
}

const TOO_LONG = 'a signal has at most 4096 characters';

function answerTo(body: Buffer, accept: SignalSocketOptions['accept']): Answer {
  try {
    // A line end is what `echo` adds.
    return { status: 202, sentence: accept(decodeSignal(body.toString('latin1').replace(/\r?\n$/, ''))) };
  } catch (error) {
    if (isTelltaleError(error, 'BAD_SIGNAL')) return { status: 400, sentence: error.message };
    return { status: 503, sentence: 'the signal could not be taken; the next listing finds the objects' };
  }
}
