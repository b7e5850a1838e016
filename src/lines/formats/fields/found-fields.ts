import { Level } from '../../line-batch';
import { TimestampKind, byteAt, isDigit, readClock, readDate, twoDigits, type Timestamp } from '../../timestamps';
import type { ParsedLine } from '../format';
import { FieldRole, LevelScale, LoggerMark } from './field-roles';
import { levelNames } from './level-names';
import type { Field } from './field-table';
import { readFieldTime } from './field-times';
import { levelOfLetter, levelOfNumber, levelOfText, smallNumber } from './level-values';

const noBytes = Buffer.alloc(0);
const nothing = 1 << 29;
const lowestRank = nothing - 1;
const mongoRank = levelNames.findIndex(([, scale]) => scale === LevelScale.LETTERS);

/**
 * What the fields of one line say. The result does not depend on their order: the field with the lowest rank wins, and
 * of several values of one field the most severe level and the first time. One object serves all lines.
 */
export class FoundFields {
  private wordRank = nothing;
  private word: Level = Level.NONE;
  private numberRank = nothing;
  private number = 0;
  private scale: LevelScale = LevelScale.WORDS;
  private timeRank = nothing;
  private nanos = 0;
  private status = 0;
  private marks = 0;
  private messageRank = nothing;
  /** Milliseconds of a date and of a time of day in fields of their own; NaN without one. */
  private day = Number.NaN;
  private clock = Number.NaN;
  private readonly time: Timestamp = { kind: TimestampKind.WALL, time: 0 };
  private readonly candidate: Timestamp = { kind: TimestampKind.WALL, time: 0 };
  /** Holds the line. */
  bytes: Buffer = noBytes;
  /** The message in `bytes`, without quotes; 0 and 0 without one. */
  messageStart = 0;
  messageEnd = 0;
  /** True when the message is a program's own line. */
  isWrapped = false;
  /** The stream of the wrapped line: 1 standard output, 2 standard error, 0 unknown. */
  stream = 0;

  reset(bytes: Buffer): void {
    this.bytes = bytes;
    this.wordRank = this.numberRank = this.timeRank = this.messageRank = nothing;
    this.nanos = this.status = this.marks = this.stream = this.messageStart = this.messageEnd = 0;
    this.isWrapped = false;
    this.day = this.clock = Number.NaN;
  }

  get hasTime(): boolean {
    return this.timeRank !== nothing || !Number.isNaN(this.day + this.clock);
  }

  get hasLevel(): boolean {
    return this.wordRank !== nothing || this.numberRank !== nothing;
  }

  /** Takes the value in bytes [start, end), without quotes. */
  take({ role, rank, detail }: Field, bytes: Buffer, start: number, end: number, isText: boolean): void {
    switch (role) {
      case FieldRole.TIME:
        if (rank >= this.timeRank && detail === 0) break;
        if (!readFieldTime(bytes, start, end, this.candidate)) {
          // Heroku's router: `at=error`.
          if (detail !== 0) this.takeLevel(lowestRank, LevelScale.WORDS, bytes, start, end);
          else this.takePartOfTime(bytes, start, end);
        } else if (rank < this.timeRank) {
          this.timeRank = rank;
          this.time.kind = this.candidate.kind;
          this.time.time = this.candidate.time;
        }
        break;
      case FieldRole.NANOS: {
        const nanos = smallNumber(bytes, start, Math.max(start, end - 6));
        if (end - start > 6 && !Number.isNaN(nanos)) this.nanos = nanos;
        break;
      }
      case FieldRole.LEVEL:
        this.takeLevel(rank, detail as LevelScale, bytes, start, end);
        break;
      case FieldRole.STATUS:
        if (end - start === 3 && isDigit(byteAt(bytes, start))) {
          const status = (byteAt(bytes, start) - 48) * 100 + twoDigits(bytes, start + 1);
          if (status >= 100) this.status = status;
        }
        break;
      case FieldRole.MESSAGE:
      case FieldRole.WRAPPED:
        this.marks |= detail;
        if (!isText || (rank >= this.messageRank && role === FieldRole.MESSAGE) || this.isWrapped) break;
        this.messageRank = rank;
        this.messageStart = start;
        this.messageEnd = end;
        this.isWrapped = role === FieldRole.WRAPPED;
        break;
      case FieldRole.STREAM:
        this.stream = end - start === 6 && bytes[start + 3] === 101 ? 2 : 1;
        break;
      case FieldRole.MARK:
        this.marks |= detail;
        break;
    }
  }

  private takeLevel(rank: number, scale: LevelScale, bytes: Buffer, start: number, end: number): void {
    const first = byteAt(bytes, start);
    if (scale !== LevelScale.WORDS && scale !== LevelScale.LETTERS && (isDigit(first) || first === 45)) {
      const value = smallNumber(bytes, start, end);
      if (rank < this.numberRank && levelOfNumber(value, scale, this.marks) !== undefined) {
        this.numberRank = rank;
        this.number = value;
        this.scale = scale;
      }
      return;
    }
    if (rank > this.wordRank) return;
    const isLetter = end - start <= 2;
    const level = isLetter ? levelOfLetter(bytes, start, end) : levelOfText(bytes, start, end);
    if (level === undefined || (scale === LevelScale.LETTERS && !isLetter)) return;
    if (rank < this.wordRank || level < this.word) this.word = level;
    this.wordRank = rank;
  }

  /** Fortinet and others have two fields: `date=2026-11-29 time=10:00:00`. */
  private takePartOfTime(bytes: Buffer, start: number, end: number): void {
    const { candidate } = this;
    candidate.time = 0;
    if (readDate(bytes, start, end, candidate) === end) this.day = candidate.time;
    candidate.time = 0;
    if (readClock(bytes, start, end, candidate) === end) this.clock = candidate.time;
  }

  /** Gives level, time and status to `out`; a line without a time has kind NONE. */
  finish(out: ParsedLine): void {
    out.level = this.level();
    out.status = this.status;
    if (this.timeRank === nothing && this.hasTime) {
      out.kind = TimestampKind.WALL;
      out.time = this.day + this.clock;
    } else if (this.hasTime) {
      out.kind = this.time.kind;
      out.time = this.time.time + (this.time.time % 1000 === 0 ? this.nanos : 0);
    } else {
      out.kind = TimestampKind.NONE;
      out.time = 0;
    }
  }

  private level(): Level {
    const { wordRank, numberRank, marks, scale } = this;
    if (wordRank !== nothing && (wordRank !== mongoRank || (marks & LoggerMark.MONGODB) !== 0)) return this.word;
    if (numberRank !== nothing && (scale !== LevelScale.VERBOSITY || (marks & LoggerMark.KUBERNETES_CALLER) !== 0)) {
      return levelOfNumber(this.number, scale, marks) ?? Level.NONE;
    }
    if ((marks & LoggerMark.CLEF) !== 0) return Level.INFO;
    const kubernetesError = LoggerMark.KUBERNETES_CALLER | LoggerMark.KUBERNETES_ERROR;
    return (marks & kubernetesError) === kubernetesError ? Level.ERROR : Level.NONE;
  }
}
