import { isRetried, type Checkpoint } from './checkpoint';
import { WINDOW_BYTES } from './content';
import type { CrcAlgorithm } from './crc-combine';

/** An object before it is read; the object store's `ObjectInfo` fits. */
export interface SourceObject {
  readonly size: number;
  readonly etag: string;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  readonly versionId?: string;
  /** A checksum of the whole object. `value` is big-endian hexadecimal. */
  readonly checksum?: { readonly algorithm: CrcAlgorithm; readonly value: string };
}

/**
 * The version id of an object that was put while versioning was off or suspended:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html. The next such object replaces it.
 */
export const UNVERSIONED = 'null';

/**
 * What to do about an object.
 *
 * - `nothing`: all of it was read, or it is in quarantine.
 * - `first`: the source was never seen. Continue from `firstCheckpoint`.
 * - `begin`: no byte of it was read yet, and its encoding is unknown. Continue from `reopened`.
 * - `continue`: the object that was read last, but not to its end. Continue from the checkpoint.
 * - `prove`: another object, long enough to begin with the bytes read before. Read its suffix through `createProof`; then
 *   continue from `accept`, or from `nextGeneration`.
 * - `rewrite`: it cannot begin with the bytes read before. Continue from `nextGeneration`.
 */
export type ReadPlan =
  | { readonly kind: 'nothing' | 'begin' | 'continue' | 'prove' | 'rewrite'; readonly checkpoint: Checkpoint }
  | { readonly kind: 'first' };

/** Decides without reading (`proof-before-publishing`). */
export function planRead(checkpoint: Checkpoint | null, object: SourceObject): ReadPlan {
  if (checkpoint === null) return { kind: 'first' };

  const { position, identity, quarantine, ended } = checkpoint;
  const { size } = position;
  const isQuarantined = quarantine?.etag === object.etag && !isRetried(quarantine.reason);
  const isSame = object.etag === identity.etag && object.size === identity.objectSize;
  const isRead = isSame && identity.whole && ended === null && quarantine === null;
  if (isQuarantined || isRead) return { kind: 'nothing', checkpoint };
  if (size === 0) return { kind: 'begin', checkpoint };
  if (isSame) return { kind: 'continue', checkpoint };
  // The size of a gzip says nothing about the size of its content.
  const isShorter = identity.encoding === 'plain' && object.size < size;
  return { kind: isShorter ? 'rewrite' : 'prove', checkpoint };
}

/** Where a read continues from a checkpoint: for `createScanner`, and for the ranged read. */
export interface Resumption {
  /**
   * First byte of the ranged read. Up to 64 KiB that were read before come first: they are compared with the fingerprint, and
   * the next fingerprint needs them.
   */
  readonly from: number;
  /** First byte that the scanner has not seen, at most `size`: after the held tail, or its start if it is not held whole. */
  readonly scanFrom: number;
  /** First byte neither published nor dropped. */
  readonly offset: number;
  /** The bytes [offset, scanFrom). */
  readonly held: Buffer;
}

/**
 * A tail that the checkpoint holds whole is passed to the scanner; a longer one is read again from `offset` (`held-tail`).
 */
export function resumptionOf({ position }: Checkpoint): Resumption {
  const { offset, size } = position;
  const tail = Buffer.from(position.held, 'base64');
  const held = offset + tail.length === size ? tail : Buffer.alloc(0);
  const scanFrom = offset + held.length;
  return { from: Math.max(0, Math.min(scanFrom, size - WINDOW_BYTES)), scanFrom, offset, held };
}
