import { Level } from './line-batch';
import { formatNamed, formatsBeforeHead, formatsFor } from './formats';
import { W3cColumns } from './formats/access/w3c-columns';
import { beginsWithDate } from './formats/begins-with-date';
import { jsonFields, jsonLines } from './formats/fields/json';
import { pythonDict } from './formats/fields/python-dict';
import type { LineFormat, ParsedLine } from './formats/format';
import { head, isFirstOfTwoLines } from './formats/head';
import { sapTrace } from './formats/programs/applications';
import { expectColumn, headNotes } from './formats/head-level';
import type { Inner } from './inner';
import { indentedObject, skipNoText } from './line-start';
import type { Evidence, ReadingState } from './reading-state';
import { StreamOrder } from './stream-order';
import { TimestampKind, byteAt, isLetter } from './timestamps';
import { readUnstampedLine } from './unstamped-line';
import { escape, initialUnwrapped, maxWrappers, plainHead, stripColors, wrappersFor, type Wrapper } from './wrappers';

/** What the lines before have shown, of {@link ReadingState}. */
export interface Shown {
  readonly format: ReadingState['format'];
  readonly columns: ReadingState['columns'];
  readonly evidence: Evidence;
  readonly partialStreams: number;
  readonly streamOrder: number;
  readonly awaitsLevel: boolean;
  readonly hasLevelColumn: boolean;
}

/**
 * Finds the form of one line after the other, and what the form reads: `parsed`. There is no look-ahead. A line is tried
 * against the current format, then against the table; the first match becomes the current format. What wraps a line (a
 * container's prefix, colors, NULs) is taken off before. A custom format stays the current one.
 */
export class Recognizer {
  /** Holds what the form of the last line read; not defined after a line without a form. */
  readonly parsed: ParsedLine = { level: Level.NONE, kind: TimestampKind.WALL, time: 0, status: 0 };
  /** Name of the last line's form; null for a continuation. The header of a log with columns has a form, too. */
  form: string | null = null;
  /** Name of what wrapped the last line; null when nothing did. */
  wrapper: string | null = null;
  /** The last line without its wrapper, if it had one. */
  readonly unwrapped = initialUnwrapped();
  /** True when the last line is a further part of a line that its wrapper split. */
  private isPart = false;
  /** True when the last line has the time of its wrapper, because it has none of its own. */
  hasOuterTime = false;
  /** What the records have shown so far. The parser sets it, because a timestamp may turn out to be no date. */
  evidence: Evidence;

  private format: LineFormat | null;
  /** The current format, when a line that it matches needs no other look; otherwise null. */
  private known: LineFormat | null = null;
  private readonly columns: W3cColumns;
  private partialStreams: number;
  private readonly streamOrder: StreamOrder;
  private awaitsLevel: boolean;
  private hasLevelColumn: boolean;
  /** True when the line before the last awaited its level from the last. */
  private awaitedLevel = false;

  /** @param customFormat the user's format; every line is tried against it first */
  constructor(
    private readonly customFormat: LineFormat | null,
    { format, columns, evidence, partialStreams, streamOrder, awaitsLevel, hasLevelColumn }: Shown,
  ) {
    this.format = customFormat ?? formatNamed(format);
    this.columns = new W3cColumns(columns);
    this.evidence = evidence;
    this.partialStreams = partialStreams;
    this.streamOrder = new StreamOrder(streamOrder);
    this.awaitsLevel = awaitsLevel;
    this.hasLevelColumn = hasLevelColumn;
    this.chooseKnown();
  }

  shown(): Shown {
    const { evidence, partialStreams, awaitsLevel, hasLevelColumn } = this;
    const lines = { evidence, partialStreams, streamOrder: this.streamOrder.bits, awaitsLevel, hasLevelColumn };
    return { format: this.format?.name ?? null, columns: this.columns.state(), ...lines };
  }

  /** Reads the line in bytes [start, end). Returns true when it is a record. */
  recognizeAny(bytes: Buffer, start: number, end: number): boolean {
    return this.isKnown(bytes, start, end) || this.recognize(bytes, start, end);
  }

  /** True when the line has the form of the line before. Nearly every line has, so this does no more than it must. */
  isKnown(bytes: Buffer, start: number, end: number): boolean {
    const { known, parsed } = this;
    parsed.status = 0;
    if (known === null || bytes[start] === hash || !known.parse(bytes, start, end, parsed)) return false;
    this.form = known.name;
    this.wrapper = null;
    this.hasOuterTime = false;
    this.awaitsLevel = false;
    return true;
  }

  /**
   * The last line, which lies in bytes [start, end) and has no form, without its wrapper; null for a further part of a line
   * that its wrapper split.
   */
  inner(bytes: Buffer, start: number, end: number): Inner | null {
    if (this.isPart) return null;
    return this.wrapper === null ? { bytes, start, end } : this.unwrapped;
  }

  /** Looks for the form of a line that {@link isKnown} does not know. Returns true when it is a record. */
  recognize(bytes: Buffer, start: number, end: number): boolean {
    this.wrapper = null;
    this.isPart = false;
    this.hasOuterTime = false;
    const first = bytes[start] === byteOrderMark ? skipNoText(bytes, start, end) : start;
    if (bytes[first] === hash && first < end && this.columns.readDirective(bytes, first, end)) {
      this.form = columnsForm;
      this.chooseKnown();
      return false;
    }
    if (this.isOfTrace(bytes, start, end)) {
      this.form = null;
      this.awaitsLevel = false;
      return false;
    }
    expectColumn(this.hasLevelColumn);
    const isRecord =
      this.isDatedHead(bytes, start, end) || this.isOfCurrent(bytes, start, end) || this.isOfOther(bytes, start, end);
    headNotes.trustsColumn = false;
    if (!isRecord) this.form = null;
    else if (headNotes.showsColumn) this.hasLevelColumn = true;
    return isRecord;
  }

