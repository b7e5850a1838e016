import { HeldLine } from './held-line';
import { LineFlag } from './line-batch';
import { LineParser, type ReadingContext } from './line-parser';
import { PendingLines, type PendingBatch } from './pending-lines';
import type { ReadingState } from './reading-state';
import { RecognitionCounter } from './recognition-counter';
import type { TimeOfDayReader } from './time-of-day';

export { nextGeneration } from './line-parser';
export { fileDayOf } from './file-day';

/** Facts about the scanned source. */
export interface ScanContext extends ReadingContext {
  /** SourceId: `bucket/key`. */
  readonly source: string;
  readonly origin: string;
  readonly generation: number;
  /** Only this many bytes of a longer line are published. */
  readonly maxLineBytes: number;
  /** Upper bound of a batch's encoded size; a batch of one line may be larger. */
  readonly batchBytes: number;
}

/** A scanner's configuration. */
export type ScanOptions = Pick<
  ScanContext,
  'zone' | 'customFormat' | 'maxFutureSkew' | 'statusLevels' | 'maxLineBytes' | 'batchBytes'
>;

/** Scan options by key: zones and formats may be configured per key. */
export type ScanFor = (key: string) => ScanOptions;

/** Where scanning starts or resumes: at the first byte not yet published or dropped. */
export interface ScanPosition {
  readonly offset: number;
  /** Bytes at `offset` that were read before: the unterminated last line. */
  readonly held: Buffer;
  readonly reading: ReadingState;
}

/** The result for bytes [from, to) of a generation: lines to publish, possibly none. Each `from` is the previous `to`. */
export interface ScannedBatch extends PendingBatch {
  /** State after this batch. */
  readonly reading: ReadingState;
}

/**
 * Splits a source's bytes into lines and reads level and event time of each. The lines do not depend on chunks, nor on
 * where scanning stops and resumes (`split-independence`).
 *
 * - LF and CR LF end a line; only terminated lines are published; bytes are never re-encoded. A BOM at the start of a
 *   generation is dropped.
 * - A line longer than `maxLineBytes` is cut (CUT_HEAD) and published at once; the rest, including the terminator, is
 *   dropped. The record does not hold the full length, which would depend on the chunks. The ledger does.
 * - NULs before a line (a hole, left by a file that was truncated while it was written) are part of its bytes, unless they
 *   would make it overlong, or nothing follows them at the end: then they are dropped, and an empty CUT_REST stands for them.
 * - It holds at most `maxLineBytes` and a few more bytes.
 */
export interface LineScanner {
  /** Takes the next bytes and returns all whole lines. The batches keep `chunk`: never write to it again. */
  push(chunk: Buffer): ScannedBatch[];
  /**
   * Publishes the held bytes as a line without terminator (CUT_TAIL). Bytes appended to it later are CUT_REST: a
   * record, but not a line.
   */
  finish(): ScannedBatch[];
  /** State needed to resume after the bytes in `held`. */
  state(): ScanPosition;
}

/**
 * @param survey see {@link LineParser}
 * @throws CONFIG when the zone is unknown
 */
export function createScanner(context: ScanContext, start: ScanPosition, survey?: TimeOfDayReader): LineScanner {
  return new Scanner(context, start, survey);
}

const lineFeed = 10;
const carriageReturn = 13;
const nothing = Buffer.alloc(0);

class Scanner implements LineScanner {
  private readonly parser: LineParser;
  private readonly tail: HeldLine;
  private readonly lines: PendingLines;
  private openCut: ReadingState['openCut'];
  private readonly recognition: RecognitionCounter;
  private done: ScannedBatch[] = [];

  constructor(
    private readonly context: ScanContext,
    start: ScanPosition,
    survey?: TimeOfDayReader,
  ) {
    this.parser = new LineParser(context, start.reading, survey);
    this.openCut = start.reading.openCut;
    this.recognition = new RecognitionCounter(start.reading.recognition);
    this.tail = new HeldLine(start.held);
    this.lines = new PendingLines(context, start.offset);
  }

  push(chunk: Buffer): ScannedBatch[] {
    if (!this.mayDecide(chunk)) {
      this.tail.append(chunk);
      return [];
    }
    const bytes = this.tail.joinedWith(chunk);
    this.lines.begin(bytes);
    const behind = this.scanTerminated(bytes);
    this.tail.restart(this.scanUnterminated(bytes, behind));
    return this.take();
  }

  finish(): ScannedBatch[] {
    const bytes = this.tail.joinedWith(nothing);
    this.lines.begin(bytes);
    let start = this.skipHole(bytes, this.skipBom(bytes));
    const isTooLong = bytes.length - start > this.context.maxLineBytes;
    if (isTooLong || endOfNuls(bytes, start) === bytes.length) start = this.dropHole(bytes, start);
    if (start < bytes.length) {
      const isCut = this.addLine(bytes, start, bytes.length, bytes.length, LineFlag.CUT_TAIL);
      this.openCut = isCut ? 'head' : 'tail';
    }
    this.tail.restart(nothing);
    return this.take();
  }

  state(): ScanPosition {
    const reading = { ...this.parser.state(this.openCut), recognition: this.recognition.state() };
    return { offset: this.lines.end, held: this.tail.joinedWith(nothing), reading };
  }

  /** True when the chunk ends a line or makes the unterminated one overlong. Otherwise it is only held. */
  private mayDecide(chunk: Buffer): boolean {
    if (
      this.openCut === 'head' ||
      this.openCut === 'hole' ||
      this.tail.length + chunk.length > this.context.maxLineBytes
    )
      return true;
    return chunk.includes(lineFeed);
  }

