import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { QuarantineReason } from '../../../src/ingestion/checkpoint';
import { info } from '../producing';

/** Content that hosts write, and how they upload it. */

/** The text of a log file: its bytes, and the rest of its torn last line, still to be written. */
export interface Text {
  readonly bytes: Buffer;
  readonly rest: Buffer;
}

export const lineKinds = ['plain', 'twins', 'stack', 'empty', 'wide', 'crlf', 'long', 'binary'] as const;
export type LineKind = (typeof lineKinds)[number];

/** Lines to write, and the number of bytes of one more. */
export interface Writing {
  readonly lines: readonly LineKind[];
  readonly torn: number;
}

export const packings = ['plain', 'gzip', 'members', 'corrupt', 'truncated', 'utf-16'] as const;
export type Packing = (typeof packings)[number];

/** A stored object. */
export interface Content {
  /** The content to be read. */
  readonly text: Buffer;
  readonly stored: Buffer;
  readonly etag: string;
  readonly encoding: 'plain' | 'gzip';
  /** Why it cannot be read. */
  readonly broken: QuarantineReason | null;
}

export const noText: Text = { bytes: Buffer.alloc(0), rest: Buffer.alloc(0) };

/** Without a message it would not match any format. */
const HEADER = info(0, 'x').length;
/** A prefix of this length has no timestamp yet: `2026-11-20 10:00`, without seconds, is one. */
const NO_STAMP = '2026-11-20 10:0'.length;
const BOM = Buffer.from('\ufeff');

/** A line's timestamp (epoch milliseconds) by its text, one character per byte; null without one. */
export function stampOf(line: string): number | null {
  const found = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) \[main\] INFO {2}app\.Main - ./su.exec(line);
  return found === null ? null : Date.parse(`${found[1] ?? ''}T${found[2] ?? ''}Z`);
}

/** Writes new lines, each with a timestamp of its own. */
export class Writer {
  private second = 0;

  append({ bytes, rest }: Text, { lines, torn }: Writing): Text {
    const whole = Buffer.concat([bytes, rest, ...lines.map((kind) => this.line(kind))]);
    const next = this.line('wide');
    const length = tearable(Math.min(torn, next.length - 1));
    if (length === 0) return { bytes: whole, rest: Buffer.alloc(0) };
    return { bytes: Buffer.concat([whole, next.subarray(0, length)]), rest: next.subarray(length) };
  }

  /** A new file; some begin with a BOM. */
  begin(writing: Writing): Text {
    const before = writing.torn % 5 === 1 ? BOM : Buffer.alloc(0);
    return this.append({ bytes: before, rest: Buffer.alloc(0) }, writing);
  }

  /** Appends until the text is longer than `length`. */
  grow(text: Text, length: number): Text {
    let grown = text;
    while (grown.bytes.length <= length) grown = this.append(grown, { lines: ['plain', 'crlf'], torn: 0 });
    return grown;
  }

  private line(kind: LineKind): Buffer {
    const second = this.second++;
    switch (kind) {
      case 'plain':
        return Buffer.from(`${info(second)}\n`);
      case 'twins':
        return Buffer.from(`${info(second, 'line one of two')}\n${info(second, 'line two of two')}\n`);
      case 'stack':
        return Buffer.from(`\tat app.Main.line${second}(Main.java)\n`);
      case 'empty':
        return Buffer.from('\n');
      case 'wide':
        return Buffer.from(`${info(second, `line ${second} größer 😀 ツ`)}\r\n`);
      case 'crlf':
        return Buffer.from(`${info(second)}\r\n`);
      case 'long':
        return Buffer.from(`${info(second, `line ${second} ${'x'.repeat(500)}`)}\n`);
      case 'binary':
        return Buffer.concat([Buffer.from(info(second, `line ${second} `)), Buffer.from([0, 255, 0, 128, 13, 10])]);
    }
  }
}

/** Changes the message of one line, but not its length or timestamp. */
export function withChangedByte({ bytes, rest }: Text, at: number): Text | null {
  const letters = [...bytes.toString('latin1').matchAll(/- (l)ine/giu)].map(({ index }) => index + 2);
  const place = letters[at % Math.max(1, letters.length)];
  if (place === undefined) return null;
  const changed = Buffer.from(bytes);
  changed[place] = (changed[place] ?? 0) ^ 0x20;
  return { bytes: changed, rest };
}

/** The beginning of a text, by percent. */
export function cutTo({ bytes }: Text, hundredths: number): Text {
  const wanted = Math.floor((bytes.length * hundredths) / 100);
  const start = bytes.lastIndexOf(10, wanted - 1) + 1;
  const length = start + tearable(wanted - start);
  return { bytes: bytes.subarray(0, length), rest: length === start ? Buffer.alloc(0) : Buffer.from(' (cut)\n') };
}

/** Removes the first lines, like `sed -i`. */
export function withoutFirstLines({ bytes, rest }: Text, lines: number): Text {
  let start = 0;
  for (let i = 0; i < lines; i++) start = bytes.indexOf(10, start) + 1;
  return { bytes: bytes.subarray(start), rest };
}

/** Ensures that a torn line has a complete timestamp or none. */
function tearable(length: number): number {
  return length <= NO_STAMP || length >= HEADER ? length : NO_STAMP;
}

export function packed(packing: Packing, { bytes }: Text): Content {
  const stored = storedAs(packing, bytes);
  const etag = `"${createHash('md5').update(stored).digest('hex')}"`;
  const encoding = packing === 'plain' || packing === 'utf-16' ? 'plain' : 'gzip';
  return { text: bytes, stored, etag, encoding, broken: whyBroken(packing) };
}

function storedAs(packing: Packing, bytes: Buffer): Buffer {
  switch (packing) {
    case 'plain':
      return bytes;
    case 'gzip':
      return gzipSync(bytes);
    case 'members': {
      const [one, two] = [Math.floor(bytes.length / 3), Math.floor(bytes.length / 2)];
      const parts = [bytes.subarray(0, one), bytes.subarray(one, two), bytes.subarray(two)];
      return Buffer.concat(parts.map((part) => gzipSync(part)));
    }
    case 'corrupt': {
      // Changes the checksum at the end.
      const gzip = gzipSync(bytes);
      gzip.writeUInt8(gzip.readUInt8(gzip.length - 6) ^ 1, gzip.length - 6);
      return gzip;
    }
    case 'truncated': {
      const gzip = gzipSync(bytes);
      return gzip.subarray(0, Math.max(11, Math.floor(gzip.length * 0.7)));
    }
    case 'utf-16':
      return Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(bytes.toString('latin1'), 'utf16le')]);
  }
}

function whyBroken(packing: Packing): QuarantineReason | null {
  if (packing === 'corrupt') return 'gzip-corrupt';
  if (packing === 'truncated') return 'gzip-truncated';
  return packing === 'utf-16' ? 'utf-16' : null;
}
