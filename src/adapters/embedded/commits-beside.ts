import { closeSync, openSync, readSync } from 'node:fs';
import { errnoOf } from '../../errno';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const READ_BYTES = 1 << 20;
const MAX_PAGE_BYTES = 1 << 16;

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

/** The first commit of the file beside a database: none, one that SQLite can take, or one that is damaged. */
export type FirstCommit = 'none' | 'whole' | 'damaged';

/**
 * Reads the first commit of the file beside a database (`-wal`), and checks its sums:
 * https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 * @throws the error of the system when it cannot be read
 */
export function firstCommitBeside(path: string): FirstCommit {
  let found: FirstCommit = 'none';
  readBeside(path, (descriptor) => {
    found = firstCommit(descriptor);
    return true;
  });
  return found;
}

function firstCommit(descriptor: number): FirstCommit {
  const header = Buffer.alloc(HEADER_BYTES);
  if (readSync(descriptor, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return 'none';
  const pageBytes = header.readUInt32BE(8);
  const page = Buffer.alloc(Math.min(pageBytes, MAX_PAGE_BYTES));
  const sum = new CommitSum((header.readUInt32BE(0) & 1) === 1);
  sum.add(header.subarray(0, 24));
  let isWhole = sum.isAt(header, 24);
  const frame = Buffer.alloc(FRAME_HEADER_BYTES);
  const frameBytes = FRAME_HEADER_BYTES + pageBytes;
  for (let at = HEADER_BYTES; readSync(descriptor, frame, 0, frame.length, at) === frame.length; at += frameBytes) {
    // Frames after other salts are left over from before.
    if (!frame.subarray(8, 16).equals(header.subarray(16, 24))) return 'none';
    sum.add(frame.subarray(0, 8));
    const read = readSync(descriptor, page, 0, page.length, at + FRAME_HEADER_BYTES);
    sum.add(page);
    isWhole &&= read === pageBytes && sum.isAt(frame, 16);
    if (frame.readUInt32BE(4) !== 0) return isWhole ? 'whole' : 'damaged';
  }
  return 'none';
}

/** The sum that runs over the header and the frames of a `-wal` file. */
class CommitSum {
  private first = 0;
  private second = 0;

  constructor(private readonly isBigEndian: boolean) {}

  /** @param bytes a multiple of 8 */
  add(bytes: Buffer): void {
    for (let at = 0; at + 8 <= bytes.length; at += 8) {
      this.first = (this.first + this.word(bytes, at) + this.second) >>> 0;
      this.second = (this.second + this.word(bytes, at + 4) + this.first) >>> 0;
    }
  }

  isAt(bytes: Buffer, at: number): boolean {
    return bytes.readUInt32BE(at) === this.first && bytes.readUInt32BE(at + 4) === this.second;
  }

  private word(bytes: Buffer, at: number): number {
    return this.isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
  }
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
