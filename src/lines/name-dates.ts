import { readAnyClock, readClockAfterDate } from './clocks';
import { numberEnd, numberIn, readYearFirst } from './number-dates';
import {
  TimestampKind,
  addDay,
  byteAt,
  epochDay,
  fullYear,
  isDigit,
  isLetter,
  monthAt,
  paddedTwoDigits,
  readYear,
  twoDigits,
  type Timestamp,
} from './timestamps';

/** Readers of timestamps with names of months; {@link readAnyTimestamp} in `timestamp-forms.ts` chooses among them. */

export function readDayAndMonthName(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const dayEnd = numberEnd(bytes, pos, end);
  let at = dayEnd < end && !isLetter(byteAt(bytes, dayEnd)) ? dayEnd + 1 : dayEnd;
  if (at + 3 > end) return -1;
  const month = monthAt(bytes, at);
  if (month === -1) return -1;
  at += 3;
  while (at < end && (isLetter(byteAt(bytes, at)) || bytes[at] === 46)) at++;
  const day = numberIn(bytes, pos, dayEnd);
  if (at < end && !isDigit(byteAt(bytes, at))) at++;
  if (at + 2 < end && bytes[at + 2] === 58) {
    out.kind = TimestampKind.YEARLESS;
    return addDay(epochDay(2000, month, day), out) ? readAnyClock(bytes, at, end, out) : -1;
  }
  const hasCentury = at + 4 <= end && isDigit(byteAt(bytes, at + 2));
  const year = hasCentury ? readYear(bytes, at, end) : at + 2 <= end ? fullYear(twoDigits(bytes, at)) : -1;
  if (!addDay(epochDay(year, month, day), out)) return -1;
  return readClockAfterDate(bytes, hasCentury ? at + 4 : at + 2, end, out);
}

/** `Nov 29`, `November 9`, `nov/29`: the last date that {@link readNamedDay} read. */
const named = { month: 0, day: 0 };

/** Sets `named` and returns the position after the byte that follows the day; -1 when there is none. */
function readNamedDay(bytes: Buffer, pos: number, end: number): number {
  if (pos + 12 > end) return -1;
  named.month = monthAt(bytes, pos);
  if (named.month === -1) return -1;
  let at = pos + 3;
  while (at < end && (isLetter(byteAt(bytes, at)) || bytes[at] === 46)) at++;
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
  const day = epochDay(readYear(bytes, after + 1, end), named.month, named.day);
  if (Number.isNaN(day)) return after;
  out.kind = TimestampKind.WALL;
  out.time = 0;
  addDay(day, out);
  const clock = readNamedDay(bytes, pos, end);
  readAnyClock(bytes, bytes[clock] === 32 ? clock + 1 : clock, end, out);
  return after + 5;
}
