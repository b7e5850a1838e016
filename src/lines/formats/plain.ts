import { Level } from '../line-batch';
import { packUnordered } from '../date-order';
import { headLevelOf } from '../levels';
import {
  TimestampKind,
  byteAt,
  isDigit,
  isLetter,
  isVisible,
  readAsctime,
  readClock,
  readCompactClock,
  readCompactDate,
  readDateTime,
  skipSpaces,
  twoDigits,
} from '../timestamps';
import { zoneOffsetOf } from '../zone-names';
import type { LineFormat, ParsedLine } from './format';
import { scanLevel } from './head-level';

/** Single-line formats: a timestamp, some tokens, a level. */

/** logback, log4j: `22:43:13.379 [run-main-0] INFO  Logger - message`; the thread may be missing. */
export const timeOnly: LineFormat = {
  name: 'time',
  mayBeginWith: isDigit,
  parse(bytes, start, end, out) {
    out.kind = TimestampKind.TIME_OF_DAY;
    out.time = 0;
    const pos = readClock(bytes, start, end, out);
    return pos !== -1 && readThreadAndLevel(bytes, pos, end, out);
  },
};

/** Also with a date: `2021-10-07 22:43:13,379 [main] INFO Logger - message`, optionally with `T` and a zone. */
export const dateTime: LineFormat = {
  name: 'date-time',
  mayBeginWith: isDigit,
  parse(bytes, start, end, out) {
    const pos = readDateTime(bytes, start, end, out);
    return pos !== -1 && readThreadAndLevel(bytes, pos, end, out);
  },
};

/** Spark: `17/06/09 20:10:40 INFO Logger: message`. The file shows which number is the year. */
export const shortDate: LineFormat = {
  name: 'short-date',
  mayBeginWith: isDigit,
  parse(bytes, start, end, out) {
    if (start + 8 > end || bytes[start + 2] !== 47 || bytes[start + 5] !== 47 || bytes[start + 8] !== 32) return false;
    out.kind = TimestampKind.UNORDERED;
    const first = twoDigits(bytes, start);
    out.time = packUnordered(first, twoDigits(bytes, start + 3), twoDigits(bytes, start + 6), false);
    if (Number.isNaN(out.time)) return false;
    const pos = readClock(bytes, start + 9, end, out);
    return pos !== -1 && readThreadAndLevel(bytes, pos, end, out);
  },
};

/** HDFS: `081109 203615 148 INFO Logger: message`. */
export const compactDate: LineFormat = {
  name: 'compact-date',
  mayBeginWith: isDigit,
  parse(bytes, start, end, out) {
    out.kind = TimestampKind.WALL;
    out.time = 0;
    const date = readCompactDate(bytes, start, end, out);
    if (date === -1 || date >= end || bytes[date] !== 32) return false;
    const pos = readCompactClock(bytes, date + 1, end, out);
    return pos !== -1 && readPidAndLevel(bytes, pos, end, out);
  },
};

/** Apache's error log: `[Sun Dec 04 04:47:44 2005] [error] message`, since 2.4 `[core:error]`; NONE without a level. */
export const apacheError: LineFormat = {
  name: 'apache-error',
  mayBeginWith: (byte) => byte === 91,
  parse(bytes, start, end, out) {
    if (start + 6 > end || bytes[start] !== 91 || !isLetter(byteAt(bytes, start + 1)) || bytes[start + 4] !== 32) {
      return false;
    }
    out.kind = TimestampKind.WALL;
    out.time = 0;
    const close = readAsctime(bytes, start + 5, end, out);
    if (close === -1 || close >= end || bytes[close] !== 93) return false;
    out.level = scanLevel(bytes, close + 1, end, false);
    return true;
  },
};

/** OpenStack: `2017-05-16 00:00:00.008 25746 INFO logger message`, optionally after a file name. */
export const openStack: LineFormat = {
  name: 'openstack',
  mayBeginWith: isVisible,
  parse(bytes, start, end, out) {
    let pos = readDateTime(bytes, start, end, out);
    if (pos === -1) {
      const limit = Math.min(end, start + maxFileName);
      let space = start;
      while (space < limit && bytes[space] !== 32) space++;
      pos = readDateTime(bytes, space + 1, end, out);
    }
    return pos !== -1 && readPidAndLevel(bytes, pos, end, out);
  },
};

