import type { ReadingState } from './reading-state';
import { dayMs } from './timestamps';

/**
 * Finds the date of timestamps without one. All times here are wall times: epoch milliseconds as if the source's zone
 * were UTC.
 *
 * The lines of one upload that were not read before are a *part*. A source is silent for days and then writes again, so the
 * dates of a part follow from its upload, too, and need its last line: see `DaySurvey`, which looks through it first.
 */

const hourMs = 60 * 60 * 1000;
/** A clock that jumps further back began a new day, always. */
const newDayMs = 12 * hourMs;
/**
 * A clock that jumps further back began a new day, unless that day is still to come or the file's name has the date. It is
 * more than an hour that comes twice, and than threads are out of order.
 */
const hourAgainMs = 75 * 60_000;

/** State kept between two reads of a source. */
export type DayState = Pick<
  ReadingState,
  'day' | 'lastTime' | 'crossing' | 'firstTimestamp' | 'firstDay' | 'before' | 'uploaded'
>;

/** The dates of a part, by all of its lines. */
export interface DayPlan {
  /** Epoch day of its first timestamp. */
  readonly firstDay: number;
  /** When all lines of the part are of the 24 h after this wall time, that time; null when order alone decides. */
  readonly within: number | null;
}

/** Gives time-only timestamps a date. */
export interface TimeOfDayReader {
  /** Wall time of the next timestamp, given its milliseconds since midnight. */
  wallTime(timeOfDay: number): number;
  state(): DayState;
}

export interface DayContext {
  /** Epoch day in the file's name, null when it has none. */
  readonly fileDay: number | null;
  /** LastModified, epoch milliseconds. */
  readonly lastModified: number;
  /** Wall time allowed for a timestamp: LastModified plus the allowed skew. */
  readonly latest: number;
  /** What a survey of the part found. Without one, its first timestamp is taken for its last. */
  readonly dayPlan: DayPlan | null;
}

/** True while the date in the file's name, and nothing else, dates the lines. */
export function isDatedByName({ fileDay }: Pick<DayContext, 'fileDay'>, { day, firstDay }: DayState): boolean {
  return fileDay !== null && (day === null || (firstDay === fileDay && day <= fileDay));
}

/** `HH:mm:ss.SSS` */
export function clockText(timeOfDay: number): string {
  return new Date(timeOfDay).toISOString().slice(11, 23);
}

/** The latest day that does not put a time of day after `latest`. */
export function latestDay(timeOfDay: number, latest: number): number {
  return Math.floor((latest - timeOfDay) / dayMs);
}

/** The only day that puts a time of day in the 24 h after `start`. */
export function dayWithin(timeOfDay: number, start: number): number {
  return latestDay(timeOfDay, start + dayMs);
}

/**
 * Dates times of day one after the other, by their order: a clock that jumps back began a new day. Threads write slightly
 * out of order: within an hour after such a crossing of midnight, a jump forward may return to the day before.
 */
export class DayWalk {
  constructor(
    public day: number,
    public lastTime: number,
    public crossing: DayState['crossing'],
  ) {}

  /**
   * @param latest a jump back of less than 12 h does not begin a day after this wall time
   * @returns wall time of the next timestamp
   */
  step(timeOfDay: number, isDated: boolean, latest: number): number {
    return this.moveTo(this.dayAfter(timeOfDay, isDated, latest), timeOfDay);
  }

  /** Like {@link step}, for a time that is certainly of the same day. Returns false for any other, and does nothing. */
  stays(timeOfDay: number): boolean {
    const time = this.day * dayMs + timeOfDay;
    const jump = time - this.lastTime;
    if (jump < -hourAgainMs || jump > newDayMs) return false;
    this.lastTime = time;
    return true;
  }

  moveTo(day: number, timeOfDay: number): number {
    const time = day * dayMs + timeOfDay;
    if (day > this.day && this.crossing?.day !== day) this.crossing = { day, time };
    this.day = day;
    this.lastTime = time;
    return time;
  }

