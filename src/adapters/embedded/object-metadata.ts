import { createHash, randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { lstatSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';

import { TelltaleError } from '../../errors';
import { openCrc64NvmeStream } from '../native/checksums';
import { errnoOf } from '../../errno';
import { readOwnFile } from './read-own-file';

/** An object or one of its versions. */
export interface ObjectName {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

/** Facts about an object's content. */
export interface ContentDigest {
  readonly size: number;
  /** The quoted MD5, as S3 returns it for an object put in one piece. */
  readonly etag: string;
  /** 16 hexadecimal digits. */
  readonly crc64nvme: string;
}

/**
 * Identifies the file and its state that a digest belongs to. A digest is trusted only while the file still looks like
 * this, so a crash between object and digest, or an edit by hand, costs one more read but never a wrong answer.
 */
const fileIdentity = z.object({ ino: z.string(), size: z.string(), mtimeNs: z.string(), ctimeNs: z.string() });
export type FileIdentity = z.infer<typeof fileIdentity>;

/** A digest and the identity of its file. */
export interface FileContent extends ContentDigest {
  readonly identity: FileIdentity;
}

const keptDigest = z.object({
  key: z.string(),
  file: fileIdentity,
  size: z.number(),
  etag: z.string(),
  crc64nvme: z.string(),
});

export const COPY_BYTES = 1 << 20;

/** Attempts to read a changing file before the read fails. */
const ATTEMPTS = 3;

/** Caches digests of objects in a folder beside them. The folder can be rebuilt at any time. */
export class MetadataFolder {
  constructor(private readonly folder: string) {}

  /**
   * The digest of an open file: the cached one if it still belongs to the file, else a new one.
   * @throws OBJECT_CHANGED when the file keeps changing
   */
  async of(handle: FileHandle, object: ObjectName): Promise<FileContent> {
    let identity = await identify(handle);
    const kept = this.kept(object);
    if (kept !== null && isOf(object, kept.identity, identity)) return { ...kept, identity };
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const digest = await digestOf(handle, Number(identity.size));
      const after = await identify(handle);
      if (sameFile(identity, after) && digest.size === Number(after.size)) {
        await this.keep(object, { ...digest, identity });
        return { ...digest, identity };
      }
      identity = after;
    }
    const advice = 'put it as a whole instead of writing into it';
    const name = `${object.bucket}/${object.key}`;
    throw new TelltaleError('OBJECT_CHANGED', `The object ${name} changes while it is read: ${advice}.`);
  }

  /**
   * The digest of the file at a path if it is known without opening the file, else null. Synchronous, which makes a
   * listing of many small files several times faster.
   */
  knownNow(path: string, object: ObjectName): FileContent | null {
    const identity = identifyNow(path);
    if (identity === null) return null;
    const kept = readKept(object, () => readOwnFile(this.path(object)));
    return kept !== null && isOf(object, kept.identity, identity) ? { ...kept, identity } : null;
  }

  /** Caches a digest. A failure is harmless: the next reader computes it again. */
  async keep(object: ObjectName, { identity, size, etag, crc64nvme }: FileContent): Promise<void> {
    const path = this.path(object);
    const beside = `${path}.${randomUUID()}`;
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(beside, JSON.stringify({ key: object.key, file: identity, size, etag, crc64nvme }));
      await rename(beside, path);
    } catch {
      await rm(beside, { force: true }).catch(() => undefined);
    }
  }

  /** The cached entry, for any state of the file; null without one. */
  kept(object: ObjectName): FileContent | null {
    return readKept(object, () => readOwnFile(this.path(object)));
  }

  private path({ bucket, key, versionId }: ObjectName): string {
    const version = versionId === undefined ? '' : `.${versionId}`;
    return join(this.folder, bucket, `${digestPath(key)}${version}.json`);
  }
}

/** Null when the entry is missing or invalid. */
function readKept(object: ObjectName, read: () => string): FileContent | null {
  try {
    const { key, file, ...digest } = keptDigest.parse(JSON.parse(read()));
    return key === object.key ? { ...digest, identity: file } : null;
  } catch {
    return null;
  }
}

/** Maps a key to a folder and a name of bounded length, safe for any key. */
export function digestPath(key: string): string {
  const digest = createHash('sha256').update(key).digest('hex');
  return join(digest.slice(0, 2), digest.slice(2));
}

export async function identify(handle: FileHandle): Promise<FileIdentity> {
  return identityOf(await handle.stat({ bigint: true }));
}

/** Null unless it is a regular file. */
export function identifyNow(path: string): FileIdentity | null {
  try {
    const found = lstatSync(path, { bigint: true });
    return found.isFile() ? identityOf(found) : null;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

function identityOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): FileIdentity {
  return { ino: String(ino), size: String(size), mtimeNs: String(mtimeNs), ctimeNs: String(ctimeNs) };
}

/** True when the content is unchanged. Renaming, linking and unlinking change the ctime but not the content. */
export function sameContent(a: FileIdentity, b: FileIdentity): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

/** LastModified in epoch milliseconds. The file system may round the set time down. */
export function lastModifiedOf(identity: FileIdentity): number {
  return Number((BigInt(identity.mtimeNs) + 500_000n) / 1_000_000n);
}

/**
 * Reads at most `size` bytes of a file, passes on each piece and computes the digest.
 * @param copy called with each piece, which must not be kept
 */
export async function digestOf(
  handle: FileHandle,
  size: number,
  copy: (piece: Buffer) => Promise<void> = () => Promise.resolve(),
): Promise<ContentDigest> {
  const md5 = createHash('md5');
  const crc = await openCrc64NvmeStream();
  const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, Math.max(size, 1)));
  let position = 0;
  while (position < size) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, size - position), position);
    if (bytesRead === 0) break;
    const piece = buffer.subarray(0, bytesRead);
    md5.update(piece);
    crc.update(piece);
    await copy(piece);
    position += bytesRead;
  }
  const etag = `"${md5.digest('hex')}"`;
  return { size: position, etag, crc64nvme: crc.digest().toString(16).padStart(16, '0') };
}

function sameFile(a: FileIdentity, b: FileIdentity): boolean {
  return sameContent(a, b) && a.ctimeNs === b.ctimeNs;
}

/** A version is never edited, but its file loses a link, which changes its ctime, when the object is replaced. */
function isOf({ versionId }: ObjectName, kept: FileIdentity, found: FileIdentity): boolean {
  return versionId === undefined ? sameFile(kept, found) : sameContent(kept, found);
}
