import type { Level } from '../../line-batch';
import { byteAt, isDigit, skipSpaces, twoDigits } from '../../timestamps';
import { quotedEnd } from '../scan-text';

/** HTTP status codes: where access logs put them, and the levels that a source's `statusLevels` give them. */

/** Levels by status code 0–999; undefined where none is configured. */
export type StatusLevels = readonly (Level | undefined)[];

/** A status code such as `404`, or a class such as `4xx`. */
export const statusKey = /^[1-5](?:\d\d|xx)$/;

/**
 * A table of the levels of status codes; the level of a code wins over that of its class.
 * @param levels levels by {@link statusKey}
 */
export function statusLevels(levels: ReadonlyMap<string, Level>): StatusLevels {
  return Array.from({ length: 1000 }, (_, code) => {
    const text = String(code);
    return levels.get(text) ?? (text.length === 3 ? levels.get(`${text.charAt(0)}xx`) : undefined);
  });
}

/** The status code stands within this many bytes of its line. */
const maxHead = 8192;

/**
 * The status code in the access log line in bytes [start, end), 0 when there is none. It is the first number of three
 * digits
 * - after a quoted request: `"GET / HTTP/1.1" 200`,
 * - after five timers, as HAProxy writes them: `0/0/1/48/49 200`,
 * - after three durations, as AWS load balancers write them: `0.086 0.048 0.037 200`,
 * - after a cache's verdict, as Squid writes it: `TCP_MISS/200`,
 * - between bars: `| 200 |`.
 */
export function statusOf(bytes: Buffer, start: number, end: number): number {
  let durations = 0;
  end = Math.min(end, start + maxHead);
  for (let pos = start; pos < end; pos++) {
    const token = pos;
    if (bytes[pos] === 34) {
      pos = quotedEnd(bytes, pos, end);
      const status = isRequest(bytes, token + 1, pos) ? codeAt(bytes, skipBlanks(bytes, pos, end), end) : 0;
      if (status > 0) return status;
      durations = 0;
      continue;
    }
    while (pos < end && !isBlank(byteAt(bytes, pos))) pos++;
    if (pos === token) {
      const status = bytes[pos] === bar ? codeBeforeBar(bytes, skipSpaces(bytes, pos + 1, end), end) : 0;
      if (status > 0) return status;
      continue;
    }
    const inVerdict = statusInVerdict(bytes, token, pos);
    if (inVerdict > 0) return inVerdict;
    durations = isDuration(bytes, token, pos) ? durations + 1 : 0;
    if (durations < 3 && !isTimers(bytes, token, pos)) continue;
    const status = codeAt(bytes, skipBlanks(bytes, pos, end), end);
    if (status > 0) return status;
  }
  return 0;
}

const bar = 124;

function codeBeforeBar(bytes: Buffer, pos: number, end: number): number {
  const status = codeAt(bytes, pos, end);
  const behind = skipSpaces(bytes, pos + 3, end);
  return behind < end && bytes[behind] === bar ? status : 0;
}

/** Space, tab or `|`. */
function isBlank(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === bar;
}

function skipBlanks(bytes: Buffer, pos: number, end: number): number {
  while (pos < end && isBlank(byteAt(bytes, pos))) pos++;
  return pos;
}

/** A method in capitals and a space. Broken requests count too: an empty one, `-`, and escaped bytes. */
function isRequest(bytes: Buffer, start: number, end: number): boolean {
  let pos = start;
  while (pos < end && byteAt(bytes, pos) >= 65 && byteAt(bytes, pos) <= 90) pos++;
  if (pos > start) return bytes[pos] === 32 || bytes[pos] === 34;
  return bytes[start] === 34 || bytes[start] === 92 || (bytes[start] === 45 && bytes[start + 1] === 34);
}

/** The code of three digits at `pos`, which ends there; 0 for anything else. */
function codeAt(bytes: Buffer, pos: number, end: number): number {
  const first = byteAt(bytes, pos) - 48;
  const rest = twoDigits(bytes, pos + 1);
  if (pos + 3 > end || first < 1 || first > 5 || rest < 0) return 0;
  return pos + 3 === end || isBlank(byteAt(bytes, pos + 3)) || bytes[pos + 3] === 44 ? first * 100 + rest : 0;
}

/** `TCP_MISS/200`. */
function statusInVerdict(bytes: Buffer, start: number, end: number): number {
  const slash = end - 4;
  if (slash <= start || bytes[slash] !== 47) return 0;
  for (let pos = start; pos < slash; pos++) {
    const byte = byteAt(bytes, pos);
    if ((byte < 65 || byte > 90) && byte !== 95) return 0;
  }
  return codeAt(bytes, slash + 1, end);
}

/** `0.086` or `-1`: one of the seconds that a load balancer needed. */
function isDuration(bytes: Buffer, start: number, end: number): boolean {
  if (end - start === 2 && bytes[start] === 45 && bytes[start + 1] === 49) return true;
  let dots = 0;
  for (let pos = start; pos < end; pos++) {
    if (bytes[pos] === 46) dots++;
    else if (!isDigit(byteAt(bytes, pos))) return false;
  }
  return dots === 1;
}

/** `0/0/1/48/49`: five numbers, each perhaps with a sign. */
function isTimers(bytes: Buffer, start: number, end: number): boolean {
  let slashes = 0;
  for (let pos = start; pos < end; pos++) {
    const byte = byteAt(bytes, pos);
    if (byte === 47) slashes++;
    else if (!isDigit(byte) && byte !== 45 && byte !== 43) return false;
  }
  return slashes === 4;
}
