import { randomUUID } from 'node:crypto';
import { constants, lstatSync, renameSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { TelltaleError, isTelltaleError } from '../../errors';
import type { Clock } from '../../ports/clock';
import type { ObjectInfo, ObjectStore } from '../../ports/object-store';
import { errnoOf } from './errno';
import { listFolder } from './folder-listing';
import type { ContentDigest, FileIdentity } from './object-metadata';
import { COPY_BYTES, MetadataFolder, digestOf, identify, lastModifiedOf, sameContent } from './object-metadata';
import { asidePath, checkBucket, encodeKey } from './object-path';
import type { S3Event } from './s3-event';
import { objectCreatedEvent } from './s3-event';

export interface FolderStoreOptions {
  /** Holds `objects/<bucket>/<key>`, `meta` and `tmp`; made when missing. */
  readonly folder: string;
  /** Says LastModified and event times. */
  readonly clock: Clock;
  /** Hears of each put once the object is readable. It logs its own errors: none of them reaches the put. */
  readonly onEvent?: (event: S3Event) => void;
}

/** A put that was cut short leaves its copy behind; after this long nobody is writing to it any more. */
const ABANDONED_MS = 60 * 60 * 1000;

/** How often a put tries again when others make and remove folders on its way. */
const PLACE_ATTEMPTS = 20;

/**
 * Opens an object store that is a folder: each object is a plain file that `ls` shows and an editor opens. Files may be
 * dropped, edited and removed by hand too, by regular file only (links are no objects), and a name that {@link encodeKey}
 * would not make (one with a bare `%`) is no object either. Several processes may use one folder.
 * @throws DATA_FOLDER when the folder cannot be made
 */
export async function openFolderStore(options: FolderStoreOptions): Promise<ObjectStore> {
  const store = new FolderStore(options);
  await store.prepare();
  return store;
}

class FolderStore implements ObjectStore {
  private readonly objects: string;
  private readonly temporary: string;
  private readonly metadata: MetadataFolder;
  private lastSequencer = 0n;

  constructor(private readonly options: FolderStoreOptions) {
    this.objects = join(options.folder, 'objects');
    this.temporary = join(options.folder, 'tmp');
    this.metadata = new MetadataFolder(join(options.folder, 'meta'));
  }

  async prepare(): Promise<void> {
    try {
      await mkdir(this.objects, { recursive: true });
      await mkdir(this.temporary, { recursive: true });
      await this.removeAbandonedCopies();
    } catch (cause) {
      const message = `Cannot use the data folder ${this.options.folder} (${errnoOf(cause)}): make it writable.`;
      throw new TelltaleError('DATA_FOLDER', message, { cause });
    }
  }

  async head(bucket: string, key: string): Promise<ObjectInfo | null> {
    const handle = await this.openObject(this.path(bucket, key));
    if (handle === null) return null;
    try {
      const { identity, ...digest } = await this.metadata.of(handle, bucket, key);
      return objectInfo(key, identity, digest);
    } catch (error) {
      throw storeError(error, `Cannot read the object ${bucket}/${key}`);
    } finally {
      await handle.close();
    }
  }

  async read(bucket: string, key: string, range: { from: number; ifMatch: string }): Promise<AsyncIterable<Buffer>> {
    const handle = await this.openObject(this.path(bucket, key));
    if (handle === null) {
      throw new TelltaleError('OBJECT_NOT_FOUND', `There is no object ${bucket}/${key}.`);
    }
    try {
      const { etag, identity } = await this.metadata.of(handle, bucket, key);
      if (etag !== range.ifMatch) throw objectChanged(bucket, key, `is now ${etag}, not ${range.ifMatch}`);
      return readPieces(handle, range.from, identity, `${bucket}/${key}`);
    } catch (error) {
      await handle.close();
      throw storeError(error, `Cannot read the object ${bucket}/${key}`);
    }
  }

  async *list(bucket: string, prefix = ''): AsyncIterable<ObjectInfo> {
    const root = join(this.objects, checkBucket(bucket));
    try {
      for await (const name of listFolder(root, prefix)) {
        const info = await this.head(bucket, name);
        // Removed since its folder was read.
        if (info === null) continue;
        const { key, size, etag, lastModified } = info;
        yield { key, size, etag, lastModified };
      }
    } catch (error) {
      throw storeError(error, `Cannot list the bucket ${bucket}`);
    }
  }

  async putFile(bucket: string, key: string, path: string): Promise<ObjectInfo> {
    const target = this.path(bucket, key);
    const copy = join(this.temporary, randomUUID());
    try {
      const { info, sequencer } = await this.copyAndPlace(bucket, key, path, copy, target);
      this.announce(bucket, info, sequencer);
      return info;
    } catch (error) {
      await rm(copy, { force: true }).catch(() => undefined);
      throw storeError(error, `Cannot put the object ${bucket}/${key}`);
    }
  }

  private async copyAndPlace(
    bucket: string,
    key: string,
    path: string,
    copy: string,
    target: string,
  ): Promise<{ info: ObjectInfo; sequencer: bigint }> {
    const source = await openSource(path);
    try {
      const handle = await open(copy, 'wx');
      try {
        const digest = await digestOf(source, (await source.stat()).size, (piece) => writeAll(handle, piece));
        const now = this.options.clock.now() / 1000;
        await handle.utimes(now, now);
        // Content before name: after a power cut the name never leads to a file that is not all there.
        await handle.sync();
        const before = await identify(handle);
        const sequencer = await this.place(copy, target);
        await syncFolder(dirname(target));
        const identity = await identify(handle);
        if (sameContent(before, identity)) await this.metadata.keep(bucket, key, identity, digest);
        return { info: objectInfo(key, before, digest), sequencer };
      } finally {
        await handle.close();
      }
    } finally {
      await source.close();
    }
  }

  /**
   * Renames a finished copy to where readers find it. Folders on the way are made; a file that stands where a folder
   * must be goes aside, as does this one where a folder already is.
   * @returns the put's sequencer, taken in the same breath as the rename: puts of one key are ordered alike by both
   */
  private async place(copy: string, target: string): Promise<bigint> {
    for (let attempt = 0; attempt < PLACE_ATTEMPTS; attempt++) {
      try {
        await mkdir(dirname(target), { recursive: true });
        return this.renameNow(copy, target);
      } catch (error) {
        const code = errnoOf(error);
        if (code === 'EISDIR' || (code === 'EEXIST' && (await isFolder(target)))) {
          return this.renameNow(copy, asidePath(target));
        }
        if (code !== 'EEXIST' && code !== 'ENOTDIR' && code !== 'ENOENT') throw error;
        this.moveFilesAside(dirname(target));
      }
    }
    const message = `Cannot put ${target}: its folders come and go; leave ${this.objects} alone for a moment.`;
    throw new TelltaleError('OBJECT_STORE', message);
  }

  private renameNow(copy: string, target: string): bigint {
    renameSync(copy, target);
    const byClock = BigInt(Math.trunc(this.options.clock.now())) << 16n;
    this.lastSequencer = byClock > this.lastSequencer ? byClock : this.lastSequencer + 1n;
    return this.lastSequencer;
  }

  /**
   * Objects whose own names are needed for folders by now: `a`, when `a/b` is to be put. Look and rename are one step in
   * this process. Another process may come in between: then the file is gone (ENOENT), or is a folder, which never
   * replaces the file that went aside (ENOTDIR). Either way it is out of the way, and the put tries again.
   */
  private moveFilesAside(folder: string): void {
    for (let path = folder; path.length > this.objects.length; path = dirname(path)) {
      try {
        if (lstatSync(path).isFile()) renameSync(path, asidePath(path));
      } catch (error) {
        const code = errnoOf(error);
        if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
      }
    }
  }

  private announce(bucket: string, info: ObjectInfo, sequencer: bigint): void {
    const { key, size, etag, lastModified } = info;
    try {
      this.options.onEvent?.(objectCreatedEvent({ bucket, key, size, etag, at: lastModified, sequencer }));
    } catch {
      // The listener's own problem: the object is put.
    }
  }

  /** The object's file, or null. A file may go aside between two looks, and come back: hence the third. */
  private async openObject(path: string): Promise<FileHandle | null> {
    for (const place of [path, asidePath(path), path]) {
      const handle = await openRegularFile(place);
      if (handle !== null) return handle;
    }
    return null;
  }

  private path(bucket: string, key: string): string {
    return join(this.objects, checkBucket(bucket), ...encodeKey(key));
  }

  private async removeAbandonedCopies(): Promise<void> {
    for (const name of await readdir(this.temporary)) {
      const path = join(this.temporary, name);
      const found = await lstat(path).catch(() => null);
      if (found !== null && found.mtimeMs < this.options.clock.now() - ABANDONED_MS) await rm(path, { force: true });
    }
  }
}

function objectInfo(key: string, identity: FileIdentity, digest: ContentDigest): ObjectInfo {
  const checksum = { algorithm: 'CRC64NVME', value: digest.crc64nvme } as const;
  return { key, size: digest.size, etag: digest.etag, lastModified: lastModifiedOf(identity), checksum };
}

/** Pieces of a file that belongs to this iterable from now on. */
async function* readPieces(
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
      // Looked at after each piece, before it is handed over: an edit by hand never mixes contents.
      if (bytesRead === 0 || !sameContent(identity, await identify(handle))) {
        throw new TelltaleError('OBJECT_CHANGED', `The object ${name} was edited while it was read: read it again.`);
      }
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw storeError(error, `Cannot read the object ${name}`);
  } finally {
    await handle.close();
  }
}

