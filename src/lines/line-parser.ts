import { DateOrderFinder } from './date-order';
import { YearFinder, maxYearlessAheadMs } from './dates';
import { Level, LineFlag } from './line-batch';
import { formatNamed, formatsBeforeHead, formatsFor } from './formats';
import { statusOf, type StatusLevels } from './formats/access/status';
import { W3cColumns } from './formats/access/w3c-columns';
import { jsonLines } from './formats/fields/json';
import type { LineFormat, ParsedLine } from './formats/format';
import { head, isFirstOfTwoLines } from './formats/head';
import { headNotes } from './formats/head-level';
import { levelBehindTag, levelInMessage } from './formats/message-level';
import { syslog3164 } from './formats/syslog';
import { readUnstamped } from './formats/unstamped';
import { initialReadingState, type Evidence, type ReadingState, type ShownState } from './reading-state';
import { isMarked, newerMark } from './dedup-marks';
import { RepeatCursor, type Repeats } from './repeats/repeat-finder';
import { nextSketch } from './repeats/sketch-builder';
import { DayFinder, type DayPlan, type TimeOfDayReader } from './time-of-day';
import { TimestampKind } from './timestamps';
import { initialUnwrapped, plainHead, stripColors, wrappersFor, type Wrapper } from './wrappers';
import { instantOf, latestWall, zoneNamed, type Zone } from './zones';

/** What the parser keeps of earlier lines. The scanner counts them. */
export type ParserState = Omit<ReadingState, 'recognition'>;

/** Facts about a source other than its bytes. */
export interface ReadingContext {
  /** Day in the file's name (days since the epoch), null when it has none. */
  readonly fileDay: number | null;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  /** IANA name of the zone of timestamps without one. */
  readonly zone: string;
  /** The user's format for this source; every line is tried against it first. */
  readonly customFormat: LineFormat | null;
  /** A timestamp more than this many milliseconds after `lastModified` is in the future. */
  readonly maxFutureSkew: number;
  /** Levels of the status codes in access logs; without it, such records have no level. */
  readonly statusLevels?: StatusLevels | undefined;
  /** What a survey of the lines to be read found (`DayLookAhead`); absent when order alone dates them. */
  readonly dayPlan?: DayPlan | null;
  /** The repeats among the records from the reading state on. Absent when there are none. */
  readonly repeats?: Repeats;
}

/**
 * Reads level and event time of one line after the other. Each {@link parse} sets `level`, `time` and `flags`: fields
 * instead of a result, so that a line allocates no object.
 *
 * There is no look-ahead. A line is tried against the current format, then against the table; the first match becomes
 * the current format. What wraps a line (a container's prefix, colors, NULs) is taken off before. A custom format stays
 * the current one. A line that matches no format continues the record above it.
 */
export class LineParser {
  level: Level = Level.RAW;
  /** Event time, epoch milliseconds. */
  time = 0;
  /** AGAIN and FUTURE bits of `LineFlag`. */
  flags = 0;
  /** Name of the last line's form; null for a continuation. */
  form: string | null = null;
  /** Name of what wrapped the last line; null when nothing did. */
  wrapper: string | null = null;

  private format: LineFormat | null;
  private hasRecord: boolean;
  private recordTime: number;
  private recordFlags: number;
  /** Time of the last record, also of an earlier generation; NaN before the first one. */
  private previousTime: number;
  private readonly zone: Zone;
  private readonly latest: number;
  private readonly days: TimeOfDayReader;
  private readonly years: YearFinder;
  private readonly dates: DateOrderFinder;
  private newest: number;
  private readonly earlier: ReadingState['earlier'];
  private readonly earlierNewest: number;
  private readonly repeats: RepeatCursor | null;
  private readonly columns: W3cColumns;
  private evidence: Evidence;
  private partialStreams: number;
  /** True when the last line has the time of its wrapper, because it has none of its own. */
  private hasOuterTime = false;
  private awaitsLevel: boolean;
  private readonly parsed: ParsedLine = { level: Level.NONE, kind: TimestampKind.WALL, time: 0, status: 0 };
  private readonly unwrapped = initialUnwrapped();

