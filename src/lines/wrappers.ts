import { jsonFields, readWrapper, unescapeMessage } from './formats/fields/json';
import { jsonText } from './formats/fields/json-text';
import type { ParsedLine } from './formats/format';
import { findText, startsWith } from './formats/scan-text';
import { Level } from './line-batch';
import { levelOf } from './levels';
import { readAnyTimestamp } from './timestamp-forms';
import { readClock, readDateTime, TimestampKind, byteAt, isDigit, isLetter, type Timestamp } from './timestamps';

/** What a container runtime or a tool puts around a program's line. */

/** The line inside a wrapper. All lines share one object. */
export interface Unwrapped extends Timestamp {
  /** The line lies in bytes [start, end) of this buffer, which the next line may overwrite. */
  bytes: Buffer;
  start: number;
  end: number;
  /** True when the wrapper tells the time: `kind` and `time` hold it. */
  hasTime: boolean;
  /** A bit per stream: 1 standard output, 2 standard error; 0 when the wrapper does not split lines. */
  stream: number;
  /** True when the next wrapped line of the stream continues this one. */
  isPartial: boolean;
}

/** The object that {@link Wrapper.unwrap} fills. */
export function initialUnwrapped(): Unwrapped {
  return {
    bytes: plain,
    start: 0,
    end: 0,
    kind: TimestampKind.NONE,
    time: 0,
    hasTime: false,
    stream: 0,
    isPartial: false,
  };
}

/** One kind of wrapper. */
export interface Wrapper {
  readonly name: string;
  readonly mayBeginWith: (byte: number) => boolean;
  /** Finds the line inside the one in bytes [start, end). On failure the contents of `out` are undefined. */
  readonly unwrap: (bytes: Buffer, start: number, end: number, out: Unwrapped) => boolean;
  readonly samples: readonly (readonly [line: string, inner: string])[];
}

/** containerd and CRI-O: `2026-11-29T10:00:00.123456789Z stdout F line`; `P` marks a part of a line. */
const cri: Wrapper = {
  name: 'cri',
  mayBeginWith: isDigit,
  unwrap(bytes, start, end, out) {
    if (start + 29 > end || bytes[start + 10] !== 84) return false;
    const pos = readDateTime(bytes, start, end, out);
    if (pos === -1 || pos + 10 > end || out.kind !== TimestampKind.ABSOLUTE) return false;
    const isOut = startsWith(bytes, pos, end, ' stdout ');
    if (!isOut && !startsWith(bytes, pos, end, ' stderr ')) return false;
    const tag = pos + 8;
    if (bytes[tag] !== 70 && bytes[tag] !== 80) return false;
    let inner = tag + 1;
    while (inner < end && bytes[inner] !== 32) inner++; // further tags
    out.bytes = bytes;
    out.start = Math.min(end, inner + 1);
    out.end = end;
    out.hasTime = true;
    out.stream = isOut ? 1 : 2;
    out.isPartial = bytes[tag] === 80;
    return true;
  },
  samples: [
    ['2026-11-29T10:00:00.123456789Z stdout F 10:00:00 INFO started', '10:00:00 INFO started'],
    ['2026-11-29T10:00:00.123456789+01:00 stderr P a part', 'a part'],
    ['2026-11-29T10:00:00.123456789Z stdout F ', ''],
  ],
};

const maxName = 80;

/** Compose, Swarm, PM2, foreman: `web-1  | line`. */
const named: Wrapper = {
  name: 'name |',
  mayBeginWith: (byte) => isDigit(byte) || isLetter(byte),
  unwrap(bytes, start, end, out) {
    // Most lines begin with a date.
    if (isDigit(byteAt(bytes, start)) && (start + 1 >= end || bytes[start + 1] !== 124)) return false;
    const limit = Math.min(end, start + maxName);
    let pos = start;
    let hasLetter = false;
    for (; pos < limit && isNameByte(byteAt(bytes, pos)); pos++) hasLetter ||= isLetter(byteAt(bytes, pos));
    if (bytes[pos] === 124 && pos === start + 1 && isDigit(byteAt(bytes, start))) {
      // PM2: `0|app  | line`
      for (pos++; pos < limit && isNameByte(byteAt(bytes, pos)); pos++) hasLetter = true;
    }
    if (!hasLetter || pos >= limit || bytes[pos] !== 32 || levelOf(bytes, start, pos) !== undefined) return false;
    while (pos < limit && bytes[pos] === 32) pos++;
    if (pos >= limit || bytes[pos] !== 124) return false;
    return take(bytes, pos + 1 < end && bytes[pos + 1] === 32 ? pos + 2 : pos + 1, end, out);
  },
  samples: [
    ['web-1     | 2026-11-29 10:00:00,123 INFO shop: started', '2026-11-29 10:00:00,123 INFO shop: started'],
    ['db_1  |', ''],
    ['web.1.x7k2@node1    | ERROR: x', 'ERROR: x'],
    ['0|shop  | 2026-11-29T10:00:00: listening', '2026-11-29T10:00:00: listening'],
  ],
};

