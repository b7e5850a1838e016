import { createHash, randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';

import { TelltaleError } from '../../errors';
import { openCrc64NvmeStream } from '../native/checksums';

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
  async of(handle: FileHandle, bucket: string, key: string): Promise<ContentDigest & { identity: FileIdentity }> {
    let identity = await identify(handle);
    const kept = await this.load(bucket, key);
    if (kept !== null && sameFile(kept.file, identity)) {
      return { size: kept.size, etag: kept.etag, crc64nvme: kept.crc64nvme, identity };
    }
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const digest = await digestOf(handle, Number(identity.size));
      const after = await identify(handle);
      if (sameFile(identity, after) && digest.size === Number(after.size)) {
        await this.keep(bucket, key, identity, digest);
        return { ...digest, identity };
      }
      identity = after;
    }
    const advice = 'put it as a whole instead of writing into it';
    throw new TelltaleError('OBJECT_CHANGED', `The object ${bucket}/${key} changes while it is read: ${advice}.`);
  }

  /** Keeps a digest. A failure is no matter: the next reader works it out again. */
  async keep(bucket: string, key: string, file: FileIdentity, digest: ContentDigest): Promise<void> {
    const path = this.path(bucket, key);
    const beside = `${path}.${randomUUID()}`;
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(beside, JSON.stringify({ key, file, ...digest }));
      await rename(beside, path);
    } catch {
      await rm(beside, { force: true }).catch(() => undefined);
    }
  }

  private async load(bucket: string, key: string): Promise<z.infer<typeof keptDigest> | null> {
    try {
      const kept = keptDigest.parse(JSON.parse(await readFile(this.path(bucket, key), 'utf8')));
      return kept.key === key ? kept : null;
    } catch {
      return null;
    }
  }

  private path(bucket: string, key: string): string {
    const name = createHash('sha256').update(key).digest('hex');
    return join(this.folder, bucket, name.slice(0, 2), `${name.slice(2)}.json`);
  }
}

export async function identify(handle: FileHandle): Promise<FileIdentity> {
  const { ino, size, mtimeNs, ctimeNs } = await handle.stat({ bigint: true });
  return { ino: String(ino), size: String(size), mtimeNs: String(mtimeNs), ctimeNs: String(ctimeNs) };
}

/** Is the content still the same? Renaming and unlinking a file move its ctime, and its content stays. */
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
