import { Level } from '../../line-batch';
import { TimestampKind, byteAt, isDigit, isVisible, readDateTime } from '../../timestamps';
import { readAnyTimestamp } from '../../timestamp-forms';
import { readClfTime } from '../fields/field-times';
import type { LineFormat, ParsedLine } from '../format';
import { startsWith } from '../scan-text';

/** Access logs: records without a level, whose time stands within the line. Their status is read by `status.ts`. */

/** The time of a request stands within this many bytes of its line. */
const maxHead = 512;

/**
 * The Common Log Format and its kin: `10.0.0.7 - anna [29/Nov/2026:10:00:00 +0100] "GET / HTTP/1.1" 200 512`. Any fields
 * may come first (virtual host, forwarded addresses, an S3 bucket); the time may be quoted instead of bracketed.
 */
export const accessLog: LineFormat = {
  name: 'access',
  mayBeginWith: (byte) => isVisible(byte) && byte !== 123,
  parse(bytes, start, end, out) {
    if (bytes[start] === 91 && !startsWith(bytes, start, end, httpd) && !beginsWithProcess(bytes, start, end))
      return false;
    const limit = Math.min(end - 18, start + maxHead);
    // Most lines are not requests. A year has four digits, so checking every fourth byte finds each.
    for (let pos = start + 4; pos < limit + '29/Nov/2026'.length; pos += 4) {
      if (!isDigit(byteAt(bytes, pos))) continue;
      const time = dateWithYear(bytes, pos);
      if (time <= start || time >= limit || !isTimeAt(bytes, time)) continue;
      const behind = readTime(bytes, time, end, out);
      if (behind === -1) continue;
      out.level = Level.NONE;
      return isPrintedPage(bytes, time, behind, end) || isRequest(bytes, start, time, behind, end);
    }
    return false;
  },
};

/** InfluxDB 1 names the service first. */
const httpd = '[httpd] ';

/** Puma: `[4711] - 10.0.0.7 - - [`. */
function beginsWithProcess(bytes: Buffer, start: number, end: number): boolean {
  let pos = start + 1;
  while (pos < end && isDigit(byteAt(bytes, pos))) pos++;
  return pos > start + 1 && startsWith(bytes, pos, end, '] - ');
}

/** Where the date begins, if the digit at `pos` is of its year. */
function dateWithYear(bytes: Buffer, pos: number): number {
  let year = pos;
  while (year > pos - 3 && isDigit(byteAt(bytes, year - 1))) year--;
  return bytes[year - 1] === 47 ? year - '29/Nov/'.length : year;
}

/** True when `29/Nov/2026` or `2026-11-29` may begin here: after a bracket, a quote or a space. */
function isTimeAt(bytes: Buffer, pos: number): boolean {
  if (!isDigit(byteAt(bytes, pos))) return false;
  const before = byteAt(bytes, pos - 1);
  if (before !== 91 && before !== 34 && before !== 32) return false;
  return (bytes[pos + 2] === 47 && bytes[pos + 6] === 47) || (bytes[pos + 4] === 45 && bytes[pos + 7] === 45);
}

function readTime(bytes: Buffer, pos: number, end: number, out: ParsedLine): number {
  return bytes[pos + 2] === 47 ? readClfTime(bytes, pos, end, out) : readDateTime(bytes, pos, end, out);
}

/** True for the pages that CUPS prints: `HP anna 12 [29/Nov/2026:10:00:00 +0000] 1 1 …`, with the number of the job before. */
function isPrintedPage(bytes: Buffer, pos: number, behind: number, end: number): boolean {
  if (bytes[pos - 1] !== 91 || bytes[pos - 2] !== 32 || behind + 2 >= end || bytes[behind] !== 93) return false;
  let job = pos - 3;
  while (job > 0 && isDigit(byteAt(bytes, job))) job--;
  const isNumbered = job < pos - 3 && bytes[job] === 32;
  return isNumbered && (isDigit(byteAt(bytes, behind + 2)) || startsWith(bytes, behind + 2, end, 'total '));
}

/** True when a quoted request follows the time, or a client's address stands before it: no text of a program. */
function isRequest(bytes: Buffer, start: number, time: number, behind: number, end: number): boolean {
  const limit = Math.min(end, behind + maxHead);
  // The quote that ends a quoted time begins no request.
  for (let pos = behind + 1; pos < limit; pos++) if (bytes[pos] === 34 && isMethod(bytes, pos + 1, end)) return true;
  let pos = time - 2;
  while (pos > start && bytes[pos] === 32) pos--;
  let hasMark = false;
  for (; pos >= start && bytes[pos] !== 32; pos--) {
    const byte = byteAt(bytes, pos);
    if (!isAddressByte(byte)) return false;
    hasMark ||= byte === 46 || byte === 58;
  }
  return hasMark;
}

/** A method in capitals, or the beginning of a broken request: nothing, `-`, an escape. */
function isMethod(bytes: Buffer, pos: number, end: number): boolean {
  const first = byteAt(bytes, pos);
  if (first === 34 || first === 45 || first === 92) return pos < end;
  let capitals = pos;
  while (capitals < end && byteAt(bytes, capitals) >= 65 && byteAt(bytes, capitals) <= 90) capitals++;
  return capitals > pos + 2 && (bytes[capitals] === 32 || bytes[capitals] === 34);
}

/** A hexadecimal digit, a dot or a colon. */
function isAddressByte(byte: number): boolean {
  const lower = byte | 32;
  return isDigit(byte) || byte === 46 || byte === 58 || (lower >= 97 && lower <= 102);
}

/** IIS's own format: `10.0.0.7, -, 11/29/26, 10:00:00, W3SVC2, …`. */
export const iisLog: LineFormat = {
  name: 'iis',
  mayBeginWith: isAddressByte,
  parse(bytes, start, end, out) {
    let pos = start;
    while (pos < end && isAddressByte(byteAt(bytes, pos))) pos++;
    if (pos < start + 3 || bytes[pos] !== 44 || bytes[pos + 1] !== 32) return false;
    const user = pos + 2;
    const limit = Math.min(end, user + maxHead);
    for (pos = user; pos < limit && bytes[pos] !== 44;) pos++;
    if (pos + 2 >= end || bytes[pos + 1] !== 32) return false;
    out.level = Level.NONE;
    const behind = readAnyTimestamp(bytes, pos + 2, end, out);
    return behind !== -1 && behind < end && bytes[behind] === 44;
  },
};

/**
 * AWS load balancers: `https 2026-11-29T10:00:00.123456Z app/web/… …`, and `tls 2.0 2026-11-29T10:00:00 net/web/… …`,
 * whose time is UTC.
 */
export const loadBalancer: LineFormat = {
  name: 'load-balancer',
  mayBeginWith: (byte) => byte === 103 || byte === 104 || byte === 116 || byte === 119,
  parse(bytes, start, end, out) {
    const kind = protocols.find((word) => startsWith(bytes, start, end, word));
    if (kind === undefined) return false;
    const version = start + kind.length;
    const time = bytes[version + 1] === 46 && bytes[version + 3] === 32 ? version + 4 : version;
    const behind = readDateTime(bytes, time, end, out);
    if (behind === -1 || behind >= end || bytes[behind] !== 32) return false;
    out.kind = TimestampKind.ABSOLUTE;
    out.level = Level.NONE;
    return true;
  },
};

const protocols = ['http ', 'https ', 'h2 ', 'grpcs ', 'ws ', 'wss ', 'tls '];