/** Opens for reading without following a link at the end, nor waiting at a pipe. Null when there is no regular file. */
async function openRegularFile(path: string): Promise<FileHandle | null> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
    return null;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENXIO') return null;
    throw storeError(error, `Cannot open ${path}`);
  }
}

async function openSource(path: string): Promise<FileHandle> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
  } catch (cause) {
    const missing = errnoOf(cause) === 'ENOENT';
    const message = missing ? `There is no file ${path}.` : `Cannot read ${path} (${errnoOf(cause)}).`;
    throw new TelltaleError(missing ? 'FILE_NOT_FOUND' : 'FILE_UNREADABLE', message, { cause });
  }
  throw new TelltaleError('FILE_UNREADABLE', `${path} is not a regular file: name a file.`);
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += (await handle.write(bytes, written)).bytesWritten;
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null))?.isDirectory() === true;
}

function objectChanged(bucket: string, key: string, how: string): TelltaleError {
  return new TelltaleError('OBJECT_CHANGED', `The object ${bucket}/${key} ${how}: read the new one.`);
}

function storeError(error: unknown, what: string): TelltaleError {
  if (isTelltaleError(error)) return error;
  const code = errnoOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new TelltaleError('DISK_FULL', `${what}: the disk is full; free some space.`, { cause: error });
  }
  return new TelltaleError('OBJECT_STORE', `${what} (${code}).`, { cause: error });
}
