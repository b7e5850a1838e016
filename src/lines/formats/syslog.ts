import { Level } from '../line-batch';
import { headLevelOf, isCapitals } from '../levels';
import { TimestampKind, byteAt, isDigit, isLetter, readClock, readDateTime, readMonthAndDay } from '../timestamps';
import type { LineFormat } from './format';
import { routerOs } from './level-places/systems';
import { ciscoLevel, facilityLevel, groupEnd, groupLevel, levelOfLabel, readPriority } from './level-tokens';
import { endOfWord } from './scan-text';

/** RFC 3164: `<34>Oct 11 22:14:15 host tag: message`. Most files omit `<34>`; then the level is NONE. */
export const syslog3164: LineFormat = {
  name: 'syslog-3164',
  mayBeginWith: (byte) => byte === 60 || isLetter(byte),
  parse(bytes, start, end, out) {
    out.kind = TimestampKind.YEARLESS;
    out.time = 0;
    out.level = Level.NONE;
    const date = readMonthAndDay(bytes, bytes[start] === 60 ? readPriority(bytes, start, end, out) : start, end, out);
    if (date === -1 || date >= end || bytes[date] !== 32) return false;
    const pos = readClock(bytes, date + 1, end, out);
    if (pos === -1 || pos >= end || bytes[pos] !== 32) return false;
    if (bytes[start] !== 60) out.level = levelAfterTimestamp(bytes, start, pos, end);
    return true;
  },
};

/** The last line of {@link syslog3164} without a priority. */
export const syslogTag: { bytes: Buffer; textStart: number } = {
  bytes: Buffer.alloc(0),
  /** Where the text begins after `host app[12]: `; 0 for other lines. */
  textStart: 0,
};

/** Length of `Nov 29 10:00:00`. */
const timestampLength = 15;

/** @param pos the position after the timestamp, which is that of a space */
function levelAfterTimestamp(bytes: Buffer, start: number, pos: number, end: number): Level {
  const textStart = pos === start + timestampLength ? plainTextStart(bytes, pos + 1, end) : 0;
  syslogTag.textStart = textStart;
  if (textStart === 0) return levelAfterHost(bytes, pos + 1, end);
  if (syslogTag.bytes !== bytes) syslogTag.bytes = bytes;
  return Level.NONE;
}

/**
 * The position after `host app[12]: `; 0 for other lines. Nearly every line has such a host and tag, in which
 * {@link levelAfterHost} finds no level, so this reads each of their bytes once.
 */
function plainTextStart(bytes: Buffer, host: number, end: number): number {
  const limit = Math.min(end - 2, host + maxTag);
  const first = byteAt(bytes, host);
  if (first < 97 && !isDigit(first)) return 0;
  let pos = host + 1;
  for (; pos < limit; pos++) {
    const byte = byteAt(bytes, pos);
    if (byte <= 58 && (byte === 32 || byte === 58)) break;
  }
  if (bytes[pos] !== 32 || !isLetter(byteAt(bytes, pos + 1))) return 0;
  for (pos += 2; pos < limit; pos++) {
    const byte = byteAt(bytes, pos);
    if (byte <= 61 && (byte === 32 || byte === 58 || byte === 61)) break;
  }
  return pos < limit && bytes[pos] === 58 && bytes[pos + 1] === 32 ? pos + 2 : 0;
}

/** A program's tag ends within this many bytes after the timestamp. */
export const maxTag = 160;

/** A sequence number and another timestamp may stand before Cisco's label. */
const maxLabelDistance = 64;

/**
 * The level that some daemons and devices write after the timestamp, or after the host: `dovecot: Error: `,
 * `host daemon.err `, `host %LINK-3-UPDOWN:`. The text of the message is not searched.
 */
