import { closeSync, openSync, readSync } from 'node:fs';
import { errnoOf } from '../../errno';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/**
 * True when the file beside a database (`-wal`) holds a commit: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 * @throws the error of the system when it cannot be read
 */
export function hasCommitsBeside(path: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(`${path}-wal`, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    if (readSync(descriptor, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return false;
    const frameBytes = FRAME_HEADER_BYTES + header.readUInt32BE(8);
    const frame = Buffer.alloc(FRAME_HEADER_BYTES);
    for (let at = HEADER_BYTES; readSync(descriptor, frame, 0, frame.length, at) === frame.length; at += frameBytes) {
      // Frames after other salts are left over from before.
      if (!frame.subarray(8, 16).equals(header.subarray(16, 24))) return false;
      if (frame.readUInt32BE(4) !== 0) return true;
    }
    return false;
  } finally {
    closeSync(descriptor);
  }
}
