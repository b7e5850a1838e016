import type { ReadingState } from '../lines/reading-state';

/**
 * How far a source has been read: everything that reading on needs (rules 5 and 6). One compacted record per source in
 * topic `checkpoints`, written in the same transaction as the lines it speaks of.
 *
 * All positions count bytes of *content*: what the object holds, decompressed where it is a gzip.
 */
export interface Checkpoint {
  readonly v: 2;
  /** SourceId: `bucket/key`. */
  readonly source: string;
  /** Fixed when the source was first seen (rule 4): so is its partition. */
  readonly origin: string;
  readonly generation: number;
  /** First byte of this generation that was neither published nor dropped nor skipped. */
  readonly offset: number;
  /** End of what was read: `offset` plus the length of the held tail. */
  readonly size: number;
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
  /** CRC64NVME of [0, size), 16 hexadecimal digits; null when nobody knows (skipped bytes without such a checksum). */
  readonly crc64: string | null;
  /** The same by the algorithm that the object store keeps of this object, where that is another one. */
  readonly crc32: { readonly algorithm: 'CRC32' | 'CRC32C'; readonly value: string } | null;
  /** SHA-256 (base64) of the up to 64 KiB before `size`. */
  readonly fingerprint: string;
  /** How it is known that [0, size) is the beginning of the object named by `etag`. */
  readonly proof: 'first' | 'proven' | 'fingerprint';
  /** The first up to 64 KiB of [offset, size), base64: an unterminated line. */
  readonly held: string;
  /** When the held tail was first seen, epoch milliseconds; null when nothing is held. */
  readonly heldSince: number | null;
  readonly reading: ReadingState;
  readonly sums: LedgerSums;
  /** Times that content may have been lost between two reads (a rewrite on an unversioned bucket). */
  readonly possibleGap: number;
  /**
   * Where that was, while no record has said so: content behind this position may be missing. The first record that ends
   * behind it is marked (`gap=possible`). Null when there is no such gap.
   */
  readonly unsaidGap: number | null;
  /** A newer object that could not be read; null once one could. */
  readonly quarantine: Quarantined | null;
  /** When the object was found deleted, epoch milliseconds. */
  readonly ended: number | null;
}

export type ContentEncoding = 'plain' | 'gzip';

/** Bytes of this generation by what became of them: size = published + dropped + skipped + held. */
export interface LedgerSums {
  /** Lines with their terminators. */
  readonly published: number;
  /** A BOM, and what lies beyond the cut of an overlong line. */
  readonly dropped: number;
  /** Passed over on purpose (`since: now`). */
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

/** Why an object is not read. All but `denied` lie in its bytes: the same object is not tried again. */
export const quarantineReasons = ['gzip-corrupt', 'gzip-truncated', 'gzip-ratio', 'utf-16', 'denied'] as const;
export type QuarantineReason = (typeof quarantineReasons)[number];
