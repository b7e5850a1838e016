import { Level, LineFlag } from './line-batch';
import { statusOf, type StatusLevels } from './formats/access/status';
import { jsonLines } from './formats/fields/json';
import { pythonDict } from './formats/fields/python-dict';
import type { LineFormat } from './formats/format';
import { head } from './formats/head';
import { levelBehindTag, levelInMessage } from './formats/message-level';
import { syslog3164 } from './formats/syslog';
import { EventTimes } from './event-times';
import { isBlank, type Inner } from './inner';
import { initialReadingState, type Evidence, type ReadingState, type ShownState } from './reading-state';
import { hasTornTimestamp } from './torn-timestamp';
import { isMarked, newerMark } from './dedup-marks';
import { Recognizer, textForm } from './recognizer';
import { RepeatCursor, type Repeats } from './repeats/repeat-finder';
import { nextSketch } from './repeats/sketch-builder';
import type { DayPlan, TimeOfDayReader } from './time-of-day';
import { TimestampKind } from './timestamps';

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
 * instead of a result, so that a line allocates no object. A line without a form continues the record above it.
 *
 * {@link parse} runs for every line. What few lines need stands in calls of its own, so that V8 inlines the rest.
 */
export class LineParser {
  level: Level = Level.RAW;
  /** Event time, epoch milliseconds. A continuation has that of its record. */
  time: number;
  /** AGAIN and FUTURE bits of `LineFlag`. A continuation has those of its record. */
  flags: number;

  private hasRecord: boolean;
  /** Time of the newest record of earlier generations; NaN without one. */
  private readonly timeBefore: number;
  private readonly latest: number;
  private newest: number;
  private readonly times: EventTimes;
  private readonly recognizer: Recognizer;
  private readonly earlier: ReadingState['earlier'];
  private readonly earlierNewest: number;
  private readonly repeats: RepeatCursor | null;
  /** True when no record can be a repeat. */
  private readonly areNew: boolean;

  /**
   * @param survey reads the time-only timestamps instead, for lines that are looked through first
   * @throws CONFIG when the zone is unknown
   */
  constructor(
    private readonly context: ReadingContext,
    private readonly start: ParserState,
    survey?: TimeOfDayReader,
  ) {
    const { record, newest, earlier, earlierNewest, shown } = start;
    this.latest = context.lastModified + context.maxFutureSkew;
    this.hasRecord = record !== null;
    this.time = record?.time ?? context.lastModified;
    this.timeBefore = earlierNewest ?? earlier?.time ?? Number.NaN;
    this.flags = (record?.again === true ? LineFlag.AGAIN : 0) | (record?.future === true ? LineFlag.FUTURE : 0);
    this.times = new EventTimes(context, start, survey);
    this.newest = newest ?? Number.NEGATIVE_INFINITY;
    this.earlier = earlier;
    this.earlierNewest = earlierNewest ?? Number.NEGATIVE_INFINITY;
    this.repeats = context.repeats === undefined ? null : new RepeatCursor(context.repeats);
    this.areNew = this.repeats === null && earlier === null;
    const { format, columns } = start;
    const lines = { evidence: this.usualEvidence(), ...nothingShown, ...shown };
    this.recognizer = new Recognizer(context.customFormat, { ...lines, format, columns });
  }

  /** Name of the last line's form; null for a continuation. */
  get form(): string | null {
    return this.recognizer.form;
  }

  /** Name of what wrapped the last line; null when nothing did. */
  get wrapper(): string | null {
    return this.recognizer.wrapper;
  }

  /** See {@link Recognizer.inner}. */
  inner(bytes: Buffer, start: number, end: number): Inner | null {
    return this.recognizer.inner(bytes, start, end);
  }

  /** How the time of the last record is known: not defined after a continuation. */
  get timestampKind(): TimestampKind {
    return this.times.kindOf(this.recognizer.parsed);
  }

  /** Parses the line in bytes [start, end), without its terminator. */
  parse(bytes: Buffer, start: number, end: number): void {
    const { recognizer } = this;
    if (!recognizer.isKnown(bytes, start, end) && !recognizer.recognize(bytes, start, end)) {
      this.continueRecord();
      if (this.level === Level.RAW && this.isBlank(bytes, start, end)) this.level = Level.CONT;
      return;
    }
    const { parsed } = recognizer;
    const level = this.levelOf(bytes, start, end);
    const time = this.times.epochOf(parsed, this.hasRecord ? this.time : this.timeBefore);
    if (!this.areNew || recognizer.hasOuterTime || !(time <= this.latest)) {
      this.addUnusual(bytes, start, end, level, time);
      return;
    }
    recognizer.evidence = 'timestamps';
    this.level = level;
    this.time = time;
    this.flags = 0;
    this.hasRecord = true;
    if (time > this.newest) this.newest = time;
  }

