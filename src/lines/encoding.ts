import { isUtf8 } from 'node:buffer';
import { TelltaleError } from '../errors';

/** Compressions that Telltale reads. */
export type Compression = 'gzip' | 'zstd';

/** Encodings of objects that Telltale does not read: each is a reason in topic `quarantine`. */
export const unreadEncodings = [
  'utf-16',
  'utf-32',
  'bzip2',
  'xz',
  'lzma',
  'lzip',
  'lzop',
  'lz4',
  'snappy',
  'compress',
  'zip',
  '7z',
  'rar',
  'tar',
  'parquet',
  'journal',
  'evtx',
  'zlib',
  'sqlite',
  'executable',
  'image',
  'pdf',
  'avro',
  'binary',
  'line-ends',
] as const;
export type UnreadEncoding = (typeof unreadEncodings)[number];

/** Why bytes are not read: `nested` is text that was compressed too often. */
export type UnreadReason = UnreadEncoding | 'nested';

/** How an object encodes its lines. */
export type SniffedEncoding = 'plain' | Compression | UnreadEncoding;

/** Number of leading bytes that determine an object's encoding: the header of a tar. */
export const SNIFF_BYTES = 512;

/** Without a BOM, only this many bytes are searched for UTF-16, and fewer than 16 are not enough. */
const UTF_16_BYTES = { most: 64, fewest: 16 };

type Magic = readonly [encoding: SniffedEncoding, bytes: Buffer, at?: number];

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/**
 * The bytes that a file of each encoding begins with. Each has a byte that text does not have, or more than three bytes
 * of text: a log line must not look like one.
 */
const magics: readonly Magic[] = [
  // RFC 1952, 2.3.1: ID1, ID2, and the only compression method there is, deflate.
  ['gzip', bytesOf('1f 8b 08')],
  // RFC 8878, 3.1.1; a file may begin with skippable frames (3.1.2).
  ['zstd', bytesOf('28 b5 2f fd')],
  ...Array.from({ length: 16 }, (_, i): Magic => ['zstd', Buffer.from([0x50 + i, 0x2a, 0x4d, 0x18])]),
  // Before UTF-16, whose mark it begins with.
  ['utf-32', bytesOf('ff fe 00 00')],
  ['utf-32', bytesOf('00 00 fe ff')],
  ['utf-16', bytesOf('ff fe')],
  ['utf-16', bytesOf('fe ff')],
  // The block size, then the magic number of the first block or, in an empty file, of the end.
  ...Array.from('123456789').flatMap((size): Magic[] => [
    ['bzip2', Buffer.concat([Buffer.from(`BZh${size}`), bytesOf('31 41 59 26 53 59')])],
    ['bzip2', Buffer.concat([Buffer.from(`BZh${size}`), bytesOf('17 72 45 38 50 90')])],
  ]),
  // https://tukaani.org/xz/xz-file-format.txt, 2.1.1.1
  ['xz', bytesOf('fd 37 7a 58 5a 00')],
  ['lzip', Buffer.from('LZIP\x01')],
  ['lzop', bytesOf('89 4c 5a 4f 00 0d 0a 1a 0a')],
  // https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md: a frame, and a legacy frame.
  ['lz4', bytesOf('04 22 4d 18')],
  ['lz4', bytesOf('02 21 4c 18')],
  ['snappy', bytesOf('ff 06 00 00 73 4e 61 50 70 59')],
  ['compress', bytesOf('1f 9d')],
  ['zip', Buffer.from('PK\x03\x04')],
  ['zip', Buffer.from('PK\x05\x06')],
  ['zip', Buffer.from('PK\x07\x08')],
  ['7z', bytesOf('37 7a bc af 27 1c')],
  ['rar', Buffer.from('Rar!\x1a\x07')],
  ['tar', Buffer.from('ustar\0'), 257],
  ['tar', Buffer.from('ustar  \0'), 257],
  ['parquet', Buffer.from('PAR1\x15')],
  // No text, and yet among the logs of a host.
  ['journal', Buffer.from('LPKSHHRH')],
  ['evtx', Buffer.from('ElfFile\0')],
  // RFC 1950, 2.2: deflate with a window of 32 KiB, at three of the four levels. The fourth, `x^`, is text.
  ['zlib', bytesOf('78 01')],
  ['zlib', bytesOf('78 9c')],
  ['zlib', bytesOf('78 da')],
  ['sqlite', Buffer.from('SQLite format 3\0')],
  ['executable', bytesOf('7f 45 4c 46')],
  ['executable', bytesOf('ca fe ba be')],
  ['executable', bytesOf('cf fa ed fe')],
  ['image', bytesOf('ff d8 ff')],
  ['image', bytesOf('89 50 4e 47 0d 0a 1a 0a')],
  ['image', Buffer.from('GIF89a')],
  ['pdf', Buffer.from('%PDF-1.')],
  ['avro', Buffer.from('Obj\x01')],
];

