/**
 * The unit of the hot path: many lines in one buffer, and beside it typed arrays of what is known about each.
 * No object and no string per line.
 */

/** Levels as small numbers, so that a batch holds one byte a line. Their names are what the `level` header says. */
export const Level = { ERROR: 0, WARN: 1, INFO: 2, DEBUG: 3, NONE: 4, CONT: 5, RAW: 6 } as const;
export type Level = (typeof Level)[keyof typeof Level];

/** Names by number: `ERROR|WARN|INFO|DEBUG`, `NONE` (a record without a level), `CONT` (continuation), `RAW` (unparsed). */
export const levelNames = ['ERROR', 'WARN', 'INFO', 'DEBUG', 'NONE', 'CONT', 'RAW'] as const;

/** What is rarely true of a line, as bits. */
export const LineFlag = {
  /** `again=1`: repeated by a rewritten object; kept in the topic, left out of counts. */
  AGAIN: 1,
  /** `clock=future`: its stamp lies more than `maxFutureSkew` after LastModified. */
  FUTURE: 2,
  /** `cut=head`: the first `maxLineBytes` of a longer line. */
  CUT_HEAD: 4,
  /** `cut=tail`: published without its terminator, because its source ended or was silent for long. */
  CUT_TAIL: 8,
  /** `cut=rest`: what came later of a line that was published as a tail; counted in bytes, not in lines. */
  CUT_REST: 16,
  /** `gap=possible`: the first record behind a place where lines may be missing, because content was replaced unseen. */
  GAP: 32,
} as const;

/** Lines of one source and generation, in order. All arrays have at least `count` entries. */
export interface LineBatch {
  /** SourceId: `bucket/key`, the key decoded. */
  readonly source: string;
  /** Who wrote it (a host): partition, watermark, window and `quiet` go by it. */
  readonly origin: string;
  readonly generation: number;
  readonly count: number;
  /** Holds the lines, with gaps between them that mean nothing here. */
  readonly bytes: Buffer;
  /** Index in `bytes` of each line's first byte. */
  readonly starts: Uint32Array;
  /** Index in `bytes` just behind each line's last byte; the terminator is not part of a line. */
  readonly ends: Uint32Array;
  /** Byte offset in its generation of each line's first byte: strictly growing. */
  readonly offsets: Float64Array;
  /** Event time, epoch milliseconds. */
  readonly times: Float64Array;
  /** A {@link Level} each. */
  readonly levels: Uint8Array;
  /** {@link LineFlag} bits each. */
  readonly flags: Uint8Array;
  /** True length in bytes of lines with CUT_HEAD whose length is known, by index in this batch. Mostly empty. */
  readonly lengths: ReadonlyMap<number, number>;
}

/** The same lines, the first of them marked as the first behind a possible gap. */
export function afterGap(batch: LineBatch): LineBatch {
  return { ...batch, flags: batch.flags.map((flags, i) => (i === 0 ? flags | LineFlag.GAP : flags)) };
}

/** The bytes of line `i`, without a copy. */
export function lineAt(batch: LineBatch, i: number): Buffer {
  return batch.bytes.subarray(batch.starts[i], batch.ends[i]);
}
