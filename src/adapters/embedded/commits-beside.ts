import { closeSync, openSync, readSync } from 'node:fs';
import { errnoOf } from '../../errno';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const READ_BYTES = 1 << 20;

/**
 * Reads the file beside a database (`-wal`) to its end. SQLite takes a read that fails for the end of the commits, and overwrites
 * the others. It holds no lock on this file, so that it may be closed beside SQLite.
 * @throws the error of the system when a part cannot be read
 */
export function readCommitsBeside(path: string): void {
  readBeside(path, (descriptor) => {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (let at = 0, read = -1; read !== 0; at += read) read = readSync(descriptor, buffer, 0, READ_BYTES, at);
    return true;
  });
}

/**
 * True when the file beside a database (`-wal`) holds a commit: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 * @throws the error of the system when it cannot be read
 */
export function hasCommitsBeside(path: string): boolean {
  return readBeside(path, (descriptor) => {
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
  });
}

/** @returns false when there is no such file */
function readBeside(path: string, read: (descriptor: number) => boolean): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(`${path}-wal`, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
  try {
    return read(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
