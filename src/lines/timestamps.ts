/**
 * Reads timestamps from bytes: digits, clocks, dates. Every function reads within [pos, end) and returns the position
 * after the value, or -1 when there is none. It makes no strings, because it runs for every line.
 */

export const dayMs = 86_400_000;

/** The meaning of a timestamp's number. */
export const TimestampKind = {
  /** Wall time: epoch milliseconds as if the zone were UTC. */
  WALL: 0,
  /** Epoch milliseconds: the timestamp names its zone. */
  ABSOLUTE: 1,
  /** Milliseconds since midnight, wall time. The date comes from elsewhere. */
  TIME_OF_DAY: 2,
  /** Wall time in the leap year 2000. The year comes from elsewhere. */
  YEARLESS: 3,
  /** None: the line is a record at the time of the record above, or at the upload's time before the first timestamp. */
  NONE: 4,
  /** Wall time of a date whose order of day, month and year is open, packed by `packUnordered` in `date-order.ts`. */
  UNORDERED: 5,
} as const;
export type TimestampKind = (typeof TimestampKind)[keyof typeof TimestampKind];

/** A timestamp being read: the functions below add to `time`. */
export interface Timestamp {
  kind: TimestampKind;
  /** Milliseconds, see {@link TimestampKind}. */
  time: number;
}

export function byteAt(bytes: Buffer, pos: number): number {
  return bytes[pos] ?? 0;
}

export function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

export function isLetter(byte: number): boolean {
  const lower = byte | 32;
  return lower >= 97 && lower <= 122;
}

/** True for anything but blanks and control characters. Bytes of UTF-8 are visible. */
export function isVisible(byte: number): boolean {
  return byte > 32 && byte !== 127;
}

/** Numbers of two digits by both bytes; -1 for other bytes. A look-up is short enough for V8 to inline it everywhere. */
const twoDigitNumbers = new Int8Array(0x10000).fill(-1);
for (let number = 0; number < 100; number++) {
  twoDigitNumbers[((48 + Math.floor(number / 10)) << 8) | (48 + (number % 10))] = number;
}

/** The number of two digits at `pos`; negative when they are not digits. */
export function twoDigits(bytes: Buffer, pos: number): number {
  return twoDigitNumbers[((bytes[pos] ?? 0) << 8) | (bytes[pos + 1] ?? 0)] ?? -1;
}

/** Like {@link twoDigits}, but the first digit may be a space. */
export function paddedTwoDigits(bytes: Buffer, pos: number): number {
  const ones = byteAt(bytes, pos + 1);
  return byteAt(bytes, pos) === 32 && isDigit(ones) ? ones - 48 : twoDigits(bytes, pos);
}

export function skipSpaces(bytes: Buffer, pos: number, end: number): number {
  while (pos < end && bytes[pos] === 32) pos++;
  return pos;
}

/** `HH:mm:ss`, optionally with a fraction after `.` or `,`; adds to `out.time`. */
export function readClock(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  if (pos + 8 > end || bytes[pos + 2] !== 58 || bytes[pos + 5] !== 58) return -1;
  if (!addClock(twoDigits(bytes, pos), twoDigits(bytes, pos + 3), twoDigits(bytes, pos + 6), out)) return -1;
  return readFraction(bytes, pos + 8, end, out);
}

/** `HHmmss`; adds to `out.time`. */
export function readCompactClock(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  if (pos + 6 > end) return -1;
  const fits = addClock(twoDigits(bytes, pos), twoDigits(bytes, pos + 2), twoDigits(bytes, pos + 4), out);
  return fits ? pos + 6 : -1;
}

/** Adds to `out.time`; returns false for an invalid time. A leap second counts as the second before it. */
export function addClock(hour: number, minute: number, second: number, out: Timestamp): boolean {
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false;
  out.time += ((hour * 60 + minute) * 60 + (second === 60 ? 59 : second)) * 1000;
  return true;
}

/** Reads milliseconds after `.` or `,` and ignores further digits. Returns `pos` when there is no fraction. */
export function readFraction(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const mark = byteAt(bytes, pos);
  if ((mark !== 46 && mark !== 44) || pos + 1 >= end || !isDigit(byteAt(bytes, pos + 1))) return pos;
  let unit = 100;
  let ms = 0;
  for (pos++; pos < end; pos++) {
    const digit = byteAt(bytes, pos) - 48;
    if (digit < 0 || digit > 9) break;
    if (unit >= 1) ms += digit * unit;
    unit /= 10;
  }
  out.time += ms;
  return pos;
}

/** `yyyy-MM-dd`; adds to `out.time`. */
export function readDate(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  if (pos + 10 > end || bytes[pos + 4] !== 45 || bytes[pos + 7] !== 45) return -1;
  const year = readYear(bytes, pos, end);
  return addDay(epochDay(year, twoDigits(bytes, pos + 5), twoDigits(bytes, pos + 8)), out) ? pos + 10 : -1;
}

/** `yyMMdd`; adds to `out.time`. */
export function readCompactDate(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  if (pos + 6 > end) return -1;
  const year = fullYear(twoDigits(bytes, pos));
  return addDay(epochDay(year, twoDigits(bytes, pos + 2), twoDigits(bytes, pos + 4)), out) ? pos + 6 : -1;
}