/** The error about bytes that are not read. @param what they are, for people */
export function unreadError(what: string, reason: UnreadReason): TelltaleError {
  return new TelltaleError('OBJECT_ENCODING', `${what} is ${unreadAdvice(reason)}`, { reason });
}

/** What bytes are, and what to do about it: text that follows "it is". */
export function unreadAdvice(reason: UnreadReason): string {
  switch (reason) {
    case 'utf-16':
      return 'UTF-16, which is not read: convert it to UTF-8 first, for example with iconv -f UTF-16 -t UTF-8';
    case 'utf-32':
      return 'UTF-32, which is not read: convert it to UTF-8 first, for example with iconv -f UTF-32 -t UTF-8';
    case 'nested':
      return 'compressed more than three times: compress it once';
    case 'tar':
    case 'zip':
    case '7z':
    case 'rar':
      return `a ${reason} archive, which is not read: unpack it first`;
    case 'journal':
      return 'a journal of systemd, which is not read: write it as text first, for example with journalctl -o short-iso';
    case 'evtx':
      return 'an event log of Windows, which is not read: export it as text first';
    case 'parquet':
      return 'a Parquet file, which is not read: write logs as text';
    case 'sqlite':
      return 'a database of SQLite, which is not read: write logs as text';
    case 'executable':
    case 'image':
    case 'pdf':
    case 'avro':
      return `not text (${reason}): leave it out with ingest.exclude`;
    case 'binary':
      return 'not text, perhaps compressed with brotli or deflate: use gzip or zstd, or leave it out with ingest.exclude';
    case 'line-ends':
      return "text whose lines do not end with LF, which is not read: convert it first, for example with tr '\\r' '\\n'";
    default:
      return `compressed with ${reason}, which is not read: use gzip or zstd`;
  }
}

/** True when the name ends as that of a compressed file. Names do not decide how content is read. */
export function isNamedCompressed(name: string): boolean {
  return /\.(?:gz|tgz|zst|bz2|xz|lz4|zip|Z|br)$/.test(name);
}

/** True for encodings whose content can be read. */
export function isCompression(encoding: SniffedEncoding): encoding is Compression {
  return encoding === 'gzip' || encoding === 'zstd';
}

/**
 * Detects an object's encoding from up to {@link SNIFF_BYTES} leading bytes, never from its name.
 *
 * UTF-16 has a BOM or, in at least 16 bytes, a NUL in exactly every second byte, as Latin text does; UTF-32 has NULs in all
 * bytes but every fourth. Other content with NULs is plain.
 */
export function sniff(head: Buffer): SniffedEncoding {
  for (const [encoding, magic, at = 0] of magics) {
    if (head.subarray(at, at + magic.length).equals(magic)) return encoding;
  }
  if (isLzma(head)) return 'lzma';
  if (isOldTar(head)) return 'tar';
  if (isBinary(head)) return 'binary';
  if (hasOtherLineEnds(head)) return 'line-ends';
  const bytes = [...head.subarray(0, UTF_16_BYTES.most)];
  if (bytes.length < UTF_16_BYTES.fewest) return 'plain';
  const isTextAt = (remainder: number, width: number): boolean =>
    bytes.every((byte, i) => (byte !== 0) === (i % width === remainder));
  if (isTextAt(0, 2) || isTextAt(1, 2)) return 'utf-16';
  return isTextAt(0, 4) || isTextAt(3, 4) ? 'utf-32' : 'plain';
}

/** The old format of xz has no magic number: properties, a dictionary size, and a size that may be unknown. */
function isLzma(head: Buffer): boolean {
  if (head.length < 13 || head[0] !== 0x5d || head[1] !== 0 || head[2] !== 0) return false;
  const size = head.subarray(5, 13);
  if (size.every((byte) => byte === 0xff)) return true;
  return size.some((byte) => byte !== 0) && size.subarray(5).every((byte) => byte === 0);
}