  /**
   * @param survey reads the time-only timestamps instead, for lines that are looked through first
   * @throws CONFIG when the zone is unknown
   */
  constructor(
    private readonly context: ReadingContext,
    private readonly start: ParserState,
    survey?: TimeOfDayReader,
  ) {
    const state = start;
    this.zone = zoneNamed(context.zone);
    this.latest = context.lastModified + context.maxFutureSkew;
    const latest = latestWall(this.zone, this.latest);
    this.format = context.customFormat ?? formatNamed(state.format);
    this.hasRecord = state.record !== null;
    this.recordTime = state.record?.time ?? context.lastModified;
    this.previousTime = state.record?.time ?? state.earlierNewest ?? state.earlier?.time ?? Number.NaN;
    this.recordFlags =
      (state.record?.again === true ? LineFlag.AGAIN : 0) | (state.record?.future === true ? LineFlag.FUTURE : 0);
    this.days = survey ?? new DayFinder({ dayPlan: null, ...context, latest }, state);
    const ahead = Math.max(context.maxFutureSkew, maxYearlessAheadMs);
    this.years = new YearFinder(latestWall(this.zone, context.lastModified + ahead));
    this.dates = new DateOrderFinder(latest, state.shown?.dateOrder ?? null);
    this.newest = state.newest ?? Number.NEGATIVE_INFINITY;
    this.earlier = state.earlier;
    this.earlierNewest = state.earlierNewest ?? Number.NEGATIVE_INFINITY;
    this.repeats = context.repeats === undefined ? null : new RepeatCursor(context.repeats);
    this.columns = new W3cColumns(state.columns);
    this.evidence = state.shown?.evidence ?? this.usualEvidence();
    this.partialStreams = state.shown?.partialStreams ?? 0;
    this.awaitsLevel = state.shown?.awaitsLevel ?? false;
  }

  /** How the time of the last record is known: not defined after a continuation. */
  get timestampKind(): TimestampKind {
    const { kind } = this.parsed;
    return kind === TimestampKind.UNORDERED && this.dates.hasZone ? TimestampKind.ABSOLUTE : kind;
  }

  /** Parses the line in bytes [start, end), without its terminator. */
  parse(bytes: Buffer, start: number, end: number): void {
    const { format } = this;
    this.wrapper = null;
    this.hasOuterTime = false;
    if (bytes[start] === hash && start < end && this.columns.readDirective(bytes, start, end)) {
      this.addDirective();
      return;
    }
    this.parsed.status = 0;
    if (this.columns.areKnown && this.columns.parse(bytes, start, end, this.parsed)) {
      this.form = columnsForm;
      this.awaitsLevel = false;
    } else if (format !== null && format !== head && format.parse(bytes, start, end, this.parsed)) {
      this.form = format.name;
      this.awaitsLevel = false;
    } else if (!this.matchesOther(bytes, start, end)) {
      this.parseContinuation();
      return;
    }
    this.addRecord(bytes, start, end);
  }

  /** The header of a log with columns is neither a record nor unparsed. */
  private addDirective(): void {
    this.level = Level.CONT;
    this.time = this.recordTime;
    this.flags = this.recordFlags;
    this.form = columnsForm;
  }

  /** Treats the line as a continuation, without matching formats: it is the rest of a cut line. */
  parseContinuation(): void {
    this.level = this.hasRecord ? Level.CONT : Level.RAW;
    this.time = this.recordTime;
    this.flags = this.recordFlags;
    this.form = null;
  }

  /** State needed to continue. Its sketch is that of the start: the caller adds the lines. */
  state(openCut: ReadingState['openCut']): ParserState {
    return {
      ...this.start,
      ...this.days.state(),
      format: this.format?.name ?? null,
      shown: this.shown(),
      record: this.hasRecord
        ? {
            time: this.recordTime,
            again: (this.recordFlags & LineFlag.AGAIN) !== 0,
            future: (this.recordFlags & LineFlag.FUTURE) !== 0,
          }
        : null,
      newest: this.newest === Number.NEGATIVE_INFINITY ? null : this.newest,
      columns: this.columns.state(),
      openCut,
    };
  }

  private shown(): ShownState | null {
    const { evidence, partialStreams, awaitsLevel } = this;
    const dateOrder = this.dates.order;
    const isUsual = evidence === this.usualEvidence();
    if (isUsual && dateOrder === null && partialStreams === 0 && !awaitsLevel) return null;
    return { evidence, dateOrder, partialStreams, awaitsLevel };
  }

  private usualEvidence(): Evidence {
    const hadTimestamps = this.earlier !== null || this.start.earlierNewest !== null;
    return this.hasRecord || hadTimestamps ? 'timestamps' : 'nothing';
  }

