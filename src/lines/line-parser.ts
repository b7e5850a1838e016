import { DayFinder, YearFinder, maxYearlessAheadMs } from './dates';
import { Level, LineFlag } from './line-batch';
import { formatNamed, formatsFor } from './formats';
import { statusOf, type StatusLevels } from './formats/access/status';
import { W3cColumns } from './formats/access/w3c-columns';
import type { LineFormat, ParsedLine } from './formats/format';
import { initialReadingState, type ReadingState } from './reading-state';
import { DedupTracker, isMarked, newerMark } from './dedup-marks';
import { TimestampKind } from './timestamps';
import { instantOf, latestWall, zoneNamed, type Zone } from './zones';

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
}

/**
 * Reads level and event time of one line after the other. Each {@link parse} sets `level`, `time` and `flags`: fields
 * instead of a result, so that a line allocates no object.
 *
 * There is no look-ahead. A line is tried against the current format, then against the table; the first match becomes
 * the current format. A custom format stays the current one. A line that matches no format continues the record above
 * it.
 */
export class LineParser {
  level: Level = Level.RAW;
  /** Event time, epoch milliseconds. */
  time = 0;
  /** AGAIN and FUTURE bits of `LineFlag`. */
  flags = 0;

  private format: LineFormat | null;
  private hasRecord: boolean;
  private recordTime: number;
  private recordFlags: number;
  /** Time of the last record, also of an earlier generation; NaN before the first one. */
  private previousTime: number;
  private readonly zone: Zone;
  private readonly latest: number;
  private readonly days: DayFinder;
  private readonly years: YearFinder;
  private readonly newest: DedupTracker;
  private readonly earlier: ReadingState['earlier'];
  private readonly columns: W3cColumns;
  private readonly parsed: ParsedLine = { level: Level.NONE, kind: TimestampKind.WALL, time: 0, status: 0 };

  /** @throws CONFIG when the zone is unknown */
  constructor(
    private readonly context: ReadingContext,
    state: ReadingState,
  ) {
    this.zone = zoneNamed(context.zone);
    this.latest = context.lastModified + context.maxFutureSkew;
    const latest = latestWall(this.zone, this.latest);
    this.format = context.customFormat ?? formatNamed(state.format);
    this.hasRecord = state.record !== null;
    this.recordTime = state.record?.time ?? context.lastModified;
    this.previousTime = state.record?.time ?? state.earlier?.time ?? Number.NaN;
    this.recordFlags =
      (state.record?.again === true ? LineFlag.AGAIN : 0) | (state.record?.future === true ? LineFlag.FUTURE : 0);
    this.days = new DayFinder(context.fileDay, latest, state);
    const ahead = Math.max(context.maxFutureSkew, maxYearlessAheadMs);
    this.years = new YearFinder(latestWall(this.zone, context.lastModified + ahead));
    this.newest = new DedupTracker(state.newest);
    this.earlier = state.earlier;
    this.columns = new W3cColumns(state.columns);
  }

  /** Parses the line in bytes [start, end), without its terminator. */
  parse(bytes: Buffer, start: number, end: number): void {
    if (bytes[start] === hash && start < end && this.columns.readDirective(bytes, start, end)) this.addDirective();
    else if (this.matchesColumns(bytes, start, end) || this.matches(bytes, start, end))
      this.addRecord(bytes, start, end);
    else this.parseContinuation();
  }

  /** The header of a log with columns is neither a record nor unparsed. */
  private addDirective(): void {
    this.level = Level.CONT;
    this.time = this.recordTime;
    this.flags = this.recordFlags;
  }

  private matchesColumns(bytes: Buffer, start: number, end: number): boolean {
    return this.columns.areKnown && this.columns.parse(bytes, start, end, this.parsed);
  }

  private addRecord(bytes: Buffer, start: number, end: number): void {
    const { statusLevels } = this.context;
    this.level = this.parsed.level;
    if (statusLevels !== undefined && this.level === Level.NONE) {
      const status = this.parsed.status === 0 ? statusOf(bytes, start, end) : this.parsed.status;
      this.level = statusLevels[status] ?? Level.NONE;
    }
    if (this.parsed.kind === TimestampKind.NONE) this.placeWithoutTimestamp();
    else this.place(this.epochOf(this.parsed), bytes, start, end);
    this.hasRecord = true;
    this.recordTime = this.time;
    this.recordFlags = this.flags;
  }

  private place(timestamp: number, bytes: Buffer, start: number, end: number): void {
    if (timestamp > this.latest) {
      this.time = this.context.lastModified;
      this.flags = LineFlag.FUTURE;
    } else {
      this.time = timestamp;
      this.flags = this.earlier !== null && isMarked(this.earlier, timestamp, bytes, start, end) ? LineFlag.AGAIN : 0;
      this.newest.note(timestamp, start, end);
    }
  }

  /**
   * The time of a record without a timestamp is that of the record above, if the source has timestamps at all; else the
   * upload's.
   */
  private placeWithoutTimestamp(): void {
    const hasTimestamps = this.newest.hasTimestamp || this.earlier !== null;
    this.time = hasTimestamps ? this.recordTime : this.context.lastModified;
    this.flags = hasTimestamps ? this.recordFlags : 0;
  }

  /** Treats the line as a continuation, without matching formats: it is the rest of a cut line. */
  parseContinuation(): void {
    this.level = this.hasRecord ? Level.CONT : Level.RAW;
    this.time = this.recordTime;
    this.flags = this.recordFlags;
  }

  /** State needed to continue; `bytes` must hold every line parsed since the last call. */
  state(bytes: Buffer, openCut: ReadingState['openCut']): ReadingState {
    return {
      ...this.days.state(),
      format: this.format?.name ?? null,
      record: this.hasRecord
        ? {
            time: this.recordTime,
            again: (this.recordFlags & LineFlag.AGAIN) !== 0,
            future: (this.recordFlags & LineFlag.FUTURE) !== 0,
          }
        : null,
      newest: this.newest.hashPending(bytes),
      earlier: this.earlier,
      columns: this.columns.state(),
      openCut,
    };
  }

  private matches(bytes: Buffer, start: number, end: number): boolean {
    this.parsed.status = 0;
    if (this.format?.parse(bytes, start, end, this.parsed) === true) return true;
    for (const format of formatsFor(start < end ? bytes[start] : undefined)) {
      if (format !== this.format && format.parse(bytes, start, end, this.parsed)) {
        if (this.context.customFormat === null) this.format = format;
        return true;
      }
    }
    return false;
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
    }
  }

  private instantOf(wall: number): number {
    return instantOf(this.zone, wall, this.previousTime, this.context.lastModified);
  }
}

const hash = 35;

/** The state at the start of the next generation, given the final state of the previous one. */
export function nextGeneration(reading: ReadingState): ReadingState {
  const { firstTimestamp, firstDay } = reading;
  return {
    ...initialReadingState,
    earlier: newerMark(reading.earlier, reading.newest),
    before: firstTimestamp === null || firstDay === null ? reading.before : { firstTimestamp, firstDay },
  };
}