/** `Dec 04` or `Dec  4`, of the leap year 2000; adds to `out.time`. */
export function readMonthAndDay(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  if (pos + 6 > end || bytes[pos + 3] !== 32) return -1;
  return addDay(epochDay(2000, monthAt(bytes, pos), paddedTwoDigits(bytes, pos + 4)), out) ? pos + 6 : -1;
}

/**
 * `Dec 04 04:47:44 2005`, as C's asctime writes it after the weekday; adds to `out.time`.
 * A fraction may follow the seconds.
 */
export function readAsctime(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  if (pos + 7 > end || bytes[pos + 3] !== 32 || bytes[pos + 6] !== 32) return -1;
  const behind = readClock(bytes, pos + 7, end, out);
  if (behind === -1 || behind + 5 > end || bytes[behind] !== 32) return -1;
  const year = readYear(bytes, behind + 1, end);
  return addDay(epochDay(year, monthAt(bytes, pos), paddedTwoDigits(bytes, pos + 4)), out) ? behind + 5 : -1;
}

/** `Z` or `z`, `+02:00`, `+0200` or `+02`: makes a wall time absolute. Returns `pos` when there is none. */
export function readOffset(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const sign = byteAt(bytes, pos);
  if (pos >= end) return pos;
  if (sign === 90 || sign === 122) {
    out.kind = TimestampKind.ABSOLUTE;
    return pos + 1;
  }
  if ((sign !== 43 && sign !== 45) || pos + 3 > end) return pos;
  const hours = twoDigits(bytes, pos + 1);
  const minutesAt = bytes[pos + 3] === 58 ? pos + 4 : pos + 3;
  const hasMinutes = pos + 3 < end && (minutesAt === pos + 4 || isDigit(byteAt(bytes, minutesAt)));
  const minutes = !hasMinutes ? 0 : minutesAt + 2 <= end ? twoDigits(bytes, minutesAt) : -1;
  if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) return pos;
  const offset = (hours * 60 + minutes) * 60_000;
  out.time += sign === 43 ? -offset : offset;
  out.kind = TimestampKind.ABSOLUTE;
  return hasMinutes ? minutesAt + 2 : pos + 3;
}

/** `yyyy-MM-dd HH:mm:ss` with `T` or a space between, optionally with a zone; sets `out`. */
export function readDateTime(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  out.kind = TimestampKind.WALL;
  out.time = 0;
  const clock = readDate(bytes, pos, end, out);
  if (clock === -1 || clock >= end || (bytes[clock] !== 32 && bytes[clock] !== 84)) return -1;
  const behind = readClock(bytes, clock + 1, end, out);
  return behind === -1 ? -1 : readOffset(bytes, behind, end, out);
}

export function readYear(bytes: Buffer, pos: number, end: number): number {
  if (pos + 4 > end) return -1;
  const century = twoDigits(bytes, pos);
  const year = twoDigits(bytes, pos + 2);
  return century < 0 || year < 0 ? -1 : century * 100 + year;
}

/** POSIX: 69–99 are 1969–1999. */
export function fullYear(twoDigitYear: number): number {
  if (twoDigitYear < 0) return -1;
  return twoDigitYear >= 69 ? 1900 + twoDigitYear : 2000 + twoDigitYear;
}

/** Adds a day since the epoch to `out.time`; returns false for NaN, an invalid date. */
export function addDay(day: number, out: Timestamp): boolean {
  if (Number.isNaN(day)) return false;
  out.time += day * dayMs;
  return true;
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const months = new Map(monthNames.map((name, i) => [packLower(Buffer.from(name), 0), i + 1]));

function packLower(bytes: Buffer, pos: number): number {
  return byteAt(bytes, pos) | (byteAt(bytes, pos + 1) << 8) | (byteAt(bytes, pos + 2) << 16) | 0x202020;
}

/** Caches the last month, as {@link lastDate} does the last date. */
const lastMonth = { packed: 0, month: -1 };

/** Month 1–12 by the English three-letter name at `pos`; -1 for anything else. */
export function monthAt(bytes: Buffer, pos: number): number {
  const packed = packLower(bytes, pos);
  if (packed !== lastMonth.packed) {
    lastMonth.packed = packed;
    lastMonth.month = months.get(packed) ?? -1;
  }
  return lastMonth.month;
}

/** Caches the last date: neighboring lines nearly always share theirs. */
const lastDate = { packed: -1, day: Number.NaN };

/** Days since 1970-01-01; NaN for invalid dates and years before 1970. Month and day must be below 100. */
export function epochDay(year: number, month: number, day: number): number {
  // Two decimal digits each: 33 January must not look like 1 February.
  const packed = (year * 100 + month) * 100 + day;
  if (packed === lastDate.packed && month >= 1 && day >= 1) return lastDate.day;
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return Number.NaN;
  lastDate.packed = packed;
  lastDate.day = Date.UTC(year, month - 1, day) / dayMs;
  return lastDate.day;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