/** foreman and honcho: `10:00:00 web.1     | line`. */
const foreman: Wrapper = {
  name: 'time name |',
  mayBeginWith: isDigit,
  unwrap(bytes, start, end, out) {
    if (start + 12 > end || bytes[start + 8] !== 32 || !isLetter(byteAt(bytes, start + 9))) return false;
    const limit = Math.min(end, start + maxName);
    let pos = start + 9;
    while (pos < limit && isNameByte(byteAt(bytes, pos))) pos++;
    if (pos >= limit || bytes[pos] !== 32) return false;
    while (pos < limit && bytes[pos] === 32) pos++;
    if (pos >= limit || bytes[pos] !== 124) return false;
    out.kind = TimestampKind.TIME_OF_DAY;
    out.time = 0;
    if (readClock(bytes, start, end, out) !== start + 8) return false;
    take(bytes, pos + 1 < end && bytes[pos + 1] === 32 ? pos + 2 : pos + 1, end, out);
    out.hasTime = true;
    return true;
  },
  samples: [
    ['10:00:00 web.1     | started with pid 4711', 'started with pid 4711'],
    ['10:00:00 system    | ERROR: x', 'ERROR: x'],
  ],
};

/** `kubectl logs --prefix`: `[pod/shop-5d9f/web] line`. */
const kubectl: Wrapper = {
  name: 'kubectl',
  mayBeginWith: (byte) => byte === 91,
  unwrap(bytes, start, end, out) {
    if (!startsWith(bytes, start, end, '[pod/')) return false;
    const close = findText(bytes, start, start + 2 * maxName, end, '] ');
    return close !== -1 && take(bytes, close + 2, end, out);
  },
  samples: [['[pod/shop-5d9f/web] 2026-11-29 10:00:00,123 ERROR x', '2026-11-29 10:00:00,123 ERROR x']],
};

/**
 * stern: `shop-5d9f-abcde web line`, also after a namespace, where the line begins with a date or is JSON; other text may be
 * prose. Some set `›` between the names.
 */
const stern: Wrapper = {
  name: 'stern',
  mayBeginWith: (byte) => byte >= 97 && byte <= 122,
  unwrap(bytes, start, end, out) {
    let pos = start;
    let hasDash = false;
    for (let name = 0; name < maxNames; name++) {
      const from = pos;
      for (; pos < end && isPodByte(byteAt(bytes, pos)); pos++) hasDash ||= bytes[pos] === 45;
      if (pos === from || pos + 21 > end || bytes[pos] !== 32) return false;
      pos++;
      if (startsWith(bytes, pos, end, '\xe2\x80\xba ')) pos += 4;
      if (name === 0 || !hasDash) continue;
      const isDated = bytes[pos + 4] === 45 && bytes[pos + 7] === 45 && isDigit(byteAt(bytes, pos));
      const isJson = bytes[pos] === 123 && bytes[pos + 1] === 34 && bytes[end - 1] === 125;
      if (isDated || isJson) return take(bytes, pos, end, out);
    }
    return false;
  },
  samples: [
    ['shop-5d9f-abcde web 2026-11-29 10:00:00,123 ERROR x', '2026-11-29 10:00:00,123 ERROR x'],
    ['shop-5d9f-abcde web {"level":"error","msg":"refused"}', '{"level":"error","msg":"refused"}'],
    ['default shop-5d9f-abcde web 2026-11-29 10:00:00,123 ERROR x', '2026-11-29 10:00:00,123 ERROR x'],
    ['default › shop-5d9f › web 2026-11-29 10:00:00,123 ERROR x', '2026-11-29 10:00:00,123 ERROR x'],
  ],
};

/** Namespace, pod and container. */
const maxNames = 3;

/** A byte of the name of a pod or a container. */
function isPodByte(byte: number): boolean {
  return isDigit(byte) || byte === 45 || byte === 46 || (byte >= 97 && byte <= 122);
}

