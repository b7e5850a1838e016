import { fittingReading } from './dates';
import { dateOrders, type DateOrder } from './reading-state';
import { dayMs, epochDay, fullYear } from './timestamps';

/**
 * Dates of three numbers, such as `11/12/26`: only the file as a whole shows which of them is day, month and year.
 */

/** Room for a time of day that an offset moved to the day before or after. */
const unit = 4 * dayMs;

/**
 * Packs three numbers of a date into a whole number of milliseconds, to which a time of day and an offset may be added.
 * The third is a year of two digits, or of four when `hasCentury`. NaN unless each is in its range.
 */
export function packUnordered(first: number, second: number, third: number, hasCentury: boolean): number {
  const year = hasCentury ? third - 1970 + 100 : third;
  if (first < 0 || first > 99 || second < 1 || second > 31 || year < 0 || year >= 300) return Number.NaN;
  if (first > 12 && second > 12) return Number.NaN;
  if (hasCentury && (third < 1970 || first < 1 || first > 31)) return Number.NaN;
  return ((first * 100 + second) * 300 + year) * 2 * unit + dayMs;
}

/** Marks the packed date as one with a known zone. */
export const withZone = unit;

/** How many days before the upload a reading of a date is likely. */
const likelyDays = 366;
/** How many days after the upload it is possible, for hosts in another zone. */
const aheadDays = 2;

/**
 * Orders the numbers of dates. An order that a date of the source has shown stays. Until then the reading counts that
 * falls within the year before the upload, of several the fitting one; without any, the first order that gives a date.
 */
export class DateOrderFinder {
  /** True when the last date had a zone. */
  hasZone = false;
  private lastPacked = -1;
  private lastDay = Number.NaN;

  /**
   * @param latest wall time of the upload plus the allowed skew
   * @param order the order that the source has shown
   */
  constructor(
    private readonly latest: number,
    public order: DateOrder | null,
  ) {}

  /** Wall time, or the epoch when {@link hasZone}; NaN when no order gives a date. */
  timeOf(packedTime: number): number {
    const packed = Math.floor(packedTime / unit);
    if (packed !== this.lastPacked) {
      this.lastPacked = packed;
      this.hasZone = packed % 2 === 1;
      this.lastDay = this.dayOf(Math.floor(packed / 2));
    }
    return this.lastDay * dayMs + (packedTime - packed * unit - dayMs);
  }

  private dayOf(numbers: number): number {
    const days = dateOrders.map((order) => dayIn(order, numbers));
    if (this.order !== null) {
      const day = days[dateOrders.indexOf(this.order)] ?? Number.NaN;
      if (!Number.isNaN(day)) return day;
    }
    const uploadDay = Math.floor(this.latest / dayMs);
    const isLikely = (day: number): boolean => day <= uploadDay + aheadDays && day >= uploadDay - likelyDays;
    const likely = days.filter(isLikely);
    const possible = likely.length > 0 ? likely : days.filter((day) => !Number.isNaN(day));
    const [day = Number.NaN] = possible;
    if (new Set(possible).size === 1) this.order = dateOrders[days.indexOf(day)] ?? null;
    if (likely.length === 0) return possible.find((one) => one <= uploadDay) ?? day;
    return likely.reduce((a, b) => fittingReading(a, b, uploadDay));
  }
}

function dayIn(order: DateOrder, numbers: number): number {
  const year = numbers % 300;
  const second = Math.floor(numbers / 300) % 100;
  const first = Math.floor(numbers / 30_000);
  const hasCentury = year >= 100;
  if (order === 'ymd') return hasCentury ? Number.NaN : epochDay(fullYear(first), second, year);
  const fourDigits = hasCentury ? year - 100 + 1970 : fullYear(year);
  return order === 'mdy' ? epochDay(fourDigits, first, second) : epochDay(fourDigits, second, first);
}
