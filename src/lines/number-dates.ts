import { readAnyClock, readClockAfterDate, readZone } from './clocks';
import { packUnordered, withZone } from './date-order';
import {
  TimestampKind,
  addClock,
  addDay,
  byteAt,
  epochDay,
  fullYear,
  isDigit,
  isLetter,
  monthAt,
  readCompactClock,
  readFraction,
  readYear,
  skipSpaces,
  twoDigits,
  type Timestamp,
} from './timestamps';

/** Readers of timestamps that begin with digits; {@link readAnyTimestamp} in `timestamp-forms.ts` chooses among them. */

export function readYearFirst(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const separator = byteAt(bytes, pos + 4);
  if (pos + 10 > end) return -1;
  const usual = readUsual(bytes, pos, end, separator, out);
  if (usual !== -1) return usual;
  let dayAt = pos + 8;
  let month = -1;
  if (isLetter(byteAt(bytes, pos + 5))) {
    month = monthAt(bytes, pos + 5);
    dayAt = pos + 9;
  } else if (separator === 45 || separator === 47 || separator === 46) month = twoDigits(bytes, pos + 5);
  if (month < 0 || bytes[dayAt - 1] !== separator || dayAt + 2 > end) return -1;
  if (!addDay(epochDay(readYear(bytes, pos, end), month, twoDigits(bytes, dayAt)), out)) return -1;
  const after = readClockAfterDate(bytes, dayAt + 2, end, out);
  const isDotted = after !== -1 && after + 4 <= end && bytes[dayAt + 2] === 45 && bytes[dayAt + 5] === 46;
  return isDotted ? readOffsetInMinutes(bytes, after, end, out) : after;
}

/**
 * The usual forms of {@link readYearFirst}, which it reads alike but takes longer for: `2026-11-29 10:00:00`, also with
 * `/`, `.`, `T`, a fraction, `Z`, or a zone after a space. -1 for any other form: then `out` is as before.
 */
function readUsual(bytes: Buffer, pos: number, end: number, separator: number, out: Timestamp): number {
  if (pos + 19 > end || bytes[pos + 13] !== 58 || bytes[pos + 16] !== 58 || bytes[pos + 7] !== separator) return -1;
  if (separator !== 45 && separator !== 47 && separator !== 46) return -1;
  if (bytes[pos + 10] !== 32 && bytes[pos + 10] !== 84) return -1;
  const { kind, time } = out;
  const day = epochDay(readYear(bytes, pos, end), twoDigits(bytes, pos + 5), twoDigits(bytes, pos + 8));
  const second = twoDigits(bytes, pos + 17);
  if (addDay(day, out) && addClock(twoDigits(bytes, pos + 11), twoDigits(bytes, pos + 14), second, out)) {
    const after = readUsualEnd(bytes, readFraction(bytes, pos + 19, end, out), end, out);
    if (after !== -1) return after;
  }
  out.kind = kind;
  out.time = time;
  return -1;
}

/** The position after the zone, if there is one; -1 where a half of the day or anything unusual may follow. */
function readUsualEnd(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  if (pos >= end) return pos;
  const byte = byteAt(bytes, pos);
  const next = pos + 1 < end ? byteAt(bytes, pos + 1) : 0;
  if (byte === 32) {
    if (isDigit(next) || (next === 45 && bytes[pos + 2] === 32)) return pos;
    if ((next | 32) === 97 || (next | 32) === 112) return -1; // AM, PM
    if (next >= 98 && next <= 122) return pos;
    const after = readZone(bytes, pos, end, out);
    return after < end && isDigitOrLetter(byteAt(bytes, after)) ? -1 : after;
  }
  if (byte === 90 && !isDigitOrLetter(next)) {
    out.kind = TimestampKind.ABSOLUTE;
    return pos + 1;
  }
  // 58 may begin milliseconds, 43 and 45 an offset, 226 a narrow space.
  const isOther = byte === 58 || byte === 43 || byte === 45 || byte === 226 || isDigitOrLetter(byte);
  return isOther ? -1 : pos;
}

function isDigitOrLetter(byte: number): boolean {
  return isDigit(byte) || isLetter(byte);
}