/** The maximum on Linux. */
const maxFileName = 255;

/**
 * ` [thread] LEVEL`, ` LEVEL` or ` [LEVEL]`. After a thread, any word in capitals is a level; an unknown one is NONE.
 */
function readThreadAndLevel(bytes: Buffer, pos: number, end: number, out: ParsedLine): boolean {
  if (pos >= end || bytes[pos] !== 32) return false;
  pos = skipSpaces(bytes, pos, end);
  if (pos >= end || bytes[pos] !== 91) return readLevelAfterTimestamp(bytes, pos, end, out);

  const close = closingBracket(bytes, pos, end);
  if (close === -1 || isZone(bytes, pos + 1, close)) return false;
  const bracketed = headLevelOf(bytes, pos + 1, withoutPadding(bytes, pos + 1, close));
  if (bracketed !== undefined) {
    out.level = bracketed;
    return true;
  }
  return readLevelInCapitals(bytes, close + 1, end, out);
}

/** The end of what brackets hold, without blanks: `[error    ]`. */
function withoutPadding(bytes: Buffer, pos: number, close: number): number {
  while (close > pos && bytes[close - 1] === 32) close--;
  return close;
}

/** True when brackets hold a zone (`+0200`, `CET`), which the head scan reads. */
function isZone(bytes: Buffer, pos: number, close: number): boolean {
  const first = byteAt(bytes, pos);
  if (first === 43 || first === 45) return isDigit(byteAt(bytes, pos + 1));
  return first < 97 && zoneOffsetOf(bytes, pos, close) !== undefined;
}

/** ` pid LEVEL`. */
function readPidAndLevel(bytes: Buffer, pos: number, end: number, out: ParsedLine): boolean {
  if (pos >= end || bytes[pos] !== 32) return false;
  pos = skipSpaces(bytes, pos, end);
  const pid = pos;
  while (pos < end && isDigit(byteAt(bytes, pos))) pos++;
  return pos > pid && readLevelInCapitals(bytes, pos, end, out);
}

/** A level word that stands alone. The head scan judges whether one in small letters begins a sentence. */
function readLevelAfterTimestamp(bytes: Buffer, pos: number, end: number, out: ParsedLine): boolean {
  return readLevel(bytes, pos, end, out) && (byteAt(bytes, pos + 1) < 97 || bytes[letters(bytes, pos, end)] !== 32);
}

/** A level word that stands alone. */
function readLevel(bytes: Buffer, pos: number, end: number, out: ParsedLine): boolean {
  const wordEnd = letters(bytes, pos, end);
  const level = wordEnd === end || isDelimiter(byteAt(bytes, wordEnd)) ? headLevelOf(bytes, pos, wordEnd) : undefined;
  if (level === undefined) return false;
  out.level = level;
  return true;
}

/** Spaces and a level word. An unknown word in capitals is NONE. */
function readLevelInCapitals(bytes: Buffer, pos: number, end: number, out: ParsedLine): boolean {
  if (pos >= end || bytes[pos] !== 32) return false;
  pos = skipSpaces(bytes, pos, end);
  if (readLevel(bytes, pos, end, out)) return true;
  const word = pos;
  while (pos < end && byteAt(bytes, pos) >= 65 && byteAt(bytes, pos) <= 90) pos++;
  if (pos - word < 2 || (pos < end && !isDelimiter(byteAt(bytes, pos)))) return false;
  out.level = Level.NONE;
  return true;
}

/** Space, tab, colon or closing bracket. */
function isDelimiter(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 58 || byte === 93;
}

function letters(bytes: Buffer, pos: number, end: number): number {
  while (pos < end && isLetter(byteAt(bytes, pos))) pos++;
  return pos;
}

/** The bracket that closes the one at `pos`. Thread names may contain nested pairs. */
function closingBracket(bytes: Buffer, pos: number, end: number): number {
  let depth = 0;
  for (; pos < end; pos++) {
    const byte = bytes[pos];
    if (byte === 91) depth++;
    else if (byte === 93 && --depth === 0) return pos;
  }
  return -1;
}