  /** True for a tab and a letter, as most lines of a stack trace begin: no format but the head scan reads such a line. */
  private isOfTrace(bytes: Buffer, start: number, end: number): boolean {
    const begins = start + 1 < end && bytes[start] === tab && isLetter(byteAt(bytes, start + 1));
    return begins && this.format !== head && !this.columns.areKnown;
  }

  /** Like {@link isKnown}, while the head scan is the current format: most of its lines need no look at other forms. */
  private isDatedHead(bytes: Buffer, start: number, end: number): boolean {
    if (this.format !== head || this.columns.areKnown || !beginsWithDate(bytes, start, end)) return false;
    if (!head.parse(bytes, start, end, this.parsed)) return false;
    this.form = head.name;
    this.awaitsLevel = this.parsed.level === Level.NONE && isFirstOfTwoLines();
    return true;
  }

  /** Like {@link isKnown}, for columns, and for formats that must let other forms go first. */
  private isOfCurrent(bytes: Buffer, start: number, end: number): boolean {
    const { format, columns, parsed } = this;
    const wasTried = this.known !== null && bytes[start] !== hash;
    if (columns.areKnown && columns.parse(bytes, start, end, parsed)) this.form = columnsForm;
    else if (!wasTried && format !== null && format !== head && format.parse(bytes, start, end, parsed))
      this.form = format.name;
    else return false;
    this.awaitsLevel = false;
    return true;
  }

  /** Like {@link matches}, and for lines without a timestamp. */
  private isOfOther(bytes: Buffer, start: number, end: number): boolean {
    const { awaitsLevel } = this;
    this.awaitsLevel = false;
    this.awaitedLevel = awaitsLevel;
    if (this.matches(bytes, start, end, 0)) {
      const isFirst =
        this.parsed.level === Level.NONE &&
        (this.form === head.name ? isFirstOfTwoLines() : this.form === sapTrace.name);
      this.awaitsLevel = isFirst;
      return true;
    }
    // A wrapped line was judged with its wrapper.
    return this.wrapper === null && this.matchesUnstamped(bytes, skipNoText(bytes, start, end), end);
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
    if (byte === 32 || byte === 9) {
      const object = indentedObject(bytes, first, end);
      if (object !== -1) return this.matchesObject(bytes, object, end);
    }
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
    if (this.customFormat === null && this.format !== format) {
      this.format = format;
      this.chooseKnown();
    }
    return true;
  }

  /** Matches an indented object that has a time, or a level and a message: others are of the record above. */
  private matchesObject(bytes: Buffer, start: number, end: number): boolean {
    for (const format of [jsonLines, pythonDict]) {
      if (!format.parse(bytes, start, end, this.parsed)) continue;
      const { hasTime, hasLevel, messageEnd } = jsonFields;
      if (hasTime || (hasLevel && messageEnd > 0)) return this.isOf(format, bytes, start, end);
    }
    return false;
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
    const isOtherStream = this.streamOrder.add(stream);
    if (stream !== 0) {
      const continues = (this.partialStreams & stream) !== 0;
      this.partialStreams = isPartial ? this.partialStreams | stream : this.partialStreams & ~stream;
      this.isPart = continues;
      if (continues) return false;
    }
    const { parsed, streamOrder } = this;
    if (this.matches(bytes, start, end, depth + 1)) {
      this.hasOuterTime ||= hasTime && parsed.kind === TimestampKind.NONE;
      if (parsed.kind !== TimestampKind.NONE) streamOrder.addStamped(stream);
    } else if (!this.matchesUnstamped(bytes, start, end, hasTime && streamOrder.isAside(stream))) {
      const isTrace = streamOrder.beginsTrace(bytes, start, end);
      if (!hasTime || (this.evidence !== 'nothing' && !(isTrace && isOtherStream))) return false;
      parsed.level = isTrace ? Level.ERROR : Level.NONE;
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

  /** @param isAside true when a line with its level set off is a record even after timestamps */
  private matchesUnstamped(bytes: Buffer, start: number, end: number, isAside = false): boolean {
    const isUsual = this.evidence !== 'timestamps' || this.awaitedLevel;
    if (!isUsual && !isAside) return false;
    const form = readUnstampedLine(bytes, start, end, this.parsed, !isUsual);
    if (form === null) return false;
    this.parsed.kind = TimestampKind.NONE;
    this.form = form.name;
    return true;
  }

  private chooseKnown(): void {
    this.known = this.format === head || this.columns.areKnown ? null : this.format;
  }
}

const hash = 35;
/** The first byte of a byte order mark. */
const byteOrderMark = 0xef;
const tab = 9;
/** A wrapped line of which only the wrapper's time is known. */
export const textForm = 'text';
/** Lines of a log whose header names its columns. */
const columnsForm = 'w3c';
function hasNoDate(kind: TimestampKind): boolean {
  return kind === TimestampKind.TIME_OF_DAY || kind === TimestampKind.YEARLESS || kind === TimestampKind.NONE;
}