/** DB2's `+060`. */
function readOffsetInMinutes(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const sign = byteAt(bytes, pos);
  const hundreds = byteAt(bytes, pos + 1) - 48;
  const tens = twoDigits(bytes, pos + 2);
  if (pos + 4 > end || (sign !== 43 && sign !== 45) || hundreds < 0 || hundreds > 9 || tens < 0) return pos;
  out.time += (sign === 43 ? -1 : 1) * (hundreds * 100 + tens) * 60_000;
  out.kind = TimestampKind.ABSOLUTE;
  return pos + 4;
}

export function readCompactDay(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const day = epochDay(readYear(bytes, pos, end), twoDigits(bytes, pos + 4), twoDigits(bytes, pos + 6));
  if (!addDay(day, out)) return -1;
  let at = pos + 8;
  if (at < end && isDigit(byteAt(bytes, at))) return readCompactClock(bytes, at, end, out);
  const time = out.time;
  const after = readClockAfterDate(bytes, at, end, out);
  if (after !== -1) return after;
  out.time = time;
  at++;
  const unpadded = readUnpaddedClock(bytes, at, end, out);
  return unpadded === -1 ? readCompactTime(bytes, at, end, out) : unpadded;
}

/** `0:7:20:44`, as some phones write; the last number is of milliseconds. -1 when there is none. */
function readUnpaddedClock(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  let at = pos;
  let ms = 0;
  for (let part = 0; part < 4; part++) {
    const limit = Math.min(end, at + (part === 3 ? 3 : 2));
    let value = 0;
    const digits = at;
    for (; at < limit && isDigit(byteAt(bytes, at)); at++) value = value * 10 + byteAt(bytes, at) - 48;
    if (at === digits || value >= (clockRanges[part] ?? 0)) return -1;
    ms = part === 3 ? ms * 1000 + value : ms * 60 + value;
    if (part < 3 && (at >= end || bytes[at++] !== 58)) return -1;
  }
  out.time += ms;
  return at < end && (isDigit(byteAt(bytes, at)) || isLetter(byteAt(bytes, at))) ? -1 : at;
}

const clockRanges = [24, 60, 60, 1000];

/** `100000`, then optionally a fraction and a zone. */
function readCompactTime(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const before = byteAt(bytes, pos - 1);
  if (before !== 32 && before !== 84 && before !== 58 && before !== 45 && before !== 95) return -1;
  const after = readCompactClock(bytes, pos, end, out);
  if (after === -1) return -1;
  let at = after;
  if (at + 1 < end && bytes[at] === 46) {
    at++;
    for (let unit = 100; at < end && isDigit(byteAt(bytes, at)); at++, unit /= 10) {
      if (unit >= 1) out.time += (byteAt(bytes, at) - 48) * unit;
    }
  }
  // After other separators, a number may follow: `20261129-100000-0001`.
  const next = byteAt(bytes, at);
  if (at < end && (before === 84 || next === 90)) at = readZone(bytes, at, end, out);
  return at < end && (isDigit(byteAt(bytes, at)) || isLetter(byteAt(bytes, at))) ? -1 : at;
}

export function readShortCompactDay(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const year = fullYear(twoDigits(bytes, pos));
  if (!addDay(epochDay(year, twoDigits(bytes, pos + 2), twoDigits(bytes, pos + 4)), out)) return -1;
  if (pos + 7 > end || bytes[pos + 6] !== 32) return -1;
  const time = out.time;
  const after = readAnyClock(bytes, skipSpaces(bytes, pos + 6, Math.min(end, pos + 8)), end, out);
  if (after !== -1) return after;
  out.time = time;
  return readCompactTime(bytes, pos + 7, end, out);
}

export function readThreeNumbers(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const firstEnd = numberEnd(bytes, pos, end);
  const separator = byteAt(bytes, firstEnd);
  if (firstEnd >= end || (separator !== 47 && separator !== 46 && separator !== 45 && separator !== 32)) return -1;
  const secondEnd = numberEnd(bytes, firstEnd + 1, end);
  if (secondEnd === firstEnd + 1 || secondEnd >= end || bytes[secondEnd] !== separator) return -1;
  const year = secondEnd + 1;
  const hasCentury = year + 4 <= end && isDigit(byteAt(bytes, year + 2));
  const yearEnd = hasCentury ? year + 4 : year + 2;
  if (yearEnd > end || (separator === 32 && (!hasCentury || firstEnd !== pos + 2))) return -1;
  const first = numberIn(bytes, pos, firstEnd);
  const second = numberIn(bytes, firstEnd + 1, secondEnd);
  const third = hasCentury ? readYear(bytes, year, end) : twoDigits(bytes, year);
  if (separator === 46 || separator === 32) {
    // With dots or spaces the day always comes first.
    if (!addDay(epochDay(hasCentury ? third : fullYear(third), second, first), out)) return -1;
    return readClockAfterDate(bytes, yearEnd, end, out);
  }
  const packed = packUnordered(first, second, third, hasCentury);
  if (Number.isNaN(packed)) return -1;
  const after = readClockAfterDate(bytes, yearEnd, end, out);
  // The reader of the clock takes it for a wall time of 1970.
  if (out.kind === TimestampKind.ABSOLUTE) out.time += withZone;
  out.time += packed;
  out.kind = TimestampKind.UNORDERED;
  return after;
}

