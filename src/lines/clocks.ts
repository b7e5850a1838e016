import {
  TimestampKind,
  addClock,
  byteAt,
  isDigit,
  isLetter,
  readFraction,
  readOffset,
  skipSpaces,
  twoDigits,
  type Timestamp,
} from './timestamps';
import { readZoneOfPlace, zoneOffsetOf } from './zone-names';

/** Reads times of day in any usual notation, and the zones after them. */

const minuteMs = 60_000;

/**
 * `10:00:00.123 AM +01:00`: hour (one digit or two), minute, then optionally second, fraction, AM or PM, and zone. Adds
 * to `out.time`; a zone makes a wall time absolute.
 *
 * @param colon the byte between hour, minute and second: 58, or 46 for `10.00.00`
 * @returns the position after it, -1 when there is none or when a letter or digit follows
 */
export function readAnyClock(bytes: Buffer, pos: number, end: number, out: Timestamp, colon = 58): number {
  const hourEnd = isDigit(byteAt(bytes, pos + 1)) ? pos + 2 : pos + 1;
  if (hourEnd + 3 > end || bytes[hourEnd] !== colon) return -1;
  const hour = hourEnd === pos + 2 ? twoDigits(bytes, pos) : byteAt(bytes, pos) - 48;
  const minute = twoDigits(bytes, hourEnd + 1);
  let at = hourEnd + 3;
  let second = 0;
  const hasSecond = at + 3 <= end && bytes[at] === colon;
  if (hasSecond) {
    second = twoDigits(bytes, at + 1);
    at += 3;
  } else if (colon !== 58) return -1;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return -1;
  out.time += ((hour * 60 + minute) * 60 + (second === 60 ? 59 : second)) * 1000;
  if (hasSecond) at = readAnyFraction(bytes, at, end, out);
  at = readHalfDay(bytes, at, end, hour, out);
  at = readZone(bytes, at, end, out);
  return at < end && (isDigit(byteAt(bytes, at)) || isLetter(byteAt(bytes, at))) ? -1 : at;
}

/** After `.`, `,`, or `:` before exactly three digits. */
function readAnyFraction(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  if (pos >= end || bytes[pos] !== 58) return readFraction(bytes, pos, end, out);
  if (pos + 4 > end || (pos + 4 < end && isDigit(byteAt(bytes, pos + 4)))) return pos;
  const tens = twoDigits(bytes, pos + 2);
  const hundreds = byteAt(bytes, pos + 1) - 48;
  if (tens < 0 || hundreds < 0 || hundreds > 9) return pos;
  out.time += hundreds * 100 + tens;
  return pos + 4;
}

/** `AM`, `PM`, `a.m.`, optionally after a space (also the narrow one of Unicode). Returns `pos` when there is none. */
export function readHalfDay(bytes: Buffer, pos: number, end: number, hour: number, out: Timestamp): number {
  let at = pos;
  if (bytes[at] === 32) at++;
  else if (bytes[at] === 0xe2 && bytes[at + 1] === 0x80 && bytes[at + 2] === 0xaf) at += 3;
  if (byteAt(bytes, at) > 127) {
    const named = eastAsianHalf(bytes, at, end);
    if (named === undefined) return pos;
    addHalfDay(named, hour, out);
    return at + 6;
  }
  const half = byteAt(bytes, at) | 32;
  if (half === 118 || half === 110) return readGermanHalf(bytes, pos, at, end, hour, out);
  if (at + 2 > end || (half !== 97 && half !== 112)) return pos;
  let m = at + 1;
  if (bytes[m] === 46) m++;
  // `a. m.` of Spanish
  if (m === at + 2 && bytes[m] === 32) m++;
  if (m >= end || (byteAt(bytes, m) | 32) !== 109) return pos;
  const after = bytes[m + 1] === 46 && m > at + 1 && m + 1 < end ? m + 2 : m + 1;
  if (after < end && isLetter(byteAt(bytes, after))) return pos;
  addHalfDay(half === 97 ? 'am' : 'pm', hour, out);
  return after;
}

/** `VORM.` and `NACHM.`, as java.util.logging writes in German. */
function readGermanHalf(bytes: Buffer, pos: number, at: number, end: number, hour: number, out: Timestamp): number {
  const text = bytes.toString('latin1', at, Math.min(end, at + 6)).toLowerCase();
  const isMorning = text.startsWith('vorm.');
  if (!isMorning && text !== 'nachm.') return pos;
  addHalfDay(isMorning ? 'am' : 'pm', hour, out);
  return at + (isMorning ? 5 : 6);
}

