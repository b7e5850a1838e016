import type { DecodedLines } from '../../lines/decode-lines';
import { LineFlag, type LineBatch } from '../../lines/line-batch';
import { ByteSum, type Crc64 } from '../byte-sum';
import type { Claim } from './claim';

/** Bytes [from, to) of a generation. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * The lines that the topics hold of the generation that a checkpoint covers, up to the checkpoint's offset.
 *
 * Each record covers [at, next at), so the bytes between their values are known: one byte after a line is LF, two are
 * CR LF, none follows a tail that was cut off. Only the bytes dropped beyond the cut of an overlong line are unknown.
 */
export interface TopicFacts {
  /** `at` of the first record; null without records. */
  readonly first: number | null;
  /** True if there is a record of an earlier generation: then retention has deleted no line of this one. */
  readonly earlier: boolean;
  /** Bytes dropped after lines that were cut. */
  readonly droppedRanges: readonly Span[];
  /** One or two bytes after a cut tail or its rest, taken for terminators; they may be dropped bytes. */
  readonly unsure: number;
  /** The published bytes of [first, offset), including terminators, without the gaps. */
  readonly content: { readonly crc64: bigint; readonly length: number };
  /** The first impossible finding, independent of the checkpoint's sums. */
  readonly problem: string | null;
}

/** Maximum number of bytes that are not summed yet, over all sources. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;

const lineFeed = Buffer.from('\n');
const carriageReturnLineFeed = Buffer.from('\r\n');

/** Folds one partition of every topic of lines, each in order, into the facts of each source. A few hundred bytes of memory per source. */
export class TopicLedger {
  private readonly traces = new Map<string, Trace>();
  private readonly unclaimedSources = new Set<string>();
  private heldBytes = 0;
  private scratch = Buffer.alloc(0);

  /**
   * @param claims by source: all checkpoints of the partition
   * @param retainedSince a source is removed only after all its lines are older than that (time of ingestion, epoch
   *   milliseconds)
   */
  constructor(
    private readonly claims: ReadonlyMap<string, Claim>,
    private readonly retainedSince: number,
    private readonly crc64: Crc64,
  ) {}

  /**
   * @param topic the lines' topic
   * @param settled true when these lines were committed before the checkpoints were read. Then a checkpoint must cover
   *   them; later lines are skipped
   */
  add(topic: string, { batch, timestamp }: DecodedLines, settled: boolean): void {
    const claim = this.claims.get(batch.source);
    if (claim === undefined) {
      if (settled && timestamp >= this.retainedSince) this.unclaimedSources.add(batch.source);
      return;
    }
    const trace = this.traceOf(batch.source);
    if (trace.problem !== null) return;
    if (topic !== claim.topic) {
      trace.problem = `the line at ${at(batch, 0)} is in the topic ${topic}, the source's lines go to ${claim.topic}`;
      return;
    }
    if (batch.origin !== claim.origin) {
      trace.problem = `a line of ${at(batch, 0)} has the origin ${JSON.stringify(batch.origin)}, the source has ${JSON.stringify(claim.origin)}`;
      return;
    }
    if (batch.generation > claim.generation) {
      if (settled) trace.problem = `the line at ${at(batch, 0)} is of a later generation than the checkpoint`;
      return;
    }
    trace.enter(batch);
    const before = trace.sum.held;
    if (batch.generation < claim.generation) trace.checkOrder(batch);
    else this.take(trace, claim, batch, settled);
    this.heldBytes += trace.sum.held - before;
    if (this.heldBytes > MAX_HELD_BYTES) this.sumAll();
  }

  /** Sources of lines without a checkpoint. */
  unclaimed(): readonly string[] {
    return [...this.unclaimedSources];
  }

  /** Must be called once, after the last line. */
  factsOf(claim: Claim): TopicFacts {
    const trace = this.traceOf(claim.source);
    if (trace.isIn(claim.generation)) this.follow(trace, claim.offset);
    return {
      first: trace.first,
      earlier: trace.earlier,
      droppedRanges: trace.droppedRanges,
      unsure: trace.unsure,
      content: { crc64: trace.sum.digest(), length: trace.sum.length },
      problem: trace.problem,
    };
  }

