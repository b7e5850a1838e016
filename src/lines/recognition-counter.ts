import { isBlank, textStart } from './inner';
import { Level } from './line-batch';
import type { LineParser } from './line-parser';
import {
  initialRecognition,
  SHOWN_BYTES,
  strayIn,
  type ContinuationRun,
  type Recognition,
  type UnparsedLine,
} from './recognition';
import { isOfTrace } from './traces';

/** The parser, after it has parsed a line. */
type ParsedLine = Pick<LineParser, 'level' | 'form' | 'inner'>;

/** Lines without indent and without a record between them: probably not understood from here on. */
const LONGEST_STREAK = 300;
/** Traces of a stack that overflows have 1,024 lines and more. */
const LONGEST_RUN = 3_000;

/**
 * Counts lines by how they were understood.
 *
 * Most lines that continue a record are those of stack traces: they have an indent, or a shape that is known
 * (`isOfTrace`), or stand beside such lines. The others are stray: a second program may write them into the same file,
 * without timestamps.
 */
export class RecognitionCounter {
  private lines: number;
  private unparsed: number;
  private first: UnparsedLine | null;
  private distant: number;
  private stray: number;
  private firstStray: UnparsedLine | null;
  private runLines: number;
  private streak: number;
  private followsTrace: boolean;
  private streakFirst: UnparsedLine | null;

  constructor(start: Recognition = initialRecognition) {
    ({
      lines: this.lines,
      unparsed: this.unparsed,
      first: this.first,
      distant: this.distant,
      stray: this.stray,
      firstStray: this.firstStray,
    } = start);
    this.runLines = start.run?.lines ?? 0;
    this.streak = start.run?.streak ?? 0;
    this.followsTrace = start.run?.followsTrace ?? false;
    this.streakFirst = start.run?.first ?? null;
  }

  /** Counts the line in bytes [start, end), which was parsed just now. The rest of a cut line is not a line. */
  add(line: ParsedLine, bytes: Buffer, start: number, end: number): void {
    this.lines++;
    if (line.level >= Level.CONT) this.addOther(line, bytes, start, end);
    else if (this.runLines > 0) this.endRun();
  }

  state(): Recognition {
    const { lines, unparsed, first, distant, stray, firstStray } = this;
    return { lines, unparsed, first, distant, stray, firstStray, run: this.run() };
  }

  private run(): ContinuationRun | null {
    const { runLines: lines, streak, followsTrace, streakFirst: first } = this;
    return lines === 0 ? null : { lines, streak, followsTrace, first };
  }

  private addOther(line: ParsedLine, bytes: Buffer, start: number, end: number): void {
    if (line.level === Level.RAW) {
      this.unparsed++;
      this.first ??= this.shown(bytes, start, end);
    } else if (line.form !== null) {
      // The header of a log with columns.
      this.endRun();
    } else {
      this.addContinuation(line, bytes, start, end);
    }
  }

  private addContinuation(line: ParsedLine, bytes: Buffer, start: number, end: number): void {
    this.runLines++;
    if (this.runLines > LONGEST_RUN) {
      this.addDistant(bytes, start, end);
      return;
    }
    const inner = line.inner(bytes, start, end);
    if (inner === null || isBlank(inner)) return;
    if (textStart(inner) > inner.start || isOfTrace(inner.bytes, inner.start, inner.end)) {
      this.endStreak(true);
      this.followsTrace = true;
    } else if (this.streak >= LONGEST_STREAK) {
      this.addDistant(bytes, start, end);
    } else {
      this.streak++;
      if (this.firstStray === null) this.streakFirst ??= this.shown(bytes, start, end);
    }
  }

  private addDistant(bytes: Buffer, start: number, end: number): void {
    this.distant++;
    this.firstStray ??= this.streakFirst ?? this.shown(bytes, start, end);
  }

  private endRun(): void {
    this.endStreak(false);
    this.runLines = 0;
    this.followsTrace = false;
  }

  private endStreak(isBesideTrace: boolean): void {
    if (this.streak === 0) return;
    const stray = strayIn(this.streak, isBesideTrace || this.followsTrace);
    this.stray += stray;
    if (stray > 0) this.firstStray ??= this.streakFirst;
    this.streak = 0;
    this.streakFirst = null;
  }

  private shown(bytes: Buffer, start: number, end: number): UnparsedLine {
    return { line: this.lines, text: bytes.toString('utf8', start, Math.min(end, start + SHOWN_BYTES)) };
  }
}
