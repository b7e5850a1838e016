import type { ReadingState } from '../lines/reading-state';

/**
 * How far a source has been read: everything that reading on needs (rules 5 and 6). One compacted record per source in
 * topic `checkpoints`, written in the same transaction as the lines it speaks of.
 */
export interface Checkpoint {
  readonly v: 1;
  /** SourceId: `bucket/key`. */
  readonly source: string;
  /** Fixed when the source was first seen (rule 4): so is its partition. */
  readonly origin: string;
  readonly generation: number;
  /** First byte of this generation that was neither published nor dropped. */
  readonly offset: number;
  /** End of what was read: `offset` plus the length of the held tail. */
  readonly size: number;
  /** The object that was read last. */
  readonly etag: string;
  readonly versionId: string | null;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  /** CRC64NVME of [0, size), 16 hexadecimal digits. */
  readonly crc64: string;
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
  /** The object was deleted. */
  readonly ended: boolean;
}

/** Bytes of this generation by what became of them: size = published + dropped + skipped + quarantined + held. */
export interface LedgerSums {
  /** Lines with their terminators. */
  readonly published: number;
  /** A BOM, and what lies beyond the cut of an overlong line. */
  readonly dropped: number;
  /** Passed over on purpose (`since: now`). */
  readonly skipped: number;
  readonly quarantined: number;
}
