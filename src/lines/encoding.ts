/** How an object encodes its lines. Telltale does not read `utf-16`. */
export type SniffedEncoding = 'plain' | 'gzip' | 'utf-16';

/** Number of leading bytes that determine an object's encoding. */
export const SNIFF_BYTES = 64;

/** Without a BOM, fewer bytes than this cannot be recognized as UTF-16. */
const MIN_UTF_16_BYTES = 16;

/** RFC 1952, 2.3.1: ID1, ID2, and the only compression method there is, deflate. */
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b, 0x08]);
const UTF_16_BOMS = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

/**
 * Detects an object's encoding from up to {@link SNIFF_BYTES} leading bytes, never from its name.
 *
 * UTF-16 has a BOM or, in at least 16 bytes, a NUL in exactly every second byte, as Latin text does. Other content with
 * NULs is plain.
 */
export function sniff(head: Buffer): SniffedEncoding {
  const startsWith = (magic: Buffer): boolean => head.subarray(0, magic.length).equals(magic);
  if (startsWith(GZIP_MAGIC)) return 'gzip';
  if (UTF_16_BOMS.some(startsWith)) return 'utf-16';
  const bytes = [...head.subarray(0, SNIFF_BYTES)];
  const hasNulsAt = (remainder: number): boolean => bytes.every((byte, i) => (byte === 0) === (i % 2 === remainder));
  return bytes.length >= MIN_UTF_16_BYTES && (hasNulsAt(0) || hasNulsAt(1)) ? 'utf-16' : 'plain';
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