/** Java Service Wrapper: `INFO   | jvm 1    | 2026/11/29 10:00:00 | line`. */
const javaService: Wrapper = {
  name: 'jvm |',
  mayBeginWith: (byte) => byte === 73 || byte === 69 || byte === 87 || byte === 68,
  unwrap(bytes, start, end, out) {
    if (start + 42 > end || !startsWith(bytes, start + 7, end, '| jvm ')) return false;
    if (!startsWith(bytes, start + 18, end, '| ') || readAnyTimestamp(bytes, start + 20, end, out) !== start + 39) {
      return false;
    }
    take(bytes, start + 42, end, out);
    out.hasTime = true;
    return startsWith(bytes, start + 39, end, ' | ');
  },
  samples: [
    ['INFO   | jvm 1    | 2026/11/29 10:00:00 | 2026-11-29 10:00:00,123 DEBUG x', '2026-11-29 10:00:00,123 DEBUG x'],
  ],
};

/** Gives the line in bytes [start, end), of a wrapper without a time. */
function take(bytes: Buffer, start: number, end: number, out: Unwrapped): boolean {
  out.bytes = bytes;
  out.start = start;
  out.end = end;
  out.hasTime = false;
  out.stream = 0;
  out.isPartial = false;
  return true;
}

function isNameByte(byte: number): boolean {
  return isDigit(byte) || isLetter(byte) || byte === 45 || byte === 95 || byte === 46 || byte === 64 || byte === 47;
}

const wrapperLine: ParsedLine = { level: Level.NONE, kind: TimestampKind.NONE, time: 0, status: 0 };

/** Docker cuts a line after this many bytes; the next record continues it. */
const dockerPart = 16_384;

/** Docker's json-file and the shippers that keep its fields: `{"log":"line\\n","stream":"stdout","time":"…"}`. */
const docker: Wrapper = {
  name: 'docker',
  mayBeginWith: (byte) => byte === 123,
  unwrap(bytes, start, end, out) {
    if (!readWrapper(bytes, start, end, wrapperLine)) return false;
    const { messageStart, messageEnd, stream } = jsonFields;
    const endsLine = bytes[messageEnd - 1] === 110 && bytes[messageEnd - 2] === 92;
    out.end = unescapeMessage();
    out.bytes = jsonText;
    out.start = 0;
    out.kind = wrapperLine.kind;
    out.time = wrapperLine.time;
    out.hasTime = wrapperLine.kind !== TimestampKind.NONE;
    out.stream = stream;
    out.isPartial = !endsLine && messageEnd - messageStart >= dockerPart;
    return true;
  },
  samples: [
    ['{"log":"10:00:00 INFO started\\n","stream":"stdout","time":"2026-11-29T10:00:00.1Z"}', '10:00:00 INFO started'],
    ['{"log":"\\tat a \\"b\\"\\n","stream":"stderr","time":"2026-11-29T10:00:00.1Z"}', '\tat a "b"'],
    ['{"stream":"stdout","time":"2026-11-29T10:00:00.1Z","log":"\\u001b[31m\\u00e9\\/\\n"}', '\u001b[31mé/'],
    ['{"date":1795946400.123,"log":"a\\nb","kubernetes":{"pod_name":"x"}}', 'a'],
  ],
};

/** All wrappers, in the order of trial. */
export const wrappers: readonly Wrapper[] = [cri, named, docker, foreman, kubectl, stern, javaService];

const byFirstByte = Array.from({ length: 256 }, (_, byte) => wrappers.filter((one) => one.mayBeginWith(byte)));
const none: readonly Wrapper[] = [];

/** The wrappers that a line may have, by its first byte. */
export function wrappersFor(byte: number): readonly Wrapper[] {
  return byFirstByte[byte] ?? none;
}

/** No more than this much of a line is searched for colors. */
const maxPlain = 1024;
const plain = Buffer.alloc(maxPlain);

/** Begins the sequence of a color. */
export const escape = 27;

/** A line of a container's log, inside a shipper's object, inside a prefix. Colors count as a wrapper. */
export const maxWrappers = 3;

/**
 * Copies the beginning of a line without escape sequences of terminals (ECMA-48: `ESC [ … letter`).
 * @returns the copy's length; its bytes are those of {@link plainHead} until the next call
 */
export function stripColors(bytes: Buffer, start: number, end: number): number {
  let length = 0;
  for (let pos = start; pos < end && length < maxPlain; pos++) {
    if (bytes[pos] !== escape) {
      plain[length++] = byteAt(bytes, pos);
      continue;
    }
    if (bytes[pos + 1] !== 91) continue;
    pos += 2;
    while (pos < end && byteAt(bytes, pos) < 64) pos++;
  }
  return length;
}

/** See {@link stripColors}. */
export const plainHead: Buffer = plain;
