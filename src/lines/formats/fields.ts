import { Level } from '../line-batch';
import { levelOf, levelOfSeverity } from '../levels';
import { TimestampKind, byteAt, isDigit, isVisible, readDateTime, skipSpaces, type Timestamp } from '../timestamps';
import type { LineFormat, ParsedLine } from './format';

/**
 * Formats with named fields: `level` or `severity`, and one of `time`, `timestamp`, `@timestamp`, `ts`. The first
 * readable one counts. A line must have a timestamp to match; without a level it is NONE.
 */

/** `{"level":"error","time":"2021-10-07T22:43:13.379Z","msg":"…"}`. Only fields of the outermost object count. */
export const jsonLines: LineFormat = {
  name: 'json',
  mayBeginWith: (byte) => byte === 123,
  parse(bytes, start, end, out) {
    if (start >= end || bytes[start] !== 123) return false;
    const found = begin(out);
    let pos = skipBlanks(bytes, start + 1, end);
    for (;;) {
      const name = pos;
      const nameEnd = skipString(bytes, pos, end);
      if (nameEnd === -1) return false;
      const colon = skipBlanks(bytes, nameEnd, end);
      if (colon >= end || bytes[colon] !== 58) return false;
      const value = skipBlanks(bytes, colon + 1, end);
      const valueEnd = skipValue(bytes, value, end);
      if (valueEnd === -1) return false;
      const quoted = bytes[value] === 34 ? 1 : 0;
      readField(bytes, name + 1, nameEnd - 1, value + quoted, valueEnd - quoted, out, found);
      pos = skipBlanks(bytes, valueEnd, end);
      if (pos >= end) return false;
      if (bytes[pos] === 125) return found.timestamp && skipBlanks(bytes, pos + 1, end) === end;
      if (bytes[pos] !== 44) return false;
      pos = skipBlanks(bytes, pos + 1, end);
    }
  },
};

/** `ts=2021-10-07T22:43:13.379Z level=error msg="…"`: only `name=value` pairs. */
export const logfmt: LineFormat = {
  name: 'logfmt',
  mayBeginWith: isNameByte,
  parse(bytes, start, end, out) {
    const found = begin(out);
    for (let pos = start; pos < end; pos = skipSpaces(bytes, pos, end)) {
      const name = pos;
      while (pos < end && isNameByte(byteAt(bytes, pos))) pos++;
      if (pos === name || pos >= end || bytes[pos] !== 61) return false;
      const nameEnd = pos;
      const value = pos + 1;
      const quoted = value < end && bytes[value] === 34;
      pos = quoted ? skipString(bytes, value, end) : bareEnd(bytes, value, end);
      if (pos === -1 || (pos < end && bytes[pos] !== 32)) return false;
      readField(bytes, name, nameEnd, quoted ? value + 1 : value, quoted ? pos - 1 : pos, out, found);
    }
    return found.timestamp;
  },
};

interface Found {
  level: boolean;
  timestamp: boolean;
}

function begin(out: ParsedLine): Found {
  out.level = Level.NONE;
  return { level: false, timestamp: false };
}

const levelNames = ['level', 'severity'].map((name) => Buffer.from(name));
const timestampNames = ['time', 'timestamp', '@timestamp', 'ts'].map((name) => Buffer.from(name));

function readField(
  bytes: Buffer,
  name: number,
  nameEnd: number,
  value: number,
  valueEnd: number,
  out: ParsedLine,
  found: Found,
): void {
  if (!found.level && isOneOf(levelNames, bytes, name, nameEnd)) found.level = readLevel(bytes, value, valueEnd, out);
  else if (!found.timestamp && isOneOf(timestampNames, bytes, name, nameEnd)) {
    found.timestamp = readTimestamp(bytes, value, valueEnd, out);
  }
}

function isOneOf(names: readonly Buffer[], bytes: Buffer, start: number, end: number): boolean {
  return names.some((name) => name.length === end - start && name.compare(bytes, start, end) === 0);
}

