import { Level } from '../line-batch';
import { headLevelOf, levelOfLetter } from '../levels';
import { readHeadTimestamp } from '../odd-timestamps';
import { lastForm } from '../timestamp-forms';
import { TimestampKind, byteAt, isDigit, isLetter } from '../timestamps';
import { zoneOffsetOf } from '../zone-names';
import type { LineFormat, ParsedLine } from './format';
import { headNotes, scanLevel } from './head-level';
import { levelAtPlace } from './level-places';
import { groupEnd, groupLevel, readPriority } from './level-tokens';
import { syslog3164 } from './syslog';

/**
 * Reads the head of any text line: a full timestamp at its start, in brackets, or after a level word, a process or a
 * host; then the level where loggers put it. A time without a date needs a level.
 */
export const head: LineFormat = {
  name: 'head',
  mayBeginWith: (byte) =>
    isDigit(byte) || isLetter(byte) || isNumeral(byte) || ' [(<#*="@-|.'.includes(String.fromCharCode(byte)),
  parse(bytes, start, end, out) {
    headNotes.hasEscape = false;
    const first = byteAt(bytes, start);
    out.level = Level.NONE;
    if (isDigit(first)) {
      const after = readHeadTimestamp(bytes, start, end, out);
      if (after !== -1) {
        // A number alone is not a timestamp.
        if (after === end && lastForm.name === 'epoch') return false;
        return !isContainerPrefix(bytes, after, end) && readRest(bytes, start, after, end, out, false);
      }
    } else if (isLetter(first) && syslog3164.parse(bytes, start, end, out)) {
      lastForm.name = syslog3164.name;
      setRest(bytes, start, end);
      return true;
    }
    out.level = Level.NONE;
    if (isNumeral(first)) {
      const after = readHeadTimestamp(bytes, start, end, out);
      return after !== -1 && readRest(bytes, start, after, end, out, false);
    }
    return readPrefixed(bytes, start, end, out);
  },
};

/** The first byte of a Chinese numeral, with which a month's name begins. */
function isNumeral(byte: number): boolean {
  return byte === 0xe4 || byte === 0xe5;
}

/** containerd's ` stdout F `: the line after it decides. */
function isContainerPrefix(bytes: Buffer, pos: number, end: number): boolean {
  return (
    pos + 9 < end &&
    bytes[pos] === 32 &&
    bytes[pos + 1] === 115 &&
    bytes[pos + 2] === 116 &&
    bytes[pos + 3] === 100 &&
    bytes[pos + 7] === 32 &&
    (bytes[pos + 8] === 70 || bytes[pos + 8] === 80)
  );
}

/** The text after the timestamp of the last line. Its buffer is that of the line without colors, if it had any. */
const rest: { bytes: Buffer; start: number; end: number } = { bytes: Buffer.alloc(0), start: 0, end: 0 };

function setRest(bytes: Buffer, start: number, end: number): void {
  rest.bytes = bytes;
  rest.start = start;
  rest.end = end;
}

/** The text after the timestamp of the last line, in the buffer that was read: without colors, if it had any. */
export function restOfHead(): { readonly bytes: Buffer; readonly start: number; readonly end: number } {
  return rest;
}

/**
 * True when the last line, which had no level, is the first of two, as java.util.logging and tinylog write: only class
 * and method follow the timestamp, or nothing. The second line begins with the level.
 */
export function isFirstOfTwoLines(): boolean {
  const { bytes, end } = rest;
  let pos = rest.start;
  while (pos < end && bytes[pos] === 32) pos++;
  // Oracle's alert log has a timestamp and nothing else.
  if (pos === end) return true;
  if (end - pos > maxWord) return false;
  let dots = 0;
  let spaces = 0;
  for (; pos < end; pos++) {
    const byte = bytes[pos];
    if (byte === 46) dots++;
    else if (byte === 32 && ++spaces > 1) return false;
  }
  return dots > 0 && (spaces === 1 || (spaces === 0 && bytes[end - 1] === 41));
}

