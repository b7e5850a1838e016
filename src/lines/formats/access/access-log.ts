import { Level } from '../../line-batch';
import { TimestampKind, byteAt, isDigit, isVisible, readDateTime } from '../../timestamps';
import { readClfTime } from '../fields/field-times';
import type { LineFormat } from '../format';

/** Access logs: records without a level, whose time stands within the line. Their status is read by `status.ts`. */

/** The time of a request stands within this many bytes of its line. */
const maxHead = 512;

/**
 * The Common Log Format and its kin: `10.0.0.7 - anna [29/Nov/2026:10:00:00 +0100] "GET / HTTP/1.1" 200 512`. Any fields
 * may come first (virtual host, forwarded addresses, an S3 bucket); the time may be quoted instead of bracketed.
 */
export const accessLog: LineFormat = {
  name: 'access',
  mayBeginWith: (byte) => isVisible(byte) && byte !== 91 && byte !== 123,
  parse(bytes, start, end, out) {
    const time = findClfTime(bytes, start, end);
    if (time === -1 || time === start) return false;
    const behind = readClfTime(bytes, time, end, out);
    if (behind === -1 || !isRequest(bytes, start, time, behind, end)) return false;
    out.level = Level.NONE;
    return true;
  },
};

/** Position of `29/Nov/2026:` or `29/Nov/2026 ` after a bracket, a quote or a space; -1 without one. */
export function findClfTime(bytes: Buffer, start: number, end: number): number {
  const limit = Math.min(end - 18, start + maxHead);
  // The first slash stands after the day.
  for (let pos = start + 2; pos < limit; pos++) {
    if (bytes[pos] !== 47 || bytes[pos + 4] !== 47 || !isDigit(byteAt(bytes, pos - 1))) continue;
    const before = pos - 3 < start ? 32 : byteAt(bytes, pos - 3);
    const colon = byteAt(bytes, pos + 9);
    if ((before === 91 || before === 34 || before === 32) && (colon === 58 || colon === 32)) return pos - 2;
  }
  return -1;
}

/** True when a quoted request follows the time, or a client's address stands before it: no text of a program. */
function isRequest(bytes: Buffer, start: number, time: number, behind: number, end: number): boolean {
  const closing = byteAt(bytes, behind);
  const isEnclosed = closing === 93 || closing === 34;
  const limit = Math.min(end, behind + maxHead);
  for (let pos = isEnclosed ? behind + 1 : behind; pos < limit; pos++) if (bytes[pos] === 34) return true;
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

/** A hexadecimal digit, a dot or a colon. */
function isAddressByte(byte: number): boolean {
  const lower = byte | 32;
  return isDigit(byte) || byte === 46 || byte === 58 || (lower >= 97 && lower <= 102);
}

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

const protocols = ['http ', 'https ', 'h2 ', 'grpcs ', 'ws ', 'wss ', 'tls '].map((word) => Buffer.from(word));

function startsWith(bytes: Buffer, start: number, end: number, word: Buffer): boolean {
  if (start + word.length > end) return false;
  for (let i = 0; i < word.length; i++) if (bytes[start + i] !== word[i]) return false;
  return true;
}
