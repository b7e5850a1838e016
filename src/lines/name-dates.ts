import { readAnyClock, readClockAfterDate } from './clocks';
import { anyMonthAt, monthNameEnd } from './month-names';
import { numberEnd, numberIn, readYearFirst } from './number-dates';
import {
  TimestampKind,
  addDay,
  byteAt,
  epochDay,
  fullYear,
  isDigit,
  isLetter,
  paddedTwoDigits,
  readYear,
  twoDigits,
  type Timestamp,
} from './timestamps';

/** Readers of timestamps with names of months; {@link readAnyTimestamp} in `timestamp-forms.ts` chooses among them. */

export function readDayAndMonthName(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const dayEnd = numberEnd(bytes, pos, end);
  let at = dayEnd < end && !isLetter(byteAt(bytes, dayEnd)) ? dayEnd + 1 : dayEnd;
  // `29. November 2026`, `29 de noviembre de 2026`
  if (bytes[at] === 32 && bytes[dayEnd] === 46) at++;
  at = skipOf(bytes, at, end);
  if (at + 3 > end) return -1;
  const month = anyMonthAt(bytes, at, end);
  if (month === -1) return -1;
  at = endOfMonth(bytes, at + 3, end);
  const day = numberIn(bytes, pos, dayEnd);
  if (at < end && !isDigit(byteAt(bytes, at))) at++;
  at = skipOf(bytes, at, end);
  if (at + 2 < end && bytes[at + 2] === 58) {
    out.kind = TimestampKind.YEARLESS;
    return addDay(epochDay(2000, month, day), out) ? readAnyClock(bytes, at, end, out) : -1;
  }
  const hasCentury = at + 4 <= end && isDigit(byteAt(bytes, at + 2));
  const year = hasCentury ? readYear(bytes, at, end) : at + 2 <= end ? fullYear(twoDigits(bytes, at)) : -1;
  if (!addDay(epochDay(year, month, day), out)) return -1;
  return readClockAfterDate(bytes, hasCentury ? at + 4 : at + 2, end, out);
}

/** The position after the rest of a month's name, and a point. */
function endOfMonth(bytes: Buffer, pos: number, end: number): number {
  let at = pos;
  while (at < end && (bytes[at] === 46 || monthNameEnd(bytes, at, at + 1) > at)) at++;
  return at;
}

/** The position after the `de ` of Spanish and Portuguese. */
function skipOf(bytes: Buffer, pos: number, end: number): number {
  return pos + 3 < end && bytes[pos] === 100 && bytes[pos + 1] === 101 && bytes[pos + 2] === 32 ? pos + 3 : pos;
}

/** `Nov 29`, `November 9`, `nov/29`: the last date that {@link readNamedDay} read. */
const named = { month: 0, day: 0 };

/** Sets `named` and returns the position after the byte that follows the day; -1 when there is none. */
function readNamedDay(bytes: Buffer, pos: number, end: number): number {
  if (pos + 12 > end) return -1;
  named.month = anyMonthAt(bytes, pos, end);
  if (named.month === -1) return -1;
  let at = endOfMonth(bytes, pos + 3, end);
  const separator = byteAt(bytes, at);
  if (at + 8 > end || (separator !== 32 && separator !== 47 && separator !== 45)) return -1;
  at++;
  const hasTwo = isDigit(byteAt(bytes, at + 1));
  named.day = hasTwo ? paddedTwoDigits(bytes, at) : byteAt(bytes, at) - 48;
  at += hasTwo ? 2 : 1;
  return bytes[at] === 44 ? at + 2 : at + 1;
}

export function readMonthName(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const at = readNamedDay(bytes, pos, end);
  if (at === -1 || at + 5 > end) return -1;
  if (isDigit(byteAt(bytes, at + 2))) {
    if (!addDay(epochDay(readYear(bytes, at, end), named.month, named.day), out)) return -1;
    return readClockAfterDate(bytes, at + 4, end, out);
  }
  out.kind = TimestampKind.YEARLESS;
  if (bytes[at - 1] !== 32 || !addDay(epochDay(2000, named.month, named.day), out)) return -1;
  return readAnyClock(bytes, bytes[at] === 32 ? at + 1 : at, end, out);
}

const weekdays = new Set(['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'].map((name) => packed(Buffer.from(name), 0)));

function packed(bytes: Buffer, pos: number): number {
  return byteAt(bytes, pos) | (byteAt(bytes, pos + 1) << 8) | (byteAt(bytes, pos + 2) << 16) | 0x202020;
}

export function readWeekday(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  if (pos + 13 > end || !weekdays.has(packed(bytes, pos))) return -1;
  let at = pos + 3;
  while (at < end && isLetter(byteAt(bytes, at))) at++;
  if (bytes[at] === 44) at++;
  if (at + 8 > end || bytes[at] !== 32) return -1;
  at++;
  if (bytes[at] === 32) at++;
  if (isDigit(byteAt(bytes, at))) {
    return isDigit(byteAt(bytes, at + 2))
      ? readYearFirst(bytes, at, end, out)
      : readDayAndMonthName(bytes, at, end, out);
  }
  const after = readMonthName(bytes, at, end, out);
  return after === -1 ? -1 : readYearAtEnd(bytes, at, after, end, out);
}

/** The year of C's asctime, after a clock without a year. `pos` is that of the month, `after` that after the clock. */
function readYearAtEnd(bytes: Buffer, pos: number, after: number, end: number, out: Timestamp): number {
  if (out.kind !== TimestampKind.YEARLESS || after + 5 > end || bytes[after] !== 32) return after;
  if (after + 5 < end && isDigit(byteAt(bytes, after + 5))) return after;
  const year = readYear(bytes, after + 1, end);
  const day = epochDay(year, named.month, named.day);
  if (Number.isNaN(day)) {
    if (year === -1) return after;
    // A clock that is not set: no such time can be told.
    out.kind = TimestampKind.NONE;
    return after + 5;
  }
  out.kind = TimestampKind.WALL;
  out.time = 0;
  addDay(day, out);
  const clock = readNamedDay(bytes, pos, end);
  readAnyClock(bytes, bytes[clock] === 32 ? clock + 1 : clock, end, out);
  return after + 5;
}
