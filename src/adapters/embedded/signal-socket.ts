import { createServer, type Socket } from 'node:net';
import { chmod, rm } from 'node:fs/promises';
import { isTelltaleError, TelltaleError } from '../../errors';
import { decodeSignal } from '../../ingestion/signal/encoding';
import { faultAndRemedy } from '../../errno';
import type { Signal } from '../../ingestion/signal/signal';

/** A payload has at most 4,096 characters; a longer one violates the protocol. */
const MAX_LINE_BYTES = 8_192;
const IDLE_MS = 5_000;

export interface SignalSocket {
  close(): Promise<void>;
}

/**
 * Listens for signals on a Unix socket that only this user may open: one line of base64url JSON per connection,
 * answered by `ok` or `error <sentence>`. The caller must hold the data folder's producer lock: a socket at the path
 * then belongs to a dead process, and is replaced.
 *
 * @param accept accepts the signal, or throws a TelltaleError whose sentence is the answer
 */
export async function listenForSignals(path: string, accept: (signal: Signal) => void): Promise<SignalSocket> {
  await rm(path, { force: true }).catch((cause: unknown) => {
    const remedy = faultAndRemedy(cause, 'move it away');
    throw new TelltaleError('DATA_FOLDER', `Cannot listen for signals at ${path}${remedy}`, { cause });
  });
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    serve(socket, accept);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const remedy = faultAndRemedy(cause, 'choose another data folder');
      reject(new TelltaleError('DATA_FOLDER', `Cannot listen for signals at ${path}${remedy}`, { cause }));
    });
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of connections) socket.destroy();
      }),
  };
}

function serve(socket: Socket, accept: (signal: Signal) => void): void {
  let line = Buffer.alloc(0);
  const onData = (data: Buffer): void => {
    line = Buffer.concat([line, data]);
    const end = line.indexOf(0x0a);
    if (end < 0 && line.length <= MAX_LINE_BYTES) return;
    socket.off('data', onData);
    socket.end(
      `${end < 0 ? 'error a signal is one line of at most 4096 characters' : answerTo(line.subarray(0, end), accept)}\n`,
    );
  };
  socket.on('data', onData);
}

function answerTo(line: Buffer, accept: (signal: Signal) => void): string {
  try {
    accept(decodeSignal(line.toString('utf8')));
    return 'ok';
  } catch (error) {
    return isTelltaleError(error) ? `error ${error.message}` : 'error the signal could not be accepted';
  }
}