  private dayAfter(timeOfDay: number, isDated: boolean, latest: number): number {
    const { day } = this;
    const time = day * dayMs + timeOfDay;
    const jump = time - this.lastTime;
    const maxBack = isDated ? newDayMs : hourAgainMs;
    if (jump < -newDayMs || (jump < -maxBack && time + dayMs <= latest)) return day + 1;
    const justCrossed = this.crossing?.day === day && this.lastTime - this.crossing.time <= hourMs;
    return jump > dayMs - maxBack && justCrossed ? day - 1 : day;
  }
}

/**
 * Dates the time-only timestamps of a source. The first one of a generation gets the day in the file's name; else the day
 * of the previous generation if that began with the same timestamp (a rewritten log). Where these do not decide, or would
 * put a line after the upload, a part gets the latest dates that keep its lines in order and its last line not after the
 * upload. Therefore every line gets its true date when it is uploaded less than 24 h of wall time, less the allowed skew,
 * after it was written.
 *
 * The state, the upload and the plan decide, and nothing else: lines get the same dates for every split into reads,
 * except that a crash within a part leaves the rest of it to order alone.
 */
export class DayFinder implements TimeOfDayReader {
  private walk: DayWalk | null;
  private uploaded: number | null;
  private firstTimestamp: string | null;
  private firstDay: number | null;
  private isDated: boolean;
  private readonly within: number | null;

  constructor(
    private readonly context: DayContext,
    private readonly start: DayState,
  ) {
    const { day, lastTime, crossing } = start;
    this.walk = day === null ? null : new DayWalk(day, lastTime ?? 0, crossing);
    this.uploaded = start.uploaded;
    this.firstTimestamp = start.firstTimestamp;
    this.firstDay = start.firstDay;
    this.isDated = isDatedByName(context, start);
    this.within = context.dayPlan?.within ?? null;
  }

  wallTime(timeOfDay: number): number {
    const { walk, within } = this;
    const isFirst = this.uploaded !== this.context.lastModified;
    // Nearly every line.
    if (walk !== null && !isFirst && within === null && walk.stays(timeOfDay)) return walk.lastTime;
    return walk === null ? this.beginWith(timeOfDay) : this.stepTo(timeOfDay, walk, isFirst);
  }

  private stepTo(timeOfDay: number, walk: DayWalk, isFirst: boolean): number {
    const { context, within } = this;
    const { dayPlan, lastModified, latest } = context;
    this.uploaded = lastModified;
    if (dayPlan !== null && isFirst) return walk.moveTo(dayPlan.firstDay, timeOfDay);
    if (within !== null) return walk.moveTo(dayWithin(timeOfDay, within), timeOfDay);
    const time = walk.step(timeOfDay, this.isDated, latest);
    this.isDated &&= walk.day <= (context.fileDay ?? 0);
    return time;
  }

  state(): DayState {
    const { walk, firstTimestamp, firstDay, uploaded } = this;
    const { before } = this.start;
    const { day, lastTime, crossing } = walk ?? { day: null, lastTime: null, crossing: null };
    return { day, lastTime, crossing, firstTimestamp, firstDay, before, uploaded };
  }

  private beginWith(timeOfDay: number): number {
    const { fileDay, lastModified, latest, dayPlan } = this.context;
    const { before } = this.start;
    this.firstTimestamp = clockText(timeOfDay);
    const sameAsBefore = before?.firstTimestamp === this.firstTimestamp ? before.firstDay : null;
    const day = dayPlan?.firstDay ?? fileDay ?? sameAsBefore ?? latestDay(timeOfDay, latest);
    this.firstDay = day;
    this.uploaded = lastModified;
    this.isDated = day === fileDay;
    this.walk = new DayWalk(day, day * dayMs + timeOfDay, null);
    return this.walk.lastTime;
  }
}
