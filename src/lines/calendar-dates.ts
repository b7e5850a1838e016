import { readClockAfterDate, readClockInWords } from './clocks';
import { monthNumeral } from './east-asian-months';
import {
  addDay,
  byteAt,
  dayMs,
  epochDay,
  isDigit,
  readYear,
  skipSpaces,
  twoDigits,
  type Timestamp,
} from './timestamps';
import { numberEnd, numberIn } from './number-dates';

/** Readers of dates that name neither month nor day as others do; `timestamp-forms.ts` chooses among them. */

/** `2026年11月29日 10:00:00`, also in Korean, with blanks, and with a half of the day before the time. */
export function readEastAsianDate(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const year = readYear(bytes, pos, end);
  const month = afterUnit(bytes, pos + 4, end, years);
  if (year === -1 || month === -1) return -1;
  const monthEnd = numberEnd(bytes, month, end);
  const day = afterUnit(bytes, monthEnd, end, months);
  if (day === -1) return -1;
  const dayEnd = numberEnd(bytes, day, end);
  const clock = afterUnit(bytes, dayEnd, end, days);
  if (clock === -1 || monthEnd === month || dayEnd === day) return -1;
  if (!addDay(epochDay(year, numberIn(bytes, month, monthEnd), numberIn(bytes, day, dayEnd)), out)) return -1;
  return readClockInWords(bytes, clock, end, out);
}

const years = ['年', '년'].map((text) => Buffer.from(text));
const months = ['月', '월'].map((text) => Buffer.from(text));
const days = ['日', '일'].map((text) => Buffer.from(text));

/** The position after one of the units, and a blank; -1 without one. */
function afterUnit(bytes: Buffer, pos: number, end: number, units: readonly Buffer[]): number {
  const unit = units.find((one) => pos + one.length <= end && one.every((byte, i) => bytes[pos + i] === byte));
  return unit === undefined ? -1 : skipSpaces(bytes, pos + unit.length, Math.min(end, pos + unit.length + 1));
}

/** `十一月 29, 2026 10:00:24 上午`, as java.util.logging writes in Chinese. */
export function readMonthNumeral(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const numeral = monthNumeral(bytes, pos, end);
  if (numeral === null || bytes[numeral.end] !== 32) return -1;
  const day = numeral.end + 1;
  const dayEnd = numberEnd(bytes, day, end);
  if (dayEnd === day || bytes[dayEnd] !== 44 || bytes[dayEnd + 1] !== 32) return -1;
  const year = readYear(bytes, dayEnd + 2, end);
  if (!addDay(epochDay(year, numeral.month, numberIn(bytes, day, dayEnd)), out)) return -1;
  return readClockAfterDate(bytes, dayEnd + 6, end, out);
}

/** ISO 8601 by week, `2026-W48-7T10:00:00`, and by day of the year, `2026-333T10:00:00`. */
export function readWeekOrOrdinal(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const year = readYear(bytes, pos, end);
  if (year === -1 || pos + 10 > end || bytes[pos + 4] !== 45) return -1;
  const january = epochDay(year, 1, 1);
  if (bytes[pos + 5] === 87) {
    const week = twoDigits(bytes, pos + 6);
    const weekday = byteAt(bytes, pos + 9) - 48;
    if (bytes[pos + 8] !== 45 || week < 1 || week > 53 || weekday < 1 || weekday > 7) return -1;
    // The first week has the 4 January. Weeks begin on Monday; so did 5 January 1970.
    const fourth = january + 3;
    const monday = fourth - ((fourth + 3) % 7);
    return addDay(monday + (week - 1) * 7 + weekday - 1, out) ? readClockAfterDate(bytes, pos + 10, end, out) : -1;
  }
  const hundreds = byteAt(bytes, pos + 5) - 48;
  const rest = twoDigits(bytes, pos + 6);
  if (hundreds < 0 || hundreds > 3 || rest < 0 || isDigit(byteAt(bytes, pos + 8))) return -1;
  const ordinal = hundreds * 100 + rest;
  if (ordinal < 1 || january + ordinal > epochDay(year, 12, 31) + 1) return -1;
  out.time += (january + ordinal - 1) * dayMs;
  return readClockAfterDate(bytes, pos + 8, end, out);
}
