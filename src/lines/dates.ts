import type { ReadingState } from './reading-state';
import { dayMs, epochDay } from './timestamps';

/**
 * Finds the date of timestamps that lack one, or that have only month and day. All times here are wall times: epoch
 * milliseconds as if the source's zone were UTC.
 */

const hourMs = 60 * 60 * 1000;
const jumpMs = 12 * hourMs;

/** State kept between two reads of a source. */
export type DayState = Pick<ReadingState, 'day' | 'lastTime' | 'crossing' | 'firstTimestamp' | 'firstDay' | 'before'>;

/**
 * Finds the day of time-only timestamps. The first gets the day in the file's name; else the day of the previous
 * generation if that began with the same timestamp (a rewritten log); else the latest day that does not put it after
 * `latest`. From then on, a backward jump of more than 12 h means the next day. Threads write slightly out of order:
 * within an hour after such a crossing, a forward jump of more than 12 h returns to the day before.
 */
export class DayFinder {
  private day: number | null;
  private lastTime: number;
  private crossing: DayState['crossing'];
  private firstTimestamp: string | null;
  private firstDay: number | null;
  private readonly before: DayState['before'];

  /**
   * @param fileDay epoch day in the file's name, null when it has none
   * @param latest wall time allowed for the first timestamp: LastModified plus the allowed skew
   */
  constructor(
    private readonly fileDay: number | null,
    private readonly latest: number,
    state: DayState,
  ) {
    this.day = state.day;
    this.lastTime = state.lastTime ?? 0;
    this.crossing = state.crossing;
    this.firstTimestamp = state.firstTimestamp;
    this.firstDay = state.firstDay;
    this.before = state.before;
  }

  /** Wall time of the next timestamp, given its milliseconds since midnight. */
  wallTime(timeOfDay: number): number {
    this.day = this.day === null ? this.beginWith(timeOfDay) : this.dayAfter(this.day, timeOfDay);
    this.lastTime = this.day * dayMs + timeOfDay;
    return this.lastTime;
  }

  state(): DayState {
    const { day, lastTime, crossing, firstTimestamp, firstDay, before } = this;
    return { day, lastTime: day === null ? null : lastTime, crossing, firstTimestamp, firstDay, before };
  }

  private beginWith(timeOfDay: number): number {
    this.firstTimestamp = new Date(timeOfDay).toISOString().slice(11, 23);
    const sameAsBefore = this.before?.firstTimestamp === this.firstTimestamp ? this.before.firstDay : null;
    this.firstDay = this.fileDay ?? sameAsBefore ?? Math.floor((this.latest - timeOfDay) / dayMs);
    return this.firstDay;
  }

  private dayAfter(day: number, timeOfDay: number): number {
    const jump = day * dayMs + timeOfDay - this.lastTime;
    if (jump < -jumpMs) {
      if (this.crossing?.day !== day + 1) this.crossing = { day: day + 1, time: (day + 1) * dayMs + timeOfDay };
      return day + 1;
    }
    const justCrossed = this.crossing?.day === day && this.lastTime - this.crossing.time <= hourMs;
    return jump > jumpMs && justCrossed ? day - 1 : day;
  }
}

/** A timestamp without a year at most this long after its upload is of that time: clocks are fast, zones differ. */
export const maxYearlessAheadMs = 26 * hourMs;

/**
 * Finds the year of timestamps without one (RFC 3164): the latest year that does not put the timestamp after `latest`.
 */
export class YearFinder {
  private lastDay = Number.NaN;
  private candidates: readonly number[] = [];

  /**
   * @param latest wall time allowed for a timestamp: LastModified plus {@link maxYearlessAheadMs}, or plus the allowed
   *   skew if that is longer
   */
  constructor(private readonly latest: number) {}

  /** @param time wall time in the year 2000 */
  wallTime(time: number): number {
    const day = Math.floor(time / dayMs);
    if (day !== this.lastDay) {
      this.lastDay = day;
      this.candidates = this.daysLike(new Date(day * dayMs));
    }
    const timeOfDay = time - day * dayMs;
    for (const candidate of this.candidates) {
      if (candidate * dayMs + timeOfDay <= this.latest) return candidate * dayMs + timeOfDay;
    }
    return time;
  }

  /** The same date in earlier years, latest first. 16 years contain a 29 February even around 1900 and 2100. */
  private daysLike(date: Date): number[] {
    const year = new Date(this.latest).getUTCFullYear();
    return Array.from({ length: 16 }, (_, back) =>
      epochDay(year - back, date.getUTCMonth() + 1, date.getUTCDate()),
    ).filter((day) => !Number.isNaN(day));
  }
}

/**
 * Chooses between two readings of an ambiguous date, such as 3 April and 4 March of `03/04/26`: the later one that is
 * not after `latest`, else the earlier one. NaN is not a reading. For three readings, call it twice.
 * @param latest the latest time that the line can have, on the scale of the readings
 */
export function fittingReading(a: number, b: number, latest: number): number {
  if (Number.isNaN(a)) return b;
  if (Number.isNaN(b)) return a;
  const later = Math.max(a, b);
  return later <= latest ? later : Math.min(a, b);
}
