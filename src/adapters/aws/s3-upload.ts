import type { FileHandle } from 'node:fs/promises';
import { constants, open } from 'node:fs/promises';

import { TelltaleError } from '../../errors';
import { openCrc64NvmeStream } from '../native/checksums';
import { errnoOf } from '../embedded/errno';

const PIECE_BYTES = 256 * 1024;

/** An open file as it was at one moment: what is appended later is not part of it. */
export interface FileSnapshot {
  readonly handle: FileHandle;
  readonly size: number;
  /** Of those bytes, in base64, as S3's headers carry it. */
  readonly crc64nvme: string;
}

/**
 * Opens a regular file and works out the checksum of what it holds now. S3 compares it with what it receives, so that a
 * file that is changed while it is sent is refused, not mixed. To be closed by its `handle`.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function openSnapshot(path: string): Promise<FileSnapshot> {
  let handle: FileHandle | undefined;
  try {
    // Without waiting at a pipe.
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
 * @throws OBJECT_STORE when the file has become shorter
 */
export async function* bytesOf(handle: FileHandle, size: number): AsyncGenerator<Buffer, void, undefined> {
  for (let position = 0; position < size;) {
    const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, size - position));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) {
      throw new TelltaleError('OBJECT_STORE', 'The file was cut short while it was sent: this is tried again later.');
    }
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