function levelAfterHost(bytes: Buffer, pos: number, end: number): Level {
  const hostEnd = endOfWord(bytes, pos, end);
  if (bytes[pos] === 60) return priorityInWords(bytes, pos, hostEnd);
  if (hostEnd > pos && bytes[hostEnd - 1] === 58) return levelOfLabel(bytes, pos, hostEnd, end, 0);
  // No host: `INFO started`, as Rust's slog writes.
  if (isCapitals(bytes, pos, hostEnd)) {
    const level = headLevelOf(bytes, pos, hostEnd);
    if (level !== undefined) return level;
  }
  const next = hostEnd + 1;
  if (next >= end) return Level.NONE;
  const first = byteAt(bytes, next);
  if (isLetter(first)) {
    let wordEnd = next;
    while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
    if (bytes[wordEnd] === 91 || bytes[wordEnd] === 40) return levelAfterProcess(bytes, wordEnd, end);
    if (bytes[wordEnd] === 32) return levelBeforeProcess(bytes, next, wordEnd, end);
    if (bytes[wordEnd] === 44) return routerOs.read(bytes, next, end) ?? Level.NONE;
    if (wordEnd >= end || !(bytes[wordEnd] === 46 || isDigit(byteAt(bytes, wordEnd)))) return Level.NONE;
    return facilityLevel(bytes, next, wordEnd, endOfWord(bytes, wordEnd, end)) ?? Level.NONE;
  }
  if (first !== 37 && first !== 42 && !isDigit(first)) return Level.NONE;
  const limit = Math.min(end, next + maxLabelDistance);
  let label = next;
  while (label < limit && !(bytes[label] === 37 && bytes[label - 1] === 32)) label++;
  return (label < limit ? ciscoLevel(bytes, label, endOfWord(bytes, label, end)) : undefined) ?? Level.NONE;
}

/** FreeBSD: `<kern.crit> host kernel: `. */
function priorityInWords(bytes: Buffer, pos: number, wordEnd: number): Level {
  let word = wordEnd - 1;
  while (word > pos && isLetter(byteAt(bytes, word - 1))) word--;
  const isWhole = bytes[wordEnd - 1] === 62 && bytes[word - 1] === 46;
  return (isWhole ? headLevelOf(bytes, word, wordEnd - 1) : undefined) ?? Level.NONE;
}

/** F5: `host err mcpd[7]: `. */
function levelBeforeProcess(bytes: Buffer, word: number, wordEnd: number, end: number): Level {
  const level = headLevelOf(bytes, word, wordEnd);
  if (level === undefined) return Level.NONE;
  const processEnd = endOfWord(bytes, wordEnd + 1, end);
  return bytes[processEnd - 1] === 58 && bytes[processEnd - 2] === 93 ? level : Level.NONE;
}

/** macOS and iOS: `kernel(Sandbox)[0] <Notice>: `. The position is that of the first bracket. */
function levelAfterProcess(bytes: Buffer, pos: number, end: number): Level {
  const open = endOfWord(bytes, pos, end) + 1;
  if (open >= end || bytes[open] !== 60 || bytes[open - 2] !== 93) return Level.NONE;
  const close = groupEnd(bytes, open, Math.min(end, open + 20));
  return close === -1 || bytes[close + 1] !== 58 ? Level.NONE : (groupLevel(bytes, open + 1, close) ?? Level.NONE);
}

/**
 * RFC 5424: `<165>1 2003-10-11T22:14:15.003Z host app 1234 ID47 - message`. A line without a timestamp (`-`) does not
 * match.
 */
export const syslog5424: LineFormat = {
  name: 'syslog-5424',
  mayBeginWith: (byte) => byte === 60,
  parse(bytes, start, end, out) {
    const version = readPriority(bytes, start, end, out);
    if (version === start || version + 2 > end || bytes[version] !== 49 || bytes[version + 1] !== 32) return false;
    const pos = readDateTime(bytes, version + 2, end, out);
    return pos !== -1 && pos < end && bytes[pos] === 32;
  },
};
