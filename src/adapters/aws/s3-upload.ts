import type { FileHandle } from 'node:fs/promises';
import { constants, open } from 'node:fs/promises';

import { TelltaleError } from '../../errors';
import { openCrc64NvmeStream } from '../native/checksums';
import { errnoOf } from '../../errno';

const PIECE_BYTES = 256 * 1024;

/** An open file as of one moment, without bytes appended later. */
export interface FileSnapshot {
  readonly handle: FileHandle;
  readonly size: number;
  /** Checksum of those bytes in base64, as in S3's headers. */
  readonly crc64nvme: string;
}

/**
 * Opens a regular file and computes the checksum of its present content. S3 compares it with the received bytes, so
 * that it refuses a file that changes during the upload. Close it by its `handle`.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function openSnapshot(path: string): Promise<FileSnapshot> {
  let handle: FileHandle | undefined;
  try {
    // Do not block on a pipe.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await handle.stat();
    if (!stat.isFile()) throw new TelltaleError('FILE_UNREADABLE', `${path} is not a regular file: name a file.`);
    const crc = await openCrc64NvmeStream();
    for await (const piece of bytesOf(handle, stat.size)) crc.update(piece);
    const checksum = Buffer.alloc(8);
    checksum.writeBigUInt64BE(crc.digest());
    return { handle, size: stat.size, crc64nvme: checksum.toString('base64') };
  } catch (cause) {
    await handle?.close();
    if (cause instanceof TelltaleError) throw cause;
    const missing = errnoOf(cause) === 'ENOENT';
    const message = missing ? `There is no file ${path}.` : `Cannot read ${path} (${errnoOf(cause)}).`;
    throw new TelltaleError(missing ? 'FILE_NOT_FOUND' : 'FILE_UNREADABLE', message, { cause });
  }
}

/**
 * The first `size` bytes of a file.
 * @throws OBJECT_STORE when the file was truncated
 */
export async function* bytesOf(handle: FileHandle, size: number): AsyncGenerator<Buffer, void, undefined> {
  for (let position = 0; position < size;) {
    const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, size - position));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) {
      throw new TelltaleError('OBJECT_STORE', 'The file was truncated during the upload: Telltale tries again later.');
    }
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
