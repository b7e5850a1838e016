import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { lstat, open } from 'node:fs/promises';

import { TelltaleError, isTelltaleError } from '../../errors';
import { errnoOf, faultAndRemedy, isDiskFull } from '../../errno';
import type { FileIdentity } from './object-metadata';
import { COPY_BYTES, identify, sameContent } from './object-metadata';

/** An open file and its path. */
export interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
}

/** Opens a file for reading, without following a final link or blocking on a pipe. Null unless it is a regular file. */
export async function openRegularFile(path: string): Promise<OpenFile | null> {
  try {
    const handle = await regularOnly(
      await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK),
    );
    return handle === null ? null : { path, handle };
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENXIO') return null;
    throw readError(error, `Cannot open ${path}`);
  }
}

/** The file, or null when it is not a regular one: then, and after an error, it is closed. */
async function regularOnly(handle: FileHandle): Promise<FileHandle | null> {
  try {
    if ((await handle.stat()).isFile()) return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return null;
}

/**
 * Opens the file to put.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function openSource(path: string): Promise<FileHandle> {
  try {
    const handle = await regularOnly(await open(path, constants.O_RDONLY | constants.O_NONBLOCK));
    if (handle !== null) return handle;
  } catch (cause) {
    const missing = errnoOf(cause) === 'ENOENT';
    const message = missing
      ? `There is no file ${path}.`
      : `Cannot read ${path}${faultAndRemedy(cause, 'check its permissions')}`;
    throw new TelltaleError(missing ? 'FILE_NOT_FOUND' : 'FILE_UNREADABLE', message, { cause });
  }
  throw new TelltaleError('FILE_UNREADABLE', `${path} is not a regular file: name a file.`);
}

/** Yields a file's pieces. The iterable owns the file from now on. */
export async function* readPieces(
  handle: FileHandle,
  from: number,
  identity: FileIdentity,
  name: string,
): AsyncGenerator<Buffer> {
  try {
    const size = Number(identity.size);
    for (let position = from; position < size;) {
      const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, size - position));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
      // Checked after each read and before the piece is yielded: an edit by hand never mixes contents.
      if (bytesRead === 0 || !sameContent(identity, await identify(handle))) {
        throw new TelltaleError('OBJECT_CHANGED', `The object ${name} was edited during the read: read it again.`);
      }
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw readError(error, `Cannot read the object ${name}`);
  } finally {
    // Nothing was written.
    await handle.close().catch(() => undefined);
  }
}

export async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += (await handle.write(bytes, written)).bytesWritten;
  }
}

/** Syncs the names in a folder, so that they survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null))?.isDirectory() === true;
}

/**
 * Turns an error of a read into an error of the object store. Other objects can be read when the file's permissions or its
 * place on the disk are at fault.
 */
export function readError(error: unknown, what: string): TelltaleError {
  if (isTelltaleError(error)) return error;
  const code = errnoOf(error);
  if (code === 'EACCES' || code === 'EPERM') {
    return new TelltaleError('OBJECT_STORE_DENIED', `${what} (${code}): check its permissions.`, { cause: error });
  }
  if (damages.has(code)) {
    const message = `${what} (${code}): the disk cannot read it; check the disk, and put the object again.`;
    return new TelltaleError('OBJECT_STORE', message, { cause: error, retriable: false });
  }
  return storeError(error, what);
}

/** Input/output error, and what file systems answer for a wrong checksum: https://man7.org/linux/man-pages/man3/errno.3.html */
const damages: ReadonlySet<string> = new Set(['EIO', 'EBADMSG', 'EUCLEAN', 'ENODATA']);

/** Turns a file system error into an error of the object store. */
export function storeError(error: unknown, what: string): TelltaleError {
  if (isTelltaleError(error)) return error;
  const message = `${what}${faultAndRemedy(error, 'check the data folder')}`;
  return new TelltaleError(isDiskFull(error) ? 'DISK_FULL' : 'OBJECT_STORE', message, { cause: error });
}
