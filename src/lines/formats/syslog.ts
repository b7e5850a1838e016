import { Level } from '../line-batch';
import { levelOfSeverity } from '../levels';
import { TimestampKind, byteAt, isDigit, isLetter, readClock, readDateTime, readMonthAndDay } from '../timestamps';
import type { LineFormat, ParsedLine } from './format';

/** RFC 3164: `<34>Oct 11 22:14:15 host tag: message`. Most files omit `<34>`; then the level is NONE. */
export const syslog3164: LineFormat = {
  name: 'syslog-3164',
  mayBeginWith: (byte) => byte === 60 || isLetter(byte),
  parse(bytes, start, end, out) {
    out.kind = TimestampKind.YEARLESS;
    out.time = 0;
    out.level = Level.NONE;
    const date = readMonthAndDay(bytes, readPriority(bytes, start, end, out), end, out);
    if (date === -1 || date >= end || bytes[date] !== 32) return false;
    const pos = readClock(bytes, date + 1, end, out);
    return pos !== -1 && pos < end && bytes[pos] === 32;
  },
};

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

/** Reads `<0>` to `<191>`: sets the level and returns the position after it, or `start` when absent. */
function readPriority(bytes: Buffer, start: number, end: number, out: ParsedLine): number {
  if (start >= end || bytes[start] !== 60) return start;
  let pos = start + 1;
  let priority = 0;
  for (; pos < end && pos < start + 4 && isDigit(byteAt(bytes, pos)); pos++) {
    priority = priority * 10 + byteAt(bytes, pos) - 48;
  }
  if (pos === start + 1 || pos >= end || bytes[pos] !== 62 || priority > 191) return start;
  out.level = levelOfSeverity(priority % 8);
  return pos + 1;
}