  private addRecord(bytes: Buffer, start: number, end: number): void {
    const { statusLevels } = this.context;
    this.level = this.parsed.level;
    if (this.level === Level.NONE) this.level = this.levelInside(bytes, start, end);
    if (statusLevels !== undefined && this.level === Level.NONE) {
      this.level = statusLevels[this.statusOf(bytes, start, end)] ?? Level.NONE;
    }
    if (this.parsed.kind === TimestampKind.NONE) {
      this.addWithoutTimestamp();
      return;
    }
    const timestamp = this.epochOf(this.parsed);
    if (Number.isNaN(timestamp)) {
      this.parseContinuation();
      return;
    }
    const isRepeat = this.repeats !== null && this.repeats.next() && timestamp <= this.earlierNewest;
    if (!this.hasOuterTime) this.evidence = 'timestamps';
    else if (this.evidence === 'nothing' && this.form !== textForm) this.evidence = 'levels';
    if (timestamp > this.latest) {
      this.time = this.context.lastModified;
      this.flags = LineFlag.FUTURE;
    } else {
      this.time = timestamp;
      const wasRead = isRepeat || (this.earlier !== null && isMarked(this.earlier, timestamp, bytes, start, end));
      this.flags = wasRead ? LineFlag.AGAIN : 0;
      if (timestamp > this.newest) this.newest = timestamp;
    }
    this.hasRecord = true;
    this.recordTime = this.previousTime = this.time;
    this.recordFlags = this.flags;
  }

  /** The level that a record without one has in the message that it carries. */
  private levelInside(bytes: Buffer, start: number, end: number): Level {
    const { form, wrapper, unwrapped } = this;
    if (form === jsonLines.name) return levelInMessage();
    if (form !== head.name && form !== syslog3164.name) return Level.NONE;
    if (wrapper === null) return levelBehindTag(bytes, start, end);
    return levelBehindTag(unwrapped.bytes, unwrapped.start, unwrapped.end);
  }

  private statusOf(bytes: Buffer, start: number, end: number): number {
    if (this.parsed.status !== 0) return this.parsed.status;
    return this.wrapper === null
      ? statusOf(bytes, start, end)
      : statusOf(this.unwrapped.bytes, this.unwrapped.start, this.unwrapped.end);
  }

  /** Never a repeat by itself: nothing tells it from a later line of the same text. */
  private addWithoutTimestamp(): void {
    this.repeats?.next();
    if (this.evidence !== 'timestamps') {
      this.evidence = 'levels';
      this.recordTime = this.context.lastModified;
      this.recordFlags = 0;
    }
    this.hasRecord = true;
    this.time = this.previousTime = this.recordTime;
    this.flags = this.recordFlags;
  }

  /** Like {@link matches}, and for lines without a timestamp. */
  private matchesOther(bytes: Buffer, start: number, end: number): boolean {
    const { awaitsLevel } = this;
    this.awaitsLevel = false;
    if (this.matches(bytes, start, end, 0)) {
      const isHead = this.form === head.name && this.parsed.level === Level.NONE && this.wrapper === null;
      this.awaitsLevel = isHead && isFirstOfTwoLines(bytes, end);
      return true;
    }
    // A wrapped line was judged with its wrapper.
    return this.wrapper === null && this.matchesUnstamped(bytes, start, end, awaitsLevel);
  }

  private matches(bytes: Buffer, start: number, end: number, depth: number): boolean {
    const { format } = this;
    const isHead = format === head;
    const first = skipNoText(bytes, start, end);
    if ((depth > 0 || first > start) && format !== null && !isHead && format.parse(bytes, first, end, this.parsed)) {
      this.form = format.name;
      return true;
    }
    const byte = first < end ? bytes[first] : undefined;
    if (byte === undefined) return false;
    if (byte === escape) return this.matchesPlain(bytes, first, end, depth);
    if (depth < maxWrappers) {
      for (const wrapper of wrappersFor(byte)) {
        if (wrapper.unwrap(bytes, first, end, this.unwrapped)) return this.matchesInside(wrapper, depth);
      }
    }
    if (isHead) {
      for (const other of formatsBeforeHead(byte)) if (this.isOf(other, bytes, first, end)) return true;
      if (head.parse(bytes, first, end, this.parsed)) {
        this.form = head.name;
        return true;
      }
      if (headNotes.hasEscape) return this.matchesPlain(bytes, first, end, depth);
    }
    for (const other of formatsFor(byte)) {
      if (other !== format && this.isOf(other, bytes, first, end)) return true;
    }
    return headNotes.hasEscape && this.matchesPlain(bytes, first, end, depth);
  }

