import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Linux takes 107 bytes as the path of a socket, macOS 103. */
const longestPath = 100;

/**
 * Where the producer of a data folder listens for signals: `producer.sock` in that folder or, where the path would be
 * too long for a socket, a place in the folder for temporary files that follows from the folder's absolute path.
 */
export function signalSocketPath(dataDir: string): string {
  const folder = resolve(dataDir);
  const path = join(folder, 'producer.sock');
  if (Buffer.byteLength(path) <= longestPath) return path;
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return join(tmpdir(), `telltale-${digest}.sock`);
}