/** A word or a number: 0–7 as in syslog, 10 and above as in pino and bunyan (10 trace … 60 fatal). */
function readLevel(bytes: Buffer, start: number, end: number, out: ParsedLine): boolean {
  const level = levelOf(bytes, start, end) ?? levelOfNumber(bytes, start, end);
  if (level !== undefined) out.level = level;
  return level !== undefined;
}

function levelOfNumber(bytes: Buffer, start: number, end: number): Level | undefined {
  if (end - start === 1 && isDigit(byteAt(bytes, start)) && byteAt(bytes, start) < 56) {
    return levelOfSeverity(byteAt(bytes, start) - 48);
  }
  if (end - start !== 2 || !isDigit(byteAt(bytes, start)) || !isDigit(byteAt(bytes, start + 1))) return undefined;
  const tens = byteAt(bytes, start) - 48;
  if (tens >= 5) return Level.ERROR;
  if (tens === 4) return Level.WARN;
  return tens === 3 ? Level.INFO : Level.DEBUG;
}

/** ISO 8601, or a number since the epoch. */
function readTimestamp(bytes: Buffer, start: number, end: number, out: ParsedLine): boolean {
  return readDateTime(bytes, start, end, out) === end || readEpoch(bytes, start, end, out);
}

/** Seconds, milli-, micro- or nanoseconds since the epoch, distinguished by magnitude. A fraction is allowed. */
export function readEpoch(bytes: Buffer, start: number, end: number, out: Timestamp): boolean {
  if (end - start < 9 || end - start > 30) return false;
  for (let i = start; i < end; i++) if (!isDigit(byteAt(bytes, i)) && bytes[i] !== 46) return false;
  const value = Number(bytes.toString('latin1', start, end));
  if (Number.isNaN(value) || value < 1e8 || value >= 1e20) return false;
  out.kind = TimestampKind.ABSOLUTE;
  if (value < 1e11) out.time = Math.floor(Math.round(value * 1e6) / 1e3);
  else if (value < 1e14) out.time = Math.floor(value);
  else if (value < 1e17) out.time = Math.floor(value / 1e3);
  else out.time = Math.floor(value / 1e6);
  return true;
}

function isNameByte(byte: number): boolean {
  return isVisible(byte) && byte !== 61 && byte !== 34;
}

function bareEnd(bytes: Buffer, pos: number, end: number): number {
  while (pos < end && bytes[pos] !== 32 && bytes[pos] !== 34) pos++;
  return pos;
}

function skipBlanks(bytes: Buffer, pos: number, end: number): number {
  while (pos < end && (bytes[pos] === 32 || bytes[pos] === 9)) pos++;
  return pos;
}

/** Returns the position after the closing quote, given that of the opening one; -1 without one. */
function skipString(bytes: Buffer, pos: number, end: number): number {
  if (pos >= end || bytes[pos] !== 34) return -1;
  for (pos++; pos < end; pos++) {
    if (bytes[pos] === 92) pos++;
    else if (bytes[pos] === 34) return pos + 1;
  }
  return -1;
}

/** Returns the position after a JSON value, or -1. Skips nested values by counting brackets. */
function skipValue(bytes: Buffer, pos: number, end: number): number {
  let depth = 0;
  while (pos < end) {
    const byte = bytes[pos];
    if (byte === 34) {
      pos = skipString(bytes, pos, end);
      if (pos === -1 || depth === 0) return pos;
    } else if (byte === 123 || byte === 91) {
      depth++;
      pos++;
    } else if (byte === 125 || byte === 93) {
      if (depth === 0) return pos;
      depth--;
      pos++;
      if (depth === 0) return pos;
    } else if (depth === 0 && (byte === 44 || byte === 32 || byte === 9)) {
      return pos;
    } else {
      pos++;
    }
  }
  return -1;
}
