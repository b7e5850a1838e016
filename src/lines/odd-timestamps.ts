import { lastForm, readAnyTimestamp } from './timestamp-forms';
import {
  TimestampKind,
  addDay,
  addClock,
  byteAt,
  epochDay,
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
  return after === -1 && hasShape(bytes, pos, end) ? readShaped(bytes, pos, end, out) : after;
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
