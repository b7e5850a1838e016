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
    default:
      return `compressed with ${reason}, which is not read: use gzip or zstd`;
  }
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
