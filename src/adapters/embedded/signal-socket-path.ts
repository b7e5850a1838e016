import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where the producer of a data folder listens for signals. */
export interface ProducerAt {
  readonly dataDir: string;
  readonly socket: string;
}

/** @param configured `producer.socket`; null: a path that follows from the data folder */
export function producerAt(dataDir: string, configured: string | null): ProducerAt {
  return { dataDir, socket: configured ?? signalSocketPath(dataDir) };
}

/** A socket's path has at most 107 bytes on Linux, 103 on macOS. */
const longestPath = 100;

/**
 * The path at which the producer of a data folder listens for signals: `producer.sock` in that folder. When that is too
 * long for a socket, a path in the temporary folder derived from the folder's absolute path.
 */
export function signalSocketPath(dataDir: string): string {
  const folder = resolve(dataDir);
  const path = join(folder, 'producer.sock');
  if (Buffer.byteLength(path) <= longestPath) return path;
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return join(tmpdir(), `telltale-${digest}.sock`);
}