/**
 * `Z`, `+02:00`, `+0200`, `+02`, `CET`, `UTC+1`, also after a space or in brackets. Returns `pos` when there is none.
 * Timestamps without a date keep their wall time.
 */
export function readZone(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  if (pos >= end) return pos;
  const first = byteAt(bytes, pos);
  if (first !== 32) return readZoneAt(bytes, pos, end, out, false);
  const at = pos + 1;
  const open = byteAt(bytes, at);
  if (open === 91 || open === 40) {
    const close = readZoneAt(bytes, at + 1, end, out, true);
    return close > at + 1 ? close : pos;
  }
  const after = readZoneAt(bytes, at, end, out, false);
  return after === at ? pos : after;
}

function readZoneAt(bytes: Buffer, pos: number, end: number, out: Timestamp, inBrackets: boolean): number {
  const first = byteAt(bytes, pos);
  const { kind, time } = out;
  let after = pos;
  if (first === 90 || first === 43 || first === 45 || (first === 122 && bytes[pos - 1] !== 32)) {
    // After a space, a single `-12` is more likely a number than an offset.
    if (first === 45 && bytes[pos - 1] === 32 && (pos + 5 > end || !isDigitOrColon(byteAt(bytes, pos + 3)))) return pos;
    after = readOffset(bytes, pos, end, out);
  } else if (first >= 65 && first <= 90) {
    after = readZoneName(bytes, pos, end, out);
  }
  const closes = after < end && (bytes[after] === 93 || bytes[after] === 41);
  const isWhole = inBrackets
    ? closes
    : after >= end || (!isDigit(byteAt(bytes, after)) && !isLetter(byteAt(bytes, after)));
  if (after === pos || !isWhole) {
    out.kind = kind;
    out.time = time;
    return pos;
  }
  if (kind !== TimestampKind.WALL) {
    out.kind = kind;
    out.time = time;
  }
  return inBrackets ? after + 1 : after;
}

function isDigitOrColon(byte: number): boolean {
  return byte >= 48 && byte <= 58;
}

/** `CET`, or `UTC` and `GMT` with an optional offset after them. */
function readZoneName(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  let after = pos;
  while (after < end && byteAt(bytes, after) >= 65 && byteAt(bytes, after) <= 90) after++;
  const minutes = zoneOffsetOf(bytes, pos, after);
  if (minutes === undefined) return readZoneOfPlace(bytes, pos, end, out);
  const sign = byteAt(bytes, after);
  if (minutes === 0 && after < end && (sign === 43 || sign === 45)) {
    const offsetEnd = readOffset(bytes, after, end, out);
    if (offsetEnd > after) return offsetEnd;
    // `UTC+1`
    if (after + 2 <= end && isDigit(byteAt(bytes, after + 1))) {
      out.time -= (sign === 43 ? 60 : -60) * (byteAt(bytes, after + 1) - 48) * minuteMs;
      out.kind = TimestampKind.ABSOLUTE;
      return after + 2;
    }
  }
  out.time -= minutes * minuteMs;
  out.kind = TimestampKind.ABSOLUTE;
  return after;
}

/** Blanks between a date and a time in columns. */
const maxBlanks = 4;

/** The clock after a date: spaces, `T`, `_`, `-`, `:`, `|` or `,` lie between. */
export function readClockAfterDate(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  if (pos >= end) return -1;
  const byte = byteAt(bytes, pos);
  if (byte === 32) {
    const at = skipSpaces(bytes, pos, Math.min(end, pos + maxBlanks));
    if ((bytes[at] === 45 || bytes[at] === 124) && bytes[at + 1] === 32) return readAnyClock(bytes, at + 2, end, out); // `date - time`, `date | time`
    if (bytes[at] === 45 && bytes[at + 1] === 45 && bytes[at + 2] === 32) return readAnyClock(bytes, at + 3, end, out);
    return readClockInWords(bytes, at, end, out);
  }
  if (byte === 44 || byte === 58) {
    // `, ` and `::` too
    const next = byteAt(bytes, pos + 1);
    return readAnyClock(bytes, next === 32 || next === byte ? pos + 2 : pos + 1, end, out);
  }
  if (byte === 9 || byte === 45 || byte === 84 || byte === 116 || byte === 95 || byte === 124) {
    return readColonOrOther(bytes, pos + 1, end, out);
  }
  return -1;
}