  /** Lines of the generation that the checkpoint covers. */
  private take(trace: Trace, claim: Claim, batch: LineBatch, settled: boolean): void {
    const { bytes, starts, ends, offsets, flags, count } = batch;
    const room = this.roomFor(bytes.length + 2 * count);
    let used = 0;
    for (let i = 0; i < count && trace.problem === null; i++) {
      const offset = offsets[i] ?? 0;
      if (offset >= claim.offset) {
        if (settled) trace.problem = `the line at ${at(batch, i)} lies after the end of its checkpoint`;
        break;
      }
      if (trace.first === null) trace.first = offset;
      else used += trace.terminatorBefore(offset).copy(room, used);
      const start = starts[i] ?? 0;
      const end = ends[i] ?? 0;
      used += bytes.copy(room, used, start, end);
      trace.end = offset + end - start;
      trace.flags = flags[i] ?? 0;
    }
    trace.sum.push(Buffer.from(room.subarray(0, used)));
  }

  /** The bytes between the last line and the checkpoint's offset. */
  private follow(trace: Trace, offset: number): void {
    if (trace.problem === null) trace.sum.push(trace.terminatorBefore(offset));
  }

  private sumAll(): void {
    for (const trace of this.traces.values()) trace.sum.sum();
    this.heldBytes = 0;
  }

  private traceOf(source: string): Trace {
    const known = this.traces.get(source);
    if (known !== undefined) return known;
    const trace = new Trace(this.crc64);
    this.traces.set(source, trace);
    return trace;
  }

  private roomFor(length: number): Buffer {
    if (this.scratch.length < length) this.scratch = Buffer.allocUnsafe(length);
    return this.scratch;
  }
}

const nothing = Buffer.alloc(0);

/** The findings of one source so far. */
class Trace {
  first: number | null = null;
  earlier = false;
  readonly droppedRanges: Span[] = [];
  unsure = 0;
  readonly sum: ByteSum;
  problem: string | null = null;
  /** End of the last line's bytes. */
  end = 0;
  /** The last line's {@link LineFlag}s. */
  flags = 0;
  private generation = -1;

  constructor(crc64: Crc64) {
    this.sum = ByteSum.ofMany(crc64);
  }

  isIn(generation: number): boolean {
    return this.generation === generation;
  }

  enter(batch: LineBatch): void {
    const { generation } = batch;
    if (generation < this.generation)
      this.problem = `the line at ${at(batch, 0)} comes after generation ${this.generation}`;
    if (generation <= this.generation) return;
    this.generation = generation;
    this.end = this.flags = 0;
  }

  /** Lines of an earlier generation: only their order can be checked. */
  checkOrder(batch: LineBatch): void {
    this.earlier = true;
    for (let i = 0; i < batch.count && this.problem === null; i++) {
      const offset = batch.offsets[i] ?? 0;
      if (offset < this.end) this.problem = this.overlap(offset);
      // An empty line covers at least its terminator: no other line begins at the same byte.
      this.end = offset + Math.max(1, (batch.ends[i] ?? 0) - (batch.starts[i] ?? 0));
    }
  }

  /** The bytes between the last line and `offset`, where known. */
  terminatorBefore(offset: number): Buffer {
    const { end, flags } = this;
    const length = offset - end;
    const wasCut = (flags & (LineFlag.CUT_HEAD | LineFlag.CUT_TAIL | LineFlag.CUT_REST)) !== 0;
    if (length < 0) this.problem = this.overlap(offset);
    else if ((flags & LineFlag.CUT_HEAD) !== 0 || (wasCut && length > 2))
      this.droppedRanges.push({ from: end, to: offset });
    else if (length > 2) this.problem = `bytes ${end + 1} to ${offset} of generation ${this.generation} are in no line`;
    else if (length === 0 && !wasCut) this.problem = `the line before ${this.generation}:${offset} has no terminator`;
    else {
      if (wasCut) this.unsure += length;
      return length === 2 ? carriageReturnLineFeed : length === 1 ? lineFeed : nothing;
    }
    return nothing;
  }

  private overlap(offset: number): string {
    return `the line at ${this.generation}:${offset} is there twice, or begins inside of the one before`;
  }
}

/** A line's place, as in its header `at`. */
function at(batch: LineBatch, i: number): string {
  return `${batch.generation}:${batch.offsets[i] ?? 0}`;
}
