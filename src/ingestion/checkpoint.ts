import { unreadEncodings, type Compression } from '../lines/encoding';
import type { ReadingState } from '../lines/reading-state';

/**
 * How far a source has been read: everything that is needed to continue. One compacted record per source in topic
 * `checkpoints`, written in the same transaction as the lines that it covers (`one-transaction`).
 *
 * All positions count bytes of *content*: the object's bytes, decompressed if they are compressed.
 */
export interface Checkpoint {
  /** SourceId: `bucket/key`. */
  readonly source: string;
  /** Fixed when the source was first seen, and with it the partition (`stable-partition`). */
  readonly origin: string;
  /** Topic of its lines; fixed when the source was first seen, as the origin is. */
  readonly topic: string;
  readonly position: Position;
  readonly identity: Identity;
  /** Only src/lines reads it. */
  readonly format: ReadingState;
  /** A newer object that could not be read; null after one could be read. */
  readonly quarantine: Quarantined | null;
  /** When the object was found deleted, epoch milliseconds. */
  readonly ended: number | null;
}

/** Topic of lines where the configuration names none. */
export const DEFAULT_TOPIC = 'logs';

/** Which bytes were read, and the fate of each. */
export interface Position {
  readonly generation: number;
  /** First byte of this generation that was neither published nor dropped nor skipped. */
  readonly offset: number;
  /** End of the bytes read: `offset` plus the length of the held tail. */
  readonly size: number;
  /** The first up to 64 KiB of [offset, size), base64: an unterminated line. */
  readonly held: string;
  /** When the held tail was first seen, epoch milliseconds; null when nothing is held. */
  readonly heldSince: number | null;
  readonly sums: LedgerSums;
  /** Times that content may have been lost between two reads (a rewrite on an unversioned bucket). */
  readonly possibleGap: number;
  /**
   * Position of a gap that no record has reported yet: content after it may be missing. The first record that ends after it
   * is marked (`gap=possible`). Null when there is no such gap.
   */
  readonly pendingGap: number | null;
}

/** Which object the bytes came from, and how a later one is compared with it. */
export interface Identity {
  readonly encoding: ContentEncoding;
  /** The object that was read last. */
  readonly etag: string;
  readonly versionId: string | null;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  /** Bytes of that object as it is stored. */
  readonly objectSize: number;
  /** All of that object was read: `size` is the length of its content. */
  readonly whole: boolean;
  /** CRC64NVME of [0, size), 16 hexadecimal digits; null when unknown (skipped bytes without such a checksum). */
  readonly crc64: string | null;
  /** The CRC of [0, size) by the algorithm that the object store keeps of this object, if that is not CRC64NVME. */
  readonly crc32: { readonly algorithm: 'CRC32' | 'CRC32C'; readonly value: string } | null;
  /** SHA-256 (base64) of the up to 64 KiB before `size`. */
  readonly fingerprint: string;
  /** How it is known that the object named by `etag` begins with [0, size). */
  readonly proof: 'first' | 'proven' | 'fingerprint';
}

/** The outermost encoding of the object's bytes: its content may be compressed again. */
export type ContentEncoding = 'plain' | Compression;

/** Bytes of this generation by their fate: size = published + dropped + skipped + held. */
export interface LedgerSums {
  /** Lines with their terminators. */
  readonly published: number;
  /** A BOM, and the bytes beyond the cut of an overlong line. */
  readonly dropped: number;
  /** Skipped on purpose (`since: now`). */
  readonly skipped: number;
}

/** An object that is not read, and why. None of its bytes are in `size`. */
export interface Quarantined {
  readonly etag: string;
  readonly versionId: string | null;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  /** Bytes of the object as it is stored. */
  readonly size: number;
  readonly reason: QuarantineReason;
}

/** Reasons that lie in the bytes of an object: the same object is not tried again. */
const reasonsInBytes = [
  'gzip-corrupt',
  'gzip-truncated',
  'gzip-ratio',
  'zstd-corrupt',
  'zstd-truncated',
  'zstd-ratio',
  'zstd-window',
  'nested',
  ...unreadEncodings,
] as const;

/**
 * Reasons for which a store does not give the bytes of an object: it is tried again. `customer-key`: encrypted with a key
 * that the request must hold (SSE-C); `kms-key`: encrypted with a key of KMS that cannot be used; `refused`: any other.
 */
const reasonsOfStore = ['denied', 'archived', 'customer-key', 'kms-key', 'refused'] as const;

/** Why an object is not read. Checkpoints keep these names. */
export const quarantineReasons = [...reasonsInBytes, ...reasonsOfStore] as const;
export type QuarantineReason = (typeof quarantineReasons)[number];

/** True when the same object may become readable. */
export function isRetried(reason: QuarantineReason): boolean {
  return reasonsOfStore.some((each) => each === reason);
}