/** Like {@link readColonOrOther}, also after a half of the day in Chinese, Japanese or Korean, or after `at`, `um`, `à`. */
export function readClockInWords(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const first = byteAt(bytes, pos);
  if (pos >= end || isDigit(first)) return readColonOrOther(bytes, pos, end, out);
  if (first > 127) {
    const half = eastAsianHalf(bytes, pos, end);
    if (half === undefined) return -1;
    const at = bytes[pos + 6] === 32 ? pos + 7 : pos + 6;
    const hour = isDigit(byteAt(bytes, at + 1)) ? twoDigits(bytes, at) : byteAt(bytes, at) - 48;
    if (hour < 0 || hour > 12) return -1;
    addHalfDay(half, hour, out);
    return readColonOrOther(bytes, at, end, out);
  }
  const at = preposition(bytes, pos, end);
  return at === pos ? -1 : readAnyClock(bytes, at, end, out);
}

/** The position after `at ` and `um `, which dates in words have before the time. */
function preposition(bytes: Buffer, pos: number, end: number): number {
  if (pos + 3 >= end || bytes[pos + 2] !== 32) return pos;
  const isAt = bytes[pos] === 97 && bytes[pos + 1] === 116;
  const isUm = bytes[pos] === 117 && bytes[pos + 1] === 109;
  return isAt || isUm ? pos + 3 : pos;
}

/** With `:`, or as DB2, Unreal and names of files write it: `10.00.00.123`, `10-00-00`, `10h00m00s`, and in Chinese or Japanese. */
function readColonOrOther(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const { time } = out;
  const after = readAnyClock(bytes, pos, end, out);
  if (after !== -1) return after;
  for (const separator of otherSeparators) {
    out.time = time;
    const other = readAnyClock(bytes, pos, end, out, separator);
    if (other !== -1) return other;
  }
  out.time = time;
  return readNamedParts(bytes, pos, end, out);
}

const otherSeparators = [46, 45];

/** The names of hours, minutes and seconds. */
const partNames: readonly (readonly Buffer[])[] = [
  ['h', 'H', '時', '时', '시'].map((text) => Buffer.from(text)),
  ['m', 'M', '分', '분'].map((text) => Buffer.from(text)),
  ['s', 'S', '秒', '초'].map((text) => Buffer.from(text)),
];

/** `10h00m24s`, also without its end, and `10時00分24秒`. */
function readNamedParts(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const parts = [0, 0, 0];
  let at = pos;
  let count = 0;
  for (const names of partNames) {
    const digitsEnd = isDigit(byteAt(bytes, at + 1)) ? at + 2 : at + 1;
    if (digitsEnd > end || !isDigit(byteAt(bytes, at))) break;
    parts[count++] = digitsEnd === at + 2 ? twoDigits(bytes, at) : byteAt(bytes, at) - 48;
    const name = names.find((one) => startsWithBytes(bytes, digitsEnd, end, one));
    at = digitsEnd + (name?.length ?? 0);
    if (name === undefined) break;
    if (name.length > 1 && bytes[at] === 32 && isDigit(byteAt(bytes, at + 1))) at++;
  }
  const [hour = 0, minute = 0, second = 0] = parts;
  if (count < 2 || !addClock(hour, minute, second, out)) return -1;
  const after = readZone(bytes, readFraction(bytes, at, end, out), end, out);
  return after < end && (isDigit(byteAt(bytes, after)) || isLetter(byteAt(bytes, after))) ? -1 : after;
}

function startsWithBytes(bytes: Buffer, pos: number, end: number, text: Buffer): boolean {
  if (pos + text.length > end) return false;
  for (let i = 0; i < text.length; i++) if (bytes[pos + i] !== text[i]) return false;
  return true;
}

/** The halves of the day in Japanese, Chinese and Korean, of six bytes each. */
const eastAsianHalves = (
  [
    ['午前', 'am'],
    ['午後', 'pm'],
    ['上午', 'am'],
    ['下午', 'pm'],
    ['오전', 'am'],
    ['오후', 'pm'],
  ] as const
).map(([text, half]) => ({ text: Buffer.from(text), half }));

function eastAsianHalf(bytes: Buffer, pos: number, end: number): 'am' | 'pm' | undefined {
  return eastAsianHalves.find(({ text }) => startsWithBytes(bytes, pos, end, text))?.half;
}

function addHalfDay(half: 'am' | 'pm', hour: number, out: Timestamp): void {
  if (half === 'am' && hour === 12) out.time -= 12 * 60 * minuteMs;
  if (half === 'pm' && hour < 12) out.time += 12 * 60 * minuteMs;
}
