import type { Checkpoint } from './checkpoint';
import { WINDOW_BYTES } from './content';
import type { CrcAlgorithm } from './crc-combine';

/** What is known of an object before it is read; the object store's `ObjectInfo` fits. */
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
 * The version id that S3 gives to what was put while a bucket kept no versions, before it did or since it does no more:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html. The next one that is put so replaces it.
 */
export const UNVERSIONED = 'null';

/**
 * What to do about an object. `reason` is for the log.
 *
 * - `nothing`: all of it was read, or it is in quarantine.
 * - `first`: the source was never seen. Go on from `firstCheckpoint`.
 * - `begin`: nothing was read of it yet, not even what kind of object it is. Go on from `reopened`.
 * - `continue`: the object that was read last, and not to its end. Go on from the checkpoint.
 * - `prove`: another object, long enough to begin with what was read. Read its suffix through `createProof`; then go on
 *   from `accept`, or from `nextGeneration`.
 * - `rewrite`: it cannot begin with what was read. Go on from `nextGeneration`.
 */
export type ReadPlan =
  | {
      readonly kind: 'nothing' | 'begin' | 'continue' | 'prove' | 'rewrite';
      readonly checkpoint: Checkpoint;
      readonly reason: string;
    }
  | { readonly kind: 'first'; readonly reason: string };

/** Decides by what is known without reading (rule 5). */
export function planRead(checkpoint: Checkpoint | null, object: SourceObject): ReadPlan {
  if (checkpoint === null) return { kind: 'first', reason: 'never read before' };

  const { position, identity, quarantine, ended } = checkpoint;
  const { size } = position;
  const { whole } = identity;
  if (quarantine?.etag === object.etag && quarantine.reason !== 'denied') {
    return { kind: 'nothing', checkpoint, reason: `in quarantine: ${quarantine.reason}` };
  }
  const isSame = object.etag === identity.etag && object.size === identity.objectSize;
  if (isSame && whole && ended === null && quarantine === null) {
    return { kind: 'nothing', checkpoint, reason: 'read to its end' };
  }
  if (size === 0) return { kind: 'begin', checkpoint, reason: 'nothing was read before' };
  if (isSame) {
    if (!whole) return { kind: 'continue', checkpoint, reason: `${size} bytes of it were read` };
    if (ended !== null) return { kind: 'continue', checkpoint, reason: 'the same object again' };
    return { kind: 'continue', checkpoint, reason: 'the one that could not be read is gone' };
  }
  // Of a gzip nobody knows what it holds before it is read.
  if (identity.encoding === 'plain' && object.size < size) {
    return { kind: 'rewrite', checkpoint, reason: `has ${object.size} bytes, ${size} were read` };
  }
  return { kind: 'prove', checkpoint, reason: `a new object of ${object.size} bytes, ${size} were read` };
}

/** Where a read goes on from a checkpoint; what `createScanner` is given, and where the ranged read starts. */
export interface Resumption {
  /**
   * First byte of the ranged read. Up to 64 KiB that were read before come first: to be checked against the
   * fingerprint, and to keep it up.
   */
  readonly from: number;
  /** First byte that the scanner has not seen, at most `size`: behind what is held, or the tail's start if that is cut. */
  readonly scanFrom: number;
  /** First byte neither published nor dropped. */
  readonly offset: number;
  /** The bytes [offset, scanFrom). */
  readonly held: Buffer;
}

/** A held tail that the checkpoint holds whole is handed on; a longer one is read again from `offset` (rule 5). */
export function resumptionOf({ position }: Checkpoint): Resumption {
  const { offset, size } = position;
  const tail = Buffer.from(position.held, 'base64');
  const held = offset + tail.length === size ? tail : Buffer.alloc(0);
  const scanFrom = offset + held.length;
  return { from: Math.max(0, Math.min(scanFrom, size - WINDOW_BYTES)), scanFrom, offset, held };
}