  /**
   * Parses a line that has no terminator yet. When it ends within its timestamp or directly after it, its time is not
   * known: it is a record at the time of the record above.
   */
  parseTail(bytes: Buffer, start: number, end: number): void {
    const { recognizer, context } = this;
    if (!hasTornTimestamp(bytes.subarray(start, end), context.customFormat, recognizer.shown())) {
      this.parse(bytes, start, end);
      return;
    }
    recognizer.recognizeAny(bytes, start, end);
    this.level = this.levelOf(bytes, start, end);
    this.addWithoutTimestamp();
  }

  /** Treats the line as a continuation, without matching formats: it is the rest of a cut line. */
  parseContinuation(): void {
    this.recognizer.form = null;
    this.continueRecord();
  }

  private isBlank(bytes: Buffer, start: number, end: number): boolean {
    const inner = this.inner(bytes, start, end);
    return inner !== null && isBlank(inner);
  }

  /** The header of a log with columns, as a blank line, is neither a record nor unparsed. */
  private continueRecord(): void {
    this.level = this.hasRecord || this.recognizer.form !== null ? Level.CONT : Level.RAW;
  }

  /** State needed to continue. Its sketch is that of the start: the caller adds the lines. */
  state(openCut: ReadingState['openCut']): ParserState {
    const { format, columns, ...lines } = this.recognizer.shown();
    return {
      ...this.start,
      ...this.times.days.state(),
      format,
      shown: this.shown({ ...lines, dateOrder: this.times.dateOrder }),
      record: this.hasRecord
        ? {
            time: this.time,
            again: (this.flags & LineFlag.AGAIN) !== 0,
            future: (this.flags & LineFlag.FUTURE) !== 0,
          }
        : null,
      newest: this.newest === Number.NEGATIVE_INFINITY ? null : this.newest,
      columns,
      openCut,
    };
  }

  private shown(shown: ShownState): ShownState | null {
    const { evidence, dateOrder, partialStreams, streamOrder, awaitsLevel, hasLevelColumn } = shown;
    const isUsual = evidence === this.usualEvidence() && !hasLevelColumn && streamOrder === 0;
    return isUsual && dateOrder === null && partialStreams === 0 && !awaitsLevel ? null : shown;
  }

  private usualEvidence(): Evidence {
    const hadTimestamps = this.earlier !== null || this.start.earlierNewest !== null;
    return this.hasRecord || hadTimestamps ? 'timestamps' : 'nothing';
  }

  /** Adds a record that may be a repeat, is from the future, or whose time is not its own. */
  private addUnusual(bytes: Buffer, start: number, end: number, level: Level, time: number): void {
    const { recognizer, context, earlier } = this;
    this.level = level;
    if (recognizer.parsed.kind === TimestampKind.NONE) {
      this.addWithoutTimestamp();
      return;
    }
    if (Number.isNaN(time)) {
      this.parseContinuation();
      return;
    }
    const isRepeat = this.repeats !== null && this.repeats.next() && time <= this.earlierNewest;
    if (!recognizer.hasOuterTime) recognizer.evidence = 'timestamps';
    else if (recognizer.evidence === 'nothing' && recognizer.form !== textForm) recognizer.evidence = 'levels';
    if (time > this.latest) {
      this.time = context.lastModified;
      this.flags = LineFlag.FUTURE;
    } else {
      this.time = time;
      const wasRead = isRepeat || (earlier !== null && isMarked(earlier, time, bytes, start, end));
      this.flags = wasRead ? LineFlag.AGAIN : 0;
      if (time > this.newest) this.newest = time;
    }
    this.hasRecord = true;
  }

  /** Never a repeat by itself: nothing tells it from a later line of the same text. */
  private addWithoutTimestamp(): void {
    this.repeats?.next();
    if (this.recognizer.evidence !== 'timestamps') {
      this.recognizer.evidence = 'levels';
      this.time = this.context.lastModified;
      this.flags = 0;
    }
    this.hasRecord = true;
  }

  private levelOf(bytes: Buffer, start: number, end: number): Level {
    const { level } = this.recognizer.parsed;
    return level === Level.NONE ? this.levelInside(bytes, start, end) : level;
  }

  /** The level that a record without one has in the message that it carries, or by its status code. */
  private levelInside(bytes: Buffer, start: number, end: number): Level {
    const { wrapper, unwrapped } = this.recognizer;
    return wrapper === null
      ? this.levelIn(bytes, start, end)
      : this.levelIn(unwrapped.bytes, unwrapped.start, unwrapped.end);
  }

  private levelIn(bytes: Buffer, start: number, end: number): Level {
    const { form, parsed } = this.recognizer;
    const { statusLevels } = this.context;
    let level: Level = Level.NONE;
    if (form === jsonLines.name || form === pythonDict.name) level = levelInMessage();
    else if (form === head.name || form === syslog3164.name) {
      level = levelBehindTag(bytes, start, end, form === head.name);
    }
    if (level !== Level.NONE || statusLevels === undefined) return level;
    const status = parsed.status === 0 ? statusOf(bytes, start, end) : parsed.status;
    return statusLevels[status] ?? Level.NONE;
  }
}

const nothingShown = { partialStreams: 0, streamOrder: 0, awaitsLevel: false, hasLevelColumn: false };

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
