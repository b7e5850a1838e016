/**
 * The unit of the hot path: many lines in one buffer, with typed arrays for their properties. There is no object or
 * string per line.
 */

/** Levels as small numbers: one byte per line. The `level` header holds their names. */
export const Level = { ERROR: 0, WARN: 1, INFO: 2, DEBUG: 3, NONE: 4, CONT: 5, RAW: 6 } as const;
export type Level = (typeof Level)[keyof typeof Level];

/** Names by number: `ERROR|WARN|INFO|DEBUG`, `NONE` (a record without a level), `CONT` (continuation), `RAW` (unparsed). */
export const levelNames = ['ERROR', 'WARN', 'INFO', 'DEBUG', 'NONE', 'CONT', 'RAW'] as const;

/** Rare properties of a line, as bits. */
export const LineFlag = {
  /** `again=1`: repeated by a rewritten object; kept in the topic, left out of counts. */
  AGAIN: 1,
  /** `clock=future`: its timestamp is more than `maxFutureSkew` after LastModified. */
  FUTURE: 2,
  /** `cut=head`: the first `maxLineBytes` of a longer line. */
  CUT_HEAD: 4,
  /** `cut=tail`: published without its terminator because its source ended or was silent for too long. */
  CUT_TAIL: 8,
  /** `cut=rest`: appended later to a line published as a tail; counted in bytes, not in lines. */
  CUT_REST: 16,
  /**
   * `gap=possible`: the first record after a place where lines may be missing because content was replaced before it
   * was read.
   */
  GAP: 32,
} as const;

/** Lines of one source and generation, in order. All arrays have at least `count` entries. */
export interface LineBatch {
  /** SourceId: `bucket/key`, the key decoded. */
  readonly source: string;
  /** The writing host. Partition, watermark and window belong to it. */
  readonly origin: string;
  readonly generation: number;
  readonly count: number;
  /** Holds the lines; bytes between them have no meaning. */
  readonly bytes: Buffer;
  /** Index in `bytes` of each line's first byte. */
  readonly starts: Uint32Array;
  /** Index in `bytes` after each line's last byte. The terminator is not part of a line. */
  readonly ends: Uint32Array;
  /** Byte offset of each line's first byte in its generation; strictly increasing. */
  readonly offsets: Float64Array;
  /** Event time, epoch milliseconds. */
  readonly times: Float64Array;
  /** A {@link Level} per line. */
  readonly levels: Uint8Array;
  /** {@link LineFlag} bits per line. */
  readonly flags: Uint8Array;
  /** Full length in bytes of CUT_HEAD lines, where known, by index in this batch. Usually empty. */
  readonly lengths: ReadonlyMap<number, number>;
}

/** The same lines, with the first marked as following a possible gap. */
export function afterGap(batch: LineBatch): LineBatch {
  return { ...batch, flags: batch.flags.map((flags, i) => (i === 0 ? flags | LineFlag.GAP : flags)) };
}

/** The bytes of line `i`, without a copy. */
export function lineAt(batch: LineBatch, i: number): Buffer {
  return batch.bytes.subarray(batch.starts[i], batch.ends[i]);
}