export function numberEnd(bytes: Buffer, pos: number, end: number): number {
  let after = pos;
  while (after < end && after < pos + 2 && isDigit(byteAt(bytes, after))) after++;
  return after;
}

export function numberIn(bytes: Buffer, pos: number, end: number): number {
  return end === pos + 2 ? twoDigits(bytes, pos) : byteAt(bytes, pos) - 48;
}

export function readMonthAndDayNumbers(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const separator = byteAt(bytes, pos + 2);
  if (pos + 11 > end || (separator !== 45 && separator !== 47 && separator !== 46)) return -1;
  out.kind = TimestampKind.YEARLESS;
  if (isDigit(byteAt(bytes, pos + 5))) return -1;
  if (!addDay(epochDay(2000, twoDigits(bytes, pos), twoDigits(bytes, pos + 3)), out)) return -1;
  return readClockAfterDate(bytes, pos + 5, end, out);
}

export function readTimeOfDay(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  out.kind = TimestampKind.TIME_OF_DAY;
  if (pos + 8 <= end && bytes[pos + 5] === 58) return readAnyClock(bytes, pos, end, out);
  return readKitchenClock(bytes, pos, end, out);
}

/** `3:04PM`, as Go names it: without seconds, so the half of the day must follow. */
function readKitchenClock(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const colon = bytes[pos + 1] === 58 ? pos + 1 : pos + 2;
  const half = byteAt(bytes, colon + 3);
  if (colon + 5 > end || bytes[colon] !== 58 || (half !== 65 && half !== 80) || bytes[colon + 4] !== 77) return -1;
  return readAnyClock(bytes, pos, end, out);
}

export function readEpochNumber(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  let at = pos;
  let seconds = 0;
  for (; at < pos + 10; at++) seconds = seconds * 10 + byteAt(bytes, at) - 48;
  if (seconds < 1_000_000_000) return -1;
  let ms = 0;
  let unit = 100;
  const digitsEnd = numberRunEnd(bytes, at, end);
  if (digitsEnd === at && at + 1 < end && (bytes[at] === 46 || bytes[at] === 44) && isDigit(byteAt(bytes, at + 1)))
    at++;
  for (; at < end && isDigit(byteAt(bytes, at)); at++, unit /= 10) if (unit >= 1) ms += (byteAt(bytes, at) - 48) * unit;
  // Microseconds and nanoseconds that some write after milliseconds.
  if (digitsEnd > pos + 10 && at < end && bytes[at] === 46) at = numberRunEnd(bytes, at + 1, end);
  out.kind = TimestampKind.ABSOLUTE;
  out.time = seconds * 1000 + ms;
  return at < end && isLetter(byteAt(bytes, at)) ? -1 : at;
}

function numberRunEnd(bytes: Buffer, pos: number, end: number): number {
  while (pos < end && isDigit(byteAt(bytes, pos))) pos++;
  return pos;
}

/** Go prints large floating-point numbers so. */
export function readEpochWithExponent(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  if (pos + 6 > end || bytes[pos + 1] !== 46) return -1;
  const digitsEnd = numberRunEnd(bytes, pos + 2, end);
  if (digitsEnd + 4 > end || bytes[digitsEnd] !== 101 || bytes[digitsEnd + 1] !== 43) return -1;
  if (twoDigits(bytes, digitsEnd + 2) !== 9) return -1;
  let ms = (byteAt(bytes, pos) - 48) * 1e12;
  for (let at = pos + 2, unit = 1e11; at < digitsEnd && unit >= 1; at++, unit /= 10) {
    ms += (byteAt(bytes, at) - 48) * unit;
  }
  out.kind = TimestampKind.ABSOLUTE;
  out.time = ms;
  return digitsEnd + 4;
}
