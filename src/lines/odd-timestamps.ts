import { lastForm, readAnyTimestamp } from './timestamp-forms';
import {
  TimestampKind,
  addDay,
  addClock,
  byteAt,
  epochDay,
  isDigit,
  monthAt,
  readFraction,
  readOffset,
  readYear,
  twoDigits,
  type Timestamp,
} from './timestamps';

/**
 * Reads a timestamp in any notation, as {@link readAnyTimestamp} does, and also a full date and time of two other kinds:
 *
 * - A letter follows at once (`2026-11-29 10:00:00ERROR`), or the hour is 24: Java's `kk` writes it for the hour after
 *   midnight, of the new day.
 * - No such time exists or can be told: `0001-01-01T00:00:00Z` and `1969-12-31 16:00:00` stand for "no time", and a clock
 *   that is not set yet writes anything. The line is a record all the same, at the time of the record above.
 */
export function readHeadTimestamp(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const after = readAnyTimestamp(bytes, pos, end, out);
  if (after !== -1) return after;
  if (hasShape(bytes, pos, end)) return readShaped(bytes, pos, end, out);
  return readBeforeEpoch(bytes, pos, end, out);
}

/** A year stands within this many bytes of its timestamp. */
const maxYear = 28;
/** A timestamp is at most this long. */
const maxTimestamp = 64;
const copy = Buffer.alloc(maxTimestamp);
/** Every date of a year before 1970 exists in this leap year too. */
const leapYear = '2000';

/** A time before 1970 in any other notation: `31/Dec/1969:23:59:59`, `12/31/1969 16:00:00`, `01/01/1601 00:00:00`. */
function readBeforeEpoch(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  if (!isDigit(byteAt(bytes, pos)) && monthAt(bytes, pos) === -1) return -1;
  const year = oldYear(bytes, pos, Math.min(end, pos + maxYear));
  if (year === -1) return -1;
  const length = bytes.copy(copy, 0, pos, Math.min(end, pos + maxTimestamp));
  copy.write(leapYear, year - pos, 'latin1');
  const after = readAnyTimestamp(copy, 0, length, out);
  if (after < year - pos + leapYear.length || out.kind === TimestampKind.TIME_OF_DAY) return -1;
  out.kind = TimestampKind.NONE;
  return pos + after;
}

/** The position of a number of four digits from 0001 to 1969; -1 without one. */
function oldYear(bytes: Buffer, pos: number, end: number): number {
  for (let at = pos + 3; at + 4 <= end; at++) {
    const first = byteAt(bytes, at);
    if ((first !== 48 && first !== 49) || isDigit(byteAt(bytes, at - 1))) continue;
    const year = readYear(bytes, at, end);
    if (year > 0 && year < 1970 && !isDigit(byteAt(bytes, at + 4))) return at;
  }
  return -1;
}

/** Digits are 0, a blank or a `T` is B, and separators of dates are S. */
const shape = '0000S00S00B00:00:00';

function hasShape(bytes: Buffer, pos: number, end: number): boolean {
  if (pos + shape.length > end || bytes[pos + 4] !== bytes[pos + 7]) return false;
  for (let i = 0; i < shape.length; i++) if (!fits(byteAt(bytes, pos + i), shape.charCodeAt(i))) return false;
  return true;
}

function fits(byte: number, wanted: number): boolean {
  switch (wanted) {
    case 48: // 0
      return byte >= 48 && byte <= 57;
    case 83: // S
      return byte >= 45 && byte <= 47;
    case 66: // B
      return byte === 32 || byte === 9 || byte === 95 || (byte | 32) === 116;
    default:
      return byte === wanted;
  }
}

function readShaped(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  lastForm.name = 'year-first';
  out.kind = TimestampKind.WALL;
  out.time = 0;
  const day = epochDay(readYear(bytes, pos, end), twoDigits(bytes, pos + 5), twoDigits(bytes, pos + 8));
  const hour = twoDigits(bytes, pos + 11);
  const minute = twoDigits(bytes, pos + 14);
  const exists = addDay(day, out) && addClock(hour === 24 ? 0 : hour, minute, twoDigits(bytes, pos + 17), out);
  const after = readOffset(bytes, readFraction(bytes, pos + shape.length, end, out), end, out);
  if (!exists) out.kind = TimestampKind.NONE;
  return after;
}
