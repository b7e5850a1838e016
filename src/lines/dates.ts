import { dayMs, epochDay } from './timestamps';

/**
 * Finds the year of timestamps without one, and the order of ambiguous dates. All times here are wall times: epoch
 * milliseconds as if the source's zone were UTC.
 */

const hourMs = 60 * 60 * 1000;

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
