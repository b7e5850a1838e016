import { randomUUID } from 'node:crypto';
import { lstatSync, renameSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as breath } from 'node:timers/promises';

import { isTelltaleError, TelltaleError } from '../../errors';
import type { Clock } from '../../ports/clock';
import type { ObjectInfo, ObjectStore, ObjectVersion, ReadRange } from '../../ports/object-store';
import { errnoOf, faultAndRemedy } from '../../errno';
import { type ListedFile, listFolder } from './folder-listing';
import { VersionFolder } from './folder-versions';
import {
  type OpenFile,
  isFolder,
  openRegularFile,
  openSource,
  readError,
  readPieces,
  storeError,
  syncFolder,
  writeAll,
} from './object-file';
import type { FileContent, ObjectName } from './object-metadata';
import { MetadataFolder, digestOf, identify, identifyNow, lastModifiedOf, sameContent } from './object-metadata';
import { asidePath, checkBucket, encodeKey } from './object-path';
import type { S3Event } from './s3-event';
import { objectCreatedEvent } from './s3-event';

export interface FolderStoreOptions {
  /** Holds `objects/<bucket>/<key>`, `meta`, `tmp` and, with versions, `versions`; created when missing. */
  readonly folder: string;
  /** Source of LastModified and event times. */
  readonly clock: Clock;
  /** Keeps every version of an object, see {@link VersionFolder}. Otherwise no version is kept. */
  readonly versioning: boolean;
  /** Called for each put once the object is readable. Its errors are logged and do not fail the put. */
  readonly onEvent?: (event: S3Event) => void;
}

/** An interrupted put leaves its copy behind. After this long it is certainly abandoned. */
const ABANDONED_MS = 60 * 60 * 1000;

/** Attempts of a put while others create and remove folders on its path. */
const PLACE_ATTEMPTS = 20;

/** Attempts to inspect an object that is being replaced. */
const LOOK_ATTEMPTS = 20;

/** Listed for an unreadable object. No real object has it. */
const UNREAD_ETAG = '""';

/** Objects that a listing inspects before it yields to other tasks: half a millisecond of work. */
const LISTED_TOGETHER = 32;

/**
 * Opens an object store in a folder: each object is a plain file that `ls` shows and an editor opens. Files may also be
 * added, edited and removed by hand. Links, and names that {@link encodeKey} would not produce (with a bare `%`), are
 * not objects. Several processes may use one folder.
 * @throws DATA_FOLDER when the folder cannot be created
 */
export async function openFolderStore(options: FolderStoreOptions): Promise<ObjectStore> {
  const store = new FolderStore(options);
  await store.prepare();
  return store;
}

/** A state of an object, and its open file. */
interface OpenObject {
  readonly handle: FileHandle;
  readonly content: FileContent;
  readonly info: ObjectInfo;
}

class FolderStore implements ObjectStore {
  private readonly objects: string;
  private readonly temporary: string;
  private readonly metadata: MetadataFolder;
  private readonly kept: VersionFolder | null;
  private lastSequencer = 0n;

  constructor(private readonly options: FolderStoreOptions) {
    this.objects = join(options.folder, 'objects');
    this.temporary = join(options.folder, 'tmp');
    this.metadata = new MetadataFolder(join(options.folder, 'meta'));
    const { versioning, clock } = options;
    this.kept = versioning ? new VersionFolder(join(options.folder, 'versions'), this.metadata, clock) : null;
  }

  async prepare(): Promise<void> {
    try {
      await mkdir(this.objects, { recursive: true, mode: 0o700 });
      await mkdir(this.temporary, { recursive: true, mode: 0o700 });
      await this.removeAbandonedCopies();
    } catch (cause) {
      const message = `Cannot use the data folder ${this.options.folder}${faultAndRemedy(cause, 'make it writable')}`;
      throw new TelltaleError('DATA_FOLDER', message, { cause });
    }
  }

  async head(bucket: string, key: string, versionId?: string): Promise<ObjectInfo | null> {
    const object = await this.openObject(nameOf(bucket, key, versionId));
    await object?.handle.close();
    return object?.info ?? null;
  }