/** A tar from before POSIX has only the checksum of its header: in octal, at byte 148, as if spaces stood there. */
function isOldTar(head: Buffer): boolean {
  if (head.length < SNIFF_BYTES) return false;
  const [, digits] = /^ *([0-7]{1,7})[\0 ]/.exec(head.toString('latin1', 148, 156)) ?? [];
  if (digits === undefined) return false;
  let sum = 8 * 0x20;
  for (const [i, byte] of head.subarray(0, SNIFF_BYTES).entries()) if (i < 148 || i >= 156) sum += byte;
  return sum === Number.parseInt(digits, 8);
}

/** Fewer bytes do not tell data from text. */
const fewestBinary = 32;
/** Random data of 512 bytes holds some 15 of the 18 control characters that text does not have. */
const manyControls = 6;
const someControls = 3;
/** In 20,000 heads of random data, one has this many printable bytes in a row. */
const readableRun = 16;

/**
 * True for data that is not text in any encoding: neither UTF-8 nor free of many different control characters, and nowhere readable. One kind
 * alone may separate fields, as 0x01 does in FIX messages; NULs are holes. A log in which a service wrote bytes of its own is text.
 */
function isBinary(head: Buffer): boolean {
  if (head.length < fewestBinary) return false;
  const controls = new Set<number>();
  for (const byte of head) if ((byte < 32 && !isUsualControl(byte)) || byte === 127) controls.add(byte);
  if (controls.size < (head.length < 128 ? someControls : manyControls) || hasReadableRun(head)) return false;
  // The head may end within a character.
  return ![0, 1, 2, 3].some((cut) => isUtf8(head.subarray(0, head.length - cut)));
}

function hasReadableRun(head: Buffer): boolean {
  let run = 0;
  for (const byte of head) {
    run = byte >= 32 && byte < 127 ? run + 1 : 0;
    if (run === readableRun) return true;
  }
  return false;
}

/** NUL, separators, bells, blanks and what ends a line, shifts, and the escape character. */
function isUsualControl(byte: number): boolean {
  return byte <= 3 || (byte >= 7 && byte <= 15) || byte >= 27;
}

/** Carriage return, NEL, and the line separator of Unicode. */
const otherLineEnds = /\r+|\u0085|\u2028/;

/** The beginning of a line that tells whether the next lines are like it. */
const lineHead = 10;

/**
 * True for lines that end otherwise than with LF: all of them would be one line. Lines that are drawn again after a carriage return,
 * such as those of progress bars, do not begin with many digits.
 */
function hasOtherLineEnds(head: Buffer): boolean {
  if (head.includes(10)) return false;
  const [first = '', ...others] = head.toString('utf8').split(otherLineEnds);
  const shape = shapeOf(first);
  const whole = others.filter((line) => line.length >= lineHead);
  return shape.replaceAll(/\D/g, '').length >= 6 && whole.length > 0 && whole.every((line) => shapeOf(line) === shape);
}

/** Digits are 0. */
function shapeOf(line: string): string {
  return line.slice(0, lineHead).replaceAll(/\d/g, '0');
}

/** The first bytes of a stream, and the whole stream. */
export interface Peeked {
  /** The first bytes; fewer than requested when the stream is shorter. */
  readonly head: Buffer;
  /** The stream from its beginning. Iterate it once. */
  readonly chunks: ClosableChunks;
}

/** A caller that does not iterate the chunks must call `return`, which closes the source. */
export interface ClosableChunks extends AsyncIterable<Buffer>, AsyncIterator<Buffer, undefined> {
  return(): Promise<IteratorReturnResult<undefined>>;
}

/**
 * Reads the first bytes of a stream without consuming them. Copies only the head.
 * @throws what the source throws
 */
export async function peek(source: AsyncIterable<Buffer>, bytes: number): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]();
  const taken: Buffer[] = [];
  let length = 0;
  while (length < bytes) {
    const result = await iterator.next();
    if (result.done === true) break;
    taken.push(result.value);
    length += result.value.length;
  }
  const head = Buffer.concat(taken, Math.min(length, bytes));
  // Not a generator: `return` on a generator that never started would not reach the source.
  const chunks: ClosableChunks = {
    [Symbol.asyncIterator]: () => chunks,
    next: async () => {
      const value = taken.shift();
      return value === undefined ? iterator.next() : { done: false, value };
    },
    return: async () => {
      taken.length = 0;
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
  return { head, chunks };
}
