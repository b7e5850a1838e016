/** How the bytes of an object hold its lines; `utf-16` is not read. */
export type SniffedEncoding = 'plain' | 'gzip' | 'utf-16';

/** So many bytes from the beginning of an object tell its encoding. */
export const SNIFF_BYTES = 64;

/** Without a BOM, fewer bytes than this are too few to be called UTF-16. */
const MIN_UTF_16_BYTES = 16;

/** RFC 1952, 2.3.1: ID1, ID2, and the only compression method there is, deflate. */
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b, 0x08]);
const UTF_16_BOMS = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

/**
 * The encoding of an object by its first up to {@link SNIFF_BYTES} bytes, never by its name.
 *
 * UTF-16 is known by its BOM or, from 16 bytes on, by a NUL in every second byte and nowhere else: how text in Latin
 * letters looks in it. Other lines with NULs are plain.
 */
export function sniff(head: Buffer): SniffedEncoding {
  const startsWith = (magic: Buffer): boolean => head.subarray(0, magic.length).equals(magic);
  if (startsWith(GZIP_MAGIC)) return 'gzip';
  if (UTF_16_BOMS.some(startsWith)) return 'utf-16';
  const bytes = [...head.subarray(0, SNIFF_BYTES)];
  const hasNulsAt = (remainder: number): boolean => bytes.every((byte, i) => (byte === 0) === (i % 2 === remainder));
  return bytes.length >= MIN_UTF_16_BYTES && (hasNulsAt(0) || hasNulsAt(1)) ? 'utf-16' : 'plain';
}

/** The beginning of a stream, and all of it. */
export interface Peeked {
  /** The first bytes; fewer than asked for where there are no more. */
  readonly head: Buffer;
  /** The stream from its beginning, to be iterated once. */
  readonly chunks: ClosableChunks;
}

/** Whoever does not iterate these calls `return`: it closes the source even so. */
export interface ClosableChunks extends AsyncIterable<Buffer>, AsyncIterator<Buffer, undefined> {
  return(): Promise<IteratorReturnResult<undefined>>;
}

/**
 * Looks at the first bytes of a stream without losing them. Only the head is copied.
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
  // Written by hand: the `return` of a generator that was never started would not reach the source.
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