  async read(bucket: string, key: string, { from, ifMatch, versionId }: ReadRange): Promise<AsyncIterable<Buffer>> {
    const object = await this.openObject(nameOf(bucket, key, versionId));
    if (object === null) {
      const version = versionId === undefined ? '' : ` (version ${versionId})`;
      throw new TelltaleError('OBJECT_NOT_FOUND', `There is no object ${bucket}/${key}${version}.`);
    }
    const { handle, content, info } = object;
    if (info.etag === ifMatch) return readPieces(handle, from, content.identity, `${bucket}/${key}`);
    await handle.close();
    throw objectChanged(bucket, key, `is now ${info.etag}, not ${ifMatch}`);
  }

  async *list(bucket: string, range: { prefix?: string; after?: string } = {}): AsyncIterable<ObjectInfo> {
    const root = join(this.objects, checkBucket(bucket));
    const { prefix = '', after = '' } = range;
    try {
      for await (const files of together(listFolder(root, { prefix, after }), LISTED_TOGETHER)) {
        for (const info of await Promise.all(files.map((file) => this.look(bucket, file)))) {
          // Removed after its folder was read.
          if (info === null) continue;
          const { key, size, etag, lastModified } = info;
          yield { key, size, etag, lastModified };
        }
        await breath();
      }
    } catch (error) {
      throw storeError(error, `Cannot list the bucket ${bucket} in ${this.options.folder}`);
    }
  }

  /**
   * A listing's entry for an object; null when it is gone. An unreadable object is still listed, as in S3: it must not
   * hide the ones after it.
   */
  private async look(bucket: string, { key, path }: ListedFile): Promise<ObjectInfo | null> {
    const content = this.metadata.knownNow(path, { bucket, key });
    if (content !== null) return objectInfo(key, content);
    try {
      return await this.head(bucket, key);
    } catch (error) {
      const identity = isTelltaleError(error) ? identifyNow(path) : null;
      if (identity === null) throw error;
      return { key, size: Number(identity.size), etag: UNREAD_ETAG, lastModified: lastModifiedOf(identity) };
    }
  }

  async versions(bucket: string, key: string, from?: string): Promise<readonly ObjectVersion[]> {
    // A file added or edited by hand becomes a version when it is inspected.
    await this.head(bucket, key);
    if (this.kept === null) return [];
    try {
      const ids = await this.kept.list({ bucket, key });
      const found: ObjectVersion[] = [];
      for (const versionId of ids.slice(from === undefined ? 0 : Math.max(0, ids.indexOf(from)))) {
        const info = await this.head(bucket, key, versionId);
        // Removed by hand in between.
        if (info === null) continue;
        const { size, etag, lastModified } = info;
        found.push({ key, size, etag, lastModified, versionId });
      }
      return found;
    } catch (error) {
      throw storeError(error, `Cannot list the versions of ${bucket}/${key} in ${this.options.folder}`);
    }
  }

  async putFile(bucket: string, key: string, path: string): Promise<ObjectInfo> {
    const target = this.path(bucket, key);
    const copy = join(this.temporary, randomUUID());
    try {
      const { info, sequencer } = await this.copyAndPlace({ bucket, key }, path, copy, target);
      this.announce(bucket, info, sequencer);
      return info;
    } catch (error) {
      await rm(copy, { force: true }).catch(() => undefined);
      throw storeError(error, `Cannot put the object ${bucket}/${key} into ${this.options.folder}`);
    }
  }

