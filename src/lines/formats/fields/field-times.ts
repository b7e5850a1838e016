import {
  TimestampKind,
  addDay,
  byteAt,
  epochDay,
  isDigit,
  isLetter,
  monthAt,
  readAsctime,
  readClock,
  readDateTime,
  readMonthAndDay,
  readOffset,
  skipSpaces,
  twoDigits,
  type Timestamp,
} from '../../timestamps';
import { readAnyTimestamp } from '../../timestamp-forms';
import { readEpoch } from '../epoch';

/** Reads the values of time fields, which hold one timestamp and nothing else: in any notation, or since the epoch. */
export function readFieldTime(bytes: Buffer, start: number, end: number, out: Timestamp): boolean {
  start = skipSpaces(bytes, start, end);
  while (end > start && bytes[end - 1] === 32) end--;
  const first = byteAt(bytes, start);
  if (first === 91) return readFieldTime(bytes, start + 1, bytes[end - 1] === 93 ? end - 1 : end, out);
  if (isDigit(first)) {
    const date = readDateTime(bytes, start, end, out);
    if (date !== -1) return date === end || readZone(bytes, date, end, out);
    const clf = readClfTime(bytes, start, end, out);
    if (clf !== -1) return clf === end || readZone(bytes, clf, end, out);
    return readEpoch(bytes, start, end, out) || readOther(bytes, start, end, out);
  }
  // JSON may escape the slash.
  if (first === 47 || first === 92) return readDotNetDate(bytes, start, end, out);
  return isLetter(first) && (readNamedDate(bytes, start, end, out) || readOther(bytes, start, end, out));
}

/** Any notation of a text line's timestamp. */
function readOther(bytes: Buffer, start: number, end: number, out: Timestamp): boolean {
  const behind = readAnyTimestamp(bytes, start, end, out);
  return (
    behind !== -1 && out.kind !== TimestampKind.TIME_OF_DAY && (behind === end || readZone(bytes, behind, end, out))
  );
}

/** Reads the rest of a date and time: a space and an offset, `UTC`, another name, or a zone in brackets. */
function readZone(bytes: Buffer, pos: number, end: number, out: Timestamp): boolean {
  const zone = skipSpaces(bytes, pos, end);
  const behind = readOffset(bytes, zone, end, out);
  if (behind === end || bytes[behind] === 91) return true;
  if (behind > zone || !isLetter(byteAt(bytes, zone)) || end - zone > 6) return false;
  if (isUtc(bytes, zone, end)) out.kind = TimestampKind.ABSOLUTE;
  return true;
}

/** `UTC` or `GMT` in bytes [start, end). */
function isUtc(bytes: Buffer, start: number, end: number): boolean {
  if (end - start !== 3) return false;
  const [a, b, c] = [byteAt(bytes, start) | 32, byteAt(bytes, start + 1) | 32, byteAt(bytes, start + 2) | 32];
  return (a === 117 && b === 116 && c === 99) || (a === 103 && b === 109 && c === 116);
}

/**
 * `29/Nov/2026:10:00:00 +0100`, as web servers write it (Common Log Format); a fraction may follow the seconds, a space
 * may stand for the first colon, and the zone may be missing or `UTC`. Returns the position after it, or -1.
 */
export function readClfTime(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  if (pos + 20 > end || bytes[pos + 2] !== 47 || bytes[pos + 6] !== 47) return -1;
  const colon = byteAt(bytes, pos + 11);
  if (colon !== 58 && colon !== 32) return -1;
  out.kind = TimestampKind.WALL;
  out.time = 0;
  const year = twoDigits(bytes, pos + 7) * 100 + twoDigits(bytes, pos + 9);
  if (!addDay(epochDay(year, monthAt(bytes, pos + 3), twoDigits(bytes, pos)), out)) return -1;
  const clock = readClock(bytes, pos + 12, end, out);
  if (clock === -1 || clock >= end || bytes[clock] !== 32) return clock;
  const zone = readOffset(bytes, clock + 1, end, out);
  if (zone > clock + 1) return zone;
  if (clock + 4 > end || !isUtc(bytes, clock + 1, clock + 4)) return clock;
  out.kind = TimestampKind.ABSOLUTE;
  return clock + 4;
}

/** `/Date(1795946400123)/`, perhaps with an offset, which says nothing about the instant. */
function readDotNetDate(bytes: Buffer, start: number, end: number, out: Timestamp): boolean {
  const open = bytes.indexOf(40, start);
  if (open === -1 || open > start + 7) return false;
  let close = open + 1;
  while (close < end && isDigit(byteAt(bytes, close))) close++;
  return close < end && readEpoch(bytes, open + 1, close, out);
}

/** `Sun, 29 Nov 2026 10:00:00 GMT`, `Sun Nov 29 10:00:00 2026 UTC`, `Nov 29 10:00:00`; the weekday adds nothing. */
function readNamedDate(bytes: Buffer, start: number, end: number, out: Timestamp): boolean {
  let pos = start;
  while (pos < end && isLetter(byteAt(bytes, pos))) pos++;
  if (bytes[pos] === 44) return readMailDate(bytes, skipSpaces(bytes, pos + 1, end), end, out);
  const day = skipSpaces(bytes, pos, end);
  const month = isDigit(byteAt(bytes, day)) ? start : day;
  out.kind = TimestampKind.WALL;
  out.time = 0;
  const behind = readAsctime(bytes, month, end, out);
  if (behind !== -1) return behind === end || readZone(bytes, behind, end, out);
  out.kind = TimestampKind.YEARLESS;
  out.time = 0;
  const clock = readMonthAndDay(bytes, month, end, out);
  return clock !== -1 && clock < end && readClock(bytes, clock + 1, end, out) === end;
}

/** `29 Nov 2026 10:00:00 GMT` (RFC 5322, RFC 9110). */
function readMailDate(bytes: Buffer, pos: number, end: number, out: Timestamp): boolean {
  if (pos + 20 > end || bytes[pos + 2] !== 32 || bytes[pos + 6] !== 32 || bytes[pos + 11] !== 32) return false;
  out.kind = TimestampKind.WALL;
  out.time = 0;
  const year = twoDigits(bytes, pos + 7) * 100 + twoDigits(bytes, pos + 9);
  if (!addDay(epochDay(year, monthAt(bytes, pos + 3), twoDigits(bytes, pos)), out)) return false;
  const clock = readClock(bytes, pos + 12, end, out);
  return clock !== -1 && (clock === end || readZone(bytes, clock, end, out));
}
