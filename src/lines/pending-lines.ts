import type { Level, LineBatch } from './line-batch';
import { batchOverhead, maxBatchLines, rareOverhead, recordOverhead } from './log-records';

/** Lines of bytes [from, to) of a generation. to - from = publishedBytes + droppedBytes. */
export interface PendingBatch {
  readonly batch: LineBatch;
  readonly from: number;
  readonly to: number;
  /** Bytes of the lines, including terminators. */
  readonly publishedBytes: number;
  /** A BOM, the bytes of an overlong line after its cut, and the NULs before an overlong line. */
  readonly droppedBytes: number;
}

/** What every batch of a source says, and how large it may be. */
interface BatchContext {
  readonly source: string;
  readonly origin: string;
  readonly generation: number;
  /** Upper bound of a batch's encoded size; a batch of one line may be larger. */
  readonly batchBytes: number;
}

/** The batch that a scanner fills. Positions are in `bytes`; every batch reuses the arrays. */
export class PendingLines {
  bytes: Buffer = Buffer.alloc(0);
  /** Offset in the generation after everything published or dropped. */
  end: number;
  private from: number;
  /** Offset in the generation of `bytes[0]`. */
  private base: number;
  private dropped = 0;
  private count = 0;
  private encodedSize = emptySize;
  private readonly perLine: number;
  private readonly starts = new Uint32Array(maxBatchLines);
  private readonly ends = new Uint32Array(maxBatchLines);
  private readonly offsets = new Float64Array(maxBatchLines);
  private readonly times = new Float64Array(maxBatchLines);
  private readonly levels = new Uint8Array(maxBatchLines);
  private readonly flags = new Uint8Array(maxBatchLines);

  constructor(
    private readonly context: BatchContext,
    offset: number,
  ) {
    this.perLine = recordOverhead(context.source, context.origin);
    this.from = this.base = this.end = offset;
  }

  get isEmpty(): boolean {
    return this.end === this.from;
  }

  /** Sets the next bytes, which begin at `end`. */
  begin(bytes: Buffer): void {
    this.bytes = bytes;
    this.base = this.end;
  }

  hasRoomFor(lineBytes: number): boolean {
    if (this.count === 0) return true;
    const size = this.encodedSize + this.perLine + rareOverhead + lineBytes;
    return this.count < maxBatchLines && size <= this.context.batchBytes;
  }

  /** Adds the line in bytes [start, end); `next` is the position after its terminator. */
  add(
    start: number,
    end: number,
    next: number,
    { time, level }: { readonly time: number; readonly level: Level },
    flags: number,
  ): void {
    const i = this.count++;
    this.starts[i] = start;
    this.ends[i] = end;
    this.offsets[i] = this.base + start;
    this.times[i] = time;
    this.levels[i] = level;
    this.flags[i] = flags;
    this.encodedSize += this.perLine + end - start + (flags === 0 ? 0 : rareOverhead);
    this.end = this.base + next;
  }

  /** Counts bytes up to position `next` as published, without a record. */
  publish(next: number): void {
    this.end = this.base + next;
  }

  /** Counts bytes up to position `next` as dropped. */
  drop(next: number): void {
    this.dropped += this.base + next - this.end;
    this.end = this.base + next;
  }

  take(): PendingBatch {
    const { source, origin, generation } = this.context;
    const { bytes, count, from, end, dropped } = this;
    const batch: LineBatch = {
      source,
      origin,
      generation,
      count,
      bytes,
      starts: this.starts.slice(0, count),
      ends: this.ends.slice(0, count),
      offsets: this.offsets.slice(0, count),
      times: this.times.slice(0, count),
      levels: this.levels.slice(0, count),
      flags: this.flags.slice(0, count),
      lengths: noLengths,
    };
    this.from = end;
    this.count = this.dropped = 0;
    this.encodedSize = emptySize;
    return { batch, from, to: end, publishedBytes: end - from - dropped, droppedBytes: dropped };
  }
}

/** Leaves room for a header on the first line (`afterGap`). */
const emptySize = batchOverhead + rareOverhead;

const noLengths: ReadonlyMap<number, number> = new Map();