/** Reads the level after the timestamp. `needsLevel` is set when what precedes the timestamp may be free text. */
function readRest(
  bytes: Buffer,
  start: number,
  pos: number,
  end: number,
  out: ParsedLine,
  needsLevel: boolean,
): boolean {
  const form = lastForm.name;
  setRest(bytes, pos, end);
  if (out.level === Level.NONE) {
    out.level = levelAtPlace(bytes, pos, end, form) ?? scanLevel(bytes, pos, end, takesAnyCase(bytes, start, form));
  }
  if (out.level !== Level.NONE) return true;
  if (needsLevel || headNotes.hasEscape) return false;
  return out.kind !== TimestampKind.TIME_OF_DAY || isInBrackets(bytes, start, pos, end);
}

/** A time without a date needs a level, unless brackets set it off: `[10:00:00] Starting`. */
function isInBrackets(bytes: Buffer, start: number, pos: number, end: number): boolean {
  return pos + 1 < end && bytes[start - 1] === 91 && bytes[pos] === 93 && bytes[pos + 1] === 32;
}

/** After dates of Go's standard library and of syslog, prose follows; after others, often a level in small letters. */
function takesAnyCase(bytes: Buffer, start: number, form: string): boolean {
  switch (form) {
    case 'year-first':
      return bytes[start + 4] !== 47;
    case 'month-name':
    case 'weekday':
    case 'epoch':
      return false;
    default:
      return true;
  }
}

/** At most this many steps lead to the timestamp. */
const maxSteps = 10;
/** The longest word before a timestamp: a file name, or a host. */
const maxWord = 255;

function readPrefixed(bytes: Buffer, start: number, end: number, out: ParsedLine): boolean {
  let pos = start;
  let words = 0;
  let zoneMinutes = 0;
  let needsLevel = bytes[start] === 32;
  inGroup.start = -1;
  for (let step = 0; step < maxSteps; step++) {
    while (pos < end && bytes[pos] === 32) pos++;
    if (pos >= end) return false;
    const byte = byteAt(bytes, pos);
    if (isDigit(byte) || isLetter(byte) || isNumeral(byte)) {
      const { level } = out;
      const after = timestampAt(bytes, pos, start, end, out);
      out.level = level;
      if (after !== -1) {
        if (words > 0 && out.kind === TimestampKind.TIME_OF_DAY) {
          // Sitecore: `4711 10:00:00 ERROR refused`
          if (words > 1 || !isNumber(bytes, start, pos - 1)) return false;
          needsLevel = true;
        }
        if (zoneMinutes !== 0) out.time -= zoneMinutes * 60_000;
        return readRest(bytes, pos, after, end, out, needsLevel);
      }
      let wordEnd = pos;
      while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
      const found = levelBefore(bytes, pos, wordEnd, end);
      if (found !== undefined) {
        out.level = found;
        pos = wordEnd;
        continue;
      }
      if (wordEnd > pos && zoneOffsetOf(bytes, pos, wordEnd) !== undefined) {
        zoneMinutes = zoneOffsetOf(bytes, pos, wordEnd) ?? 0;
        pos = wordEnd;
        continue;
      }
      if (++words > 1) return false;
      const word = pos;
      const limit = Math.min(end, pos + maxWord);
      while (pos < limit && bytes[pos] !== 32 && bytes[pos] !== 9) pos++;
      if (pos >= limit) return false;
      // The process after its name in brackets is not text: `[Nest] 4711   - 11/29/2026, …`
      needsLevel = word === start || !isNumber(bytes, word, pos);
      if (out.level === Level.NONE) out.level = levelAfterColon(bytes, word, pos);
    } else if (byte === 91 || byte === 40 || byte === 60 || (byte === 123 && pos > start)) {
      const inside = readGroup(bytes, pos, end, out);
      if (inside === -1) return false;
      pos = inside;
    } else if ((isMark(byte) && pos - start < 64) || (byte === 46 && pos === start)) {
      pos++;
    } else {
      return false;
    }
  }
  return false;
}