  private isOf(format: LineFormat, bytes: Buffer, start: number, end: number): boolean {
    if (!format.parse(bytes, start, end, this.parsed)) return false;
    this.form = format.name;
    if (this.context.customFormat === null) this.format = format;
    return true;
  }

  /** Matches a line without its colors. */
  private matchesPlain(bytes: Buffer, start: number, end: number, depth: number): boolean {
    if (bytes === plainHead || depth > maxWrappers) return false;
    return this.matches(plainHead, 0, stripColors(bytes, start, end), depth + 1);
  }

  /** Matches the line inside a wrapper. Its own date and level count; the wrapper's time stands in for a missing date. */
  private matchesInside(wrapper: Wrapper, depth: number): boolean {
    const { bytes, start, end, kind, time, hasTime, stream, isPartial } = this.unwrapped;
    this.wrapper = wrapper.name;
    if (stream !== 0) {
      const continues = (this.partialStreams & stream) !== 0;
      this.partialStreams = isPartial ? this.partialStreams | stream : this.partialStreams & ~stream;
      if (continues) return false;
    }
    const { parsed } = this;
    if (this.matches(bytes, start, end, depth + 1)) {
      this.hasOuterTime ||= hasTime && parsed.kind === TimestampKind.NONE;
    } else if (!this.matchesUnstamped(bytes, start, end, false)) {
      if (!hasTime || this.evidence !== 'nothing') return false;
      parsed.level = Level.NONE;
      parsed.kind = TimestampKind.NONE;
      this.form = textForm;
      this.hasOuterTime = true;
    } else {
      this.hasOuterTime = hasTime;
    }
    if (hasTime && hasNoDate(parsed.kind)) {
      parsed.kind = kind;
      parsed.time = time;
    }
    return true;
  }

  private matchesUnstamped(bytes: Buffer, start: number, end: number, awaitsLevel: boolean): boolean {
    if (this.evidence === 'timestamps' && !awaitsLevel) return false;
    const form = readUnstamped(bytes, start, end, this.parsed);
    if (form === null) return false;
    this.parsed.kind = TimestampKind.NONE;
    this.form = form.name;
    return true;
  }

  private epochOf({ kind, time }: ParsedLine): number {
    switch (kind) {
      case TimestampKind.NONE:
      case TimestampKind.ABSOLUTE:
        return time;
      case TimestampKind.WALL:
        return this.instantOf(time);
      case TimestampKind.TIME_OF_DAY:
        return this.instantOf(this.days.wallTime(time));
      case TimestampKind.YEARLESS:
        return this.instantOf(this.years.wallTime(time));
      case TimestampKind.UNORDERED: {
        const ordered = this.dates.timeOf(time);
        return this.dates.hasZone ? ordered : this.instantOf(ordered);
      }
    }
  }

  private instantOf(wall: number): number {
    return instantOf(this.zone, wall, this.previousTime, this.context.lastModified);
  }
}

const hash = 35;
/** A wrapped line of which only the wrapper's time is known. */
const textForm = 'text';
/** Lines of a log whose header names its columns. */
const columnsForm = 'w3c';
const escape = 27;
/** Colors count as a wrapper. */
const maxWrappers = 3;

function hasNoDate(kind: TimestampKind): boolean {
  return kind === TimestampKind.TIME_OF_DAY || kind === TimestampKind.YEARLESS || kind === TimestampKind.NONE;
}

/** The position after leading NULs and byte order marks, which do not belong to the text. */
function skipNoText(bytes: Buffer, start: number, end: number): number {
  let pos = start;
  for (;;) {
    if (pos < end && bytes[pos] === 0) pos++;
    else if (pos + 3 <= end && bytes[pos] === 0xef && bytes[pos + 1] === 0xbb && bytes[pos + 2] === 0xbf) pos += 3;
    else return pos;
  }
}

/** The state at the start of the next generation, given the final state of the previous one. */
export function nextGeneration(reading: ReadingState): ReadingState {
  const { firstTimestamp, firstDay, newest, earlierNewest } = reading;
  return {
    ...initialReadingState,
    earlierNewest: newest === null ? earlierNewest : Math.max(newest, earlierNewest ?? newest),
    sketch: nextSketch(reading.sketch),
    earlier: newerMark(reading.earlier, reading.unsketched),
    before: firstTimestamp === null || firstDay === null ? reading.before : { firstTimestamp, firstDay },
  };
}
