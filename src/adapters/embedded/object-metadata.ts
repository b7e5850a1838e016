import { createHash, randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { lstatSync, readFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';

import { TelltaleError } from '../../errors';
import { openCrc64NvmeStream } from '../native/checksums';
import { errnoOf } from './errno';

/** An object, or one version of it. */
export interface ObjectName {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

/** What is known of an object's content. */
export interface ContentDigest {
  readonly size: number;
  /** The quoted MD5, as S3 gives it for an object that was put in one piece. */
  readonly etag: string;
  /** 16 hexadecimal digits. */
  readonly crc64nvme: string;
}

/**
 * Which file, in which state, a digest belongs to. A digest is believed only while the file still looks like this, so a
 * crash between object and digest, or an edit by hand, costs one reading of the file and never a wrong answer.
 */
const fileIdentity = z.object({ ino: z.string(), size: z.string(), mtimeNs: z.string(), ctimeNs: z.string() });
export type FileIdentity = z.infer<typeof fileIdentity>;

/** A digest, and the file that it was taken of. */
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

/** How often a file that changes while it is read is started over before its reader is told. */
const ATTEMPTS = 3;

/** Digests of objects, kept in a folder beside them. Losing the folder loses nothing but time. */
export class MetadataFolder {
  constructor(private readonly folder: string) {}

  /**
   * The digest of an open file: the one kept if it is still of this file, else read anew.
   * @throws OBJECT_CHANGED when somebody keeps writing into the file
   */
  async of(handle: FileHandle, object: ObjectName): Promise<FileContent> {
    let identity = await identify(handle);
    const kept = await this.kept(object);
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
   * The digest of the file at a path if it is known without opening the file, else null. Does not give way to others while
   * it looks: for a listing of many small files that is several times as fast.
   */
  knownNow(path: string, object: ObjectName): FileContent | null {
    const identity = identifyNow(path);
    if (identity === null) return null;
    const kept = readKept(object, () => readFileSync(this.path(object), 'utf8'));
    return kept !== null && isOf(object, kept.identity, identity) ? { ...kept, identity } : null;
  }

  /** Keeps a digest. A failure is no matter: the next reader works it out again. */
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

  /** What is kept, of whatever state of the file; null when there is nothing. */
  async kept(object: ObjectName): Promise<FileContent | null> {
    const text = await readFile(this.path(object), 'utf8').catch(() => '');
    return readKept(object, () => text);
  }

  private path({ bucket, key, versionId }: ObjectName): string {
    const version = versionId === undefined ? '' : `.${versionId}`;
    return join(this.folder, bucket, `${digestPath(key)}${version}.json`);
  }
}

/** Null when there is nothing, or nothing that makes sense. */
function readKept(object: ObjectName, read: () => string): FileContent | null {
  try {
    const { key, file, ...digest } = keptDigest.parse(JSON.parse(read()));
    return key === object.key ? { ...digest, identity: file } : null;
  } catch {
    return null;
  }
}

/** A key as a folder and a name in it: of bounded length, and safe whatever the key. */
export function digestPath(key: string): string {
  const digest = createHash('sha256').update(key).digest('hex');
  return join(digest.slice(0, 2), digest.slice(2));
}

export async function identify(handle: FileHandle): Promise<FileIdentity> {
  return identityOf(await handle.stat({ bigint: true }));
}

/** Null when there is no regular file. */
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

/** Is the content still the same? Renaming, linking and unlinking a file move its ctime, and its content stays. */
export function sameContent(a: FileIdentity, b: FileIdentity): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

/** LastModified in epoch milliseconds. The file system may keep a fraction less than was set. */
export function lastModifiedOf(identity: FileIdentity): number {
  return Number((BigInt(identity.mtimeNs) + 500_000n) / 1_000_000n);
}

/**
 * Reads at most `size` bytes of a file, hands each piece on, and works out their digest.
 * @param copy what else to do with each piece; it is not kept afterwards
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

/** Nobody edits a version, but its file loses a link, and so changes its ctime, when the object is replaced. */
function isOf({ versionId }: ObjectName, kept: FileIdentity, found: FileIdentity): boolean {
  return versionId === undefined ? sameFile(kept, found) : sameContent(kept, found);
}