  /** Adds every terminated line; returns the position after the last. */
  private scanTerminated(bytes: Buffer): number {
    const { maxLineBytes } = this.context;
    const { parser: reading, recognition, lines } = this;
    let start = this.skipHole(bytes, this.skipBom(bytes));
    let lf = bytes.indexOf(lineFeed, start);
    if (lf !== -1 && this.openCut !== null) {
      this.closeCut(bytes, start, lf);
      start = lf + 1;
      lf = bytes.indexOf(lineFeed, start);
    }
    while (lf !== -1) {
      const end = endOfLine(bytes, start, lf);
      if (end - start <= maxLineBytes) {
        if (!lines.hasRoomFor(end - start)) this.flush();
        reading.parse(bytes, start, end);
        recognition.add(reading, bytes, start, end);
        lines.add(start, end, lf + 1, reading, reading.flags);
      } else {
        this.addLine(bytes, this.dropHole(bytes, start), end, lf + 1, 0);
      }
      start = lf + 1;
      lf = bytes.indexOf(lineFeed, start);
    }
    return start;
  }

  /** Handles the terminator of a cut line. */
  private closeCut(bytes: Buffer, start: number, lf: number): void {
    if (this.openCut === 'head') this.lines.drop(lf + 1);
    else this.addLine(bytes, start, endOfLine(bytes, start, lf), lf + 1, 0);
    this.openCut = null;
  }

  /** Returns the bytes to hold after the last terminator: all, unless the line is already too long. */
  private scanUnterminated(bytes: Buffer, start: number): Buffer {
    if (this.openCut === 'head') {
      this.lines.drop(bytes.length);
      return nothing;
    }
    if (!isOverlong(bytes, start, this.context.maxLineBytes)) return bytes.subarray(start);
    const text = this.dropHole(bytes, start);
    if (text > start) return this.scanUnterminated(bytes, text);
    this.addLine(bytes, start, bytes.length, bytes.length, 0);
    this.openCut = 'head';
    return nothing;
  }

  /**
   * Adds the line in bytes [start, end), whose terminator ends at `next`, cut if it is too long. After a published tail
   * it is the rest; a rest that is only a terminator makes no record.
   * @returns true when the line was cut
   */
  private addLine(bytes: Buffer, start: number, end: number, next: number, flag: number): boolean {
    const { maxLineBytes } = this.context;
    const { parser: reading, lines } = this;
    const isCut = end - start > maxLineBytes;
    const cutEnd = isCut ? start + maxLineBytes : end;
    const published = isCut ? cutEnd : next;

    if (!lines.hasRoomFor(cutEnd - start)) this.flush();
    if (this.openCut === 'tail') {
      reading.parseContinuation();
      if (end > start) lines.add(start, cutEnd, published, reading, reading.flags | LineFlag.CUT_REST);
      else lines.publish(published);
    } else {
      if (flag === LineFlag.CUT_TAIL && !isCut) reading.parseTail(bytes, start, cutEnd);
      else reading.parse(bytes, start, cutEnd);
      this.recognition.add(reading, bytes, start, cutEnd);
      lines.add(start, cutEnd, published, reading, reading.flags | (isCut ? LineFlag.CUT_HEAD : flag));
    }
    if (isCut) lines.drop(next);
    return isCut;
  }

  /**
   * Drops the NULs that an overlong line begins with: without them it may be short enough. The empty record keeps the end
   * of the line before known (`bytes-are-conserved`).
   * @returns the position of the first other byte
   */
  private dropHole(bytes: Buffer, start: number): number {
    const end = endOfNuls(bytes, start);
    if (end === start || this.openCut !== null) return start;
    const { parser, lines } = this;
    if (!lines.hasRoomFor(0)) this.flush();
    parser.parseContinuation();
    lines.add(start, start, start, parser, parser.flags | LineFlag.CUT_REST);
    lines.drop(end);
    if (end === bytes.length) this.openCut = 'hole';
    return end;
  }

  /** Drops the rest of a hole. */
  private skipHole(bytes: Buffer, start: number): number {
    if (this.openCut !== 'hole') return start;
    const end = endOfNuls(bytes, start);
    this.lines.drop(end);
    if (end < bytes.length) this.openCut = null;
    return end;
  }

  private skipBom(bytes: Buffer): number {
    if (this.lines.end !== 0 || bytes[0] !== 0xef || bytes[1] !== 0xbb || bytes[2] !== 0xbf) return 0;
    this.lines.drop(3);
    return 3;
  }

  private flush(): void {
    const scanned = this.lines.take();
    const reading = { ...this.parser.state(this.openCut), recognition: this.recognition.state() };
    this.done.push({ ...scanned, reading });
  }

  private take(): ScannedBatch[] {
    if (!this.lines.isEmpty) this.flush();
    const { done } = this;
    this.done = [];
    return done;
  }
}

/** Excludes a CR before the LF: CR LF is one terminator. */
function endOfLine(bytes: Buffer, start: number, lf: number): number {
  return lf > start && bytes[lf - 1] === carriageReturn ? lf - 1 : lf;
}

/** The position of the first byte from `start` on that is not NUL. */
function endOfNuls(bytes: Buffer, start: number): number {
  let end = start;
  while (bytes[end] === 0) end += 1;
  return end;
}

/** True when an unterminated line is certainly too long. A CR at its end may be half of a terminator. */
function isOverlong(bytes: Buffer, start: number, maxLineBytes: number): boolean {
  const length = bytes.length - start;
  return length > maxLineBytes + 1 || (length === maxLineBytes + 1 && bytes[bytes.length - 1] !== carriageReturn);
}