/** The timestamp that the last group begins with: `out` holds it. `start` is -1 without one. */
const inGroup = { start: -1, end: -1 };

/** Reads a timestamp, unless that was tried already: at the start of the line, or to tell whether a group holds one. */
function timestampAt(bytes: Buffer, pos: number, start: number, end: number, out: ParsedLine): number {
  if (pos === inGroup.start) return inGroup.end;
  return pos === start && isDigit(byteAt(bytes, pos)) ? -1 : readHeadTimestamp(bytes, pos, end, out);
}

function isNumber(bytes: Buffer, pos: number, end: number): boolean {
  while (pos < end && isDigit(byteAt(bytes, pos))) pos++;
  return pos === end;
}

/** `Zigbee2MQTT:error`. */
function levelAfterColon(bytes: Buffer, pos: number, end: number): Level {
  let word = end;
  while (word > pos && isLetter(byteAt(bytes, word - 1))) word--;
  return (word > pos && bytes[word - 1] === 58 ? headLevelOf(bytes, word, end) : undefined) ?? Level.NONE;
}

/**
 * Marks before a timestamp, beside Cisco's `.` at the start: `####<`, `[#|`, `*`, `=`, `"`, `,`, `|`, `:`, `-`, `@`, `>`,
 * and what closes brackets.
 */
function isMark(byte: number): boolean {
  switch (byte) {
    case 9:
    case 34:
    case 35:
    case 42:
    case 44:
    case 45:
    case 58:
    case 61:
    case 62:
    case 64:
    case 93:
    case 124:
      return true;
    default:
      return false;
  }
}

/** The level that a word or letter before the timestamp names: `ERROR `, `error:`, `E, [`, `W `. */
function levelBefore(bytes: Buffer, pos: number, wordEnd: number, end: number): Level | undefined {
  const delimiter = wordEnd < end ? byteAt(bytes, wordEnd) : 0;
  const isSetOff = delimiter === 32 || isMark(delimiter) || delimiter === 91;
  if (!isSetOff || wordEnd === pos) return undefined;
  if (wordEnd - pos === 1) return levelOfLetter(byteAt(bytes, pos));
  return headLevelOf(bytes, pos, wordEnd);
}

/**
 * Opens a group before the timestamp. Returns the position at which reading continues: inside, when a timestamp or a
 * level before one follows; otherwise after the group, whose level counts. -1 when it does not close.
 */
function readGroup(bytes: Buffer, pos: number, end: number, out: ParsedLine): number {
  const hasPriority = readPriority(bytes, pos, end, out) !== pos;
  const close = groupEnd(bytes, pos, Math.min(end, pos + 120));
  let inside = pos + 1;
  while (inside < end && bytes[inside] === 32) inside++;
  if (!hasPriority && (close === -1 || holdsTimestamp(bytes, inside, close, out))) return inside;
  if (close === -1) return -1;
  if (!hasPriority && out.level === Level.NONE) out.level = groupLevel(bytes, pos + 1, close) ?? Level.NONE;
  return close + 1;
}

/** True when the group begins with a timestamp, or with one word and a timestamp. */
function holdsTimestamp(bytes: Buffer, pos: number, close: number, out: ParsedLine): boolean {
  const { level } = out;
  let at = pos;
  for (let word = 0; word < 2; word++) {
    const after = readHeadTimestamp(bytes, at, close + 1, out);
    out.level = level;
    if (after !== -1) {
      if (word === 0) {
        inGroup.start = at;
        inGroup.end = after;
      }
      return true;
    }
    while (at < close && isLetter(byteAt(bytes, at))) at++;
    if (at === pos || bytes[at] !== 32) return bytes[pos] === 35 || bytes[pos] === 91;
    while (at < close && bytes[at] === 32) at++;
  }
  return false;
}