  private async copyAndPlace(
    object: ObjectName,
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
        // Sync content before the name: after a power cut the name never refers to an incomplete file.
        await handle.sync();
        const before = await identify(handle);
        // A file edited by hand becomes a version before it is replaced.
        if (this.kept !== null) await this.head(object.bucket, object.key);
        const { versionId, sequencer } = await this.place(object, copy, target);
        await syncFolder(dirname(target));
        await this.kept?.sync(object);
        const content = { ...digest, identity: await identify(handle) };
        if (sameContent(before, content.identity)) {
          await this.metadata.keep(object, content);
          if (versionId !== undefined) await this.metadata.keep({ ...object, versionId }, content);
        }
        return { info: objectInfo(object.key, { ...digest, identity: before }, versionId), sequencer };
      } finally {
        await handle.close();
      }
    } finally {
      await source.close();
    }
  }

  /**
   * Renames a finished copy to the object's path and creates missing folders. A file in the place of a needed folder
   * moves aside; so does this one when a folder has its name.
   */
  private async place(object: ObjectName, copy: string, target: string): Promise<Placed> {
    for (let attempt = 0; attempt < PLACE_ATTEMPTS; attempt++) {
      try {
        await mkdir(dirname(target), { recursive: true });
        return this.renameNow(object, copy, target);
      } catch (error) {
        const code = errnoOf(error);
        if (code === 'EISDIR' || (code === 'EEXIST' && (await isFolder(target)))) {
          return this.renameNow(object, copy, asidePath(target));
        }
        if (code !== 'EEXIST' && code !== 'ENOTDIR' && code !== 'ENOENT') throw error;
        this.moveFilesAside(dirname(target));
      }
    }
    const message = `Cannot put ${target}: its folders keep changing. Do not edit ${this.objects} for a moment.`;
    throw new TelltaleError('OBJECT_STORE', message);
  }

  private renameNow(object: ObjectName, copy: string, target: string): Placed {
    const versionId = this.kept?.replaceNow(object, copy, target);
    if (versionId === undefined) renameSync(copy, target);
    const byClock = BigInt(Math.trunc(this.options.clock.now())) << 16n;
    this.lastSequencer = byClock > this.lastSequencer ? byClock : this.lastSequencer + 1n;
    return { versionId, sequencer: this.lastSequencer };
  }

  /**
   * Moves aside objects whose names are now needed for folders: `a`, when `a/b` is put. Check and rename are one step
   * in this process. If another process interferes, the file is gone (ENOENT), or is a folder, which never replaces the
   * moved file (ENOTDIR). Either way the name is free, and the put tries again.
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
      // The listener's error does not affect the put.
    }
  }

  /** An object's present state, or a version of it; null when it does not exist. */
  private async openObject(object: ObjectName): Promise<OpenObject | null> {
    const { bucket, key, versionId } = object;
    const path = this.path(bucket, key);
    for (let attempt = 0; attempt < LOOK_ATTEMPTS; attempt++) {
      const file = versionId === undefined ? await openPresent(path) : await this.kept?.open(object, versionId);
      if (file === null || file === undefined) return null;
      try {
        const content = await this.metadata.of(file.handle, object);
        const version = versionId ?? (await this.kept?.ofPresent(object, file, content));
        if (version !== null) return { handle: file.handle, content, info: objectInfo(key, content, version) };
      } catch (error) {
        await file.handle.close();
        throw readError(error, `Cannot read the object ${bucket}/${key} in ${this.options.folder}`);
      }
      await file.handle.close();
    }
    throw objectChanged(bucket, key, 'is replaced again and again');
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

interface Placed {
  readonly versionId: string | undefined;
  /** Taken synchronously with the rename, so that both order the puts of a key alike. */
  readonly sequencer: bigint;
}

/** The object's file, or null. A file may move aside and back between two checks: hence a third. */
async function openPresent(path: string): Promise<OpenFile | null> {
  for (const place of [path, asidePath(path), path]) {
    const file = await openRegularFile(place);
    if (file !== null) return file;
  }
  return null;
}

/** Groups files by at most `size`. */
async function* together(files: AsyncIterable<ListedFile>, size: number): AsyncGenerator<ListedFile[]> {
  let group: ListedFile[] = [];
  for await (const file of files) {
    group.push(file);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  yield group;
}

function nameOf(bucket: string, key: string, versionId?: string): ObjectName {
  return { bucket, key, ...(versionId === undefined ? {} : { versionId }) };
}

function objectInfo(key: string, { identity, size, etag, crc64nvme }: FileContent, versionId?: string): ObjectInfo {
  const checksum = { algorithm: 'CRC64NVME', value: crc64nvme } as const;
  const version = versionId === undefined ? {} : { versionId };
  return { key, size, etag, lastModified: lastModifiedOf(identity), checksum, ...version };
}

function objectChanged(bucket: string, key: string, how: string): TelltaleError {
  return new TelltaleError('OBJECT_CHANGED', `The object ${bucket}/${key} ${how}: read the new one.`);
}
