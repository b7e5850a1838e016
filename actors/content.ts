import { peek, sniff, SNIFF_BYTES } from '../src/lines/encoding';
import type { ContentEncoding } from '../src/ingestion/checkpoint';
import { TelltaleError } from '../src/errors';
import type { ObjectInfo, ObjectStore } from '../src/ports/object-store';

/** How the bytes of objects become content: as they are, or decompressed. */
export interface ContentOptions {
  readonly store: ObjectStore;
  readonly bucket: string;
  /** Decompresses a gzip; throws OBJECT_GZIP_CORRUPT, OBJECT_GZIP_TRUNCATED, OBJECT_GZIP_RATIO. */
  readonly gunzip: (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;
  /** A suffix, or a gzip, of at most this many bytes is kept while it is proven; a larger one is read twice. */
  readonly maxProofBytes: number;
}

/** Content from its first byte on. */
export interface Content {
  readonly encoding: ContentEncoding;
  readonly chunks: AsyncIterable<Buffer>;
}

/**
 * Opens an object of which nothing is known. Its first bytes say what it is, never its name; a gzip is handed out after
 * all of it was decompressed once, so that nothing is published of one that is broken.
 * @throws OBJECT_UTF_16, OBJECT_GZIP_CORRUPT, OBJECT_GZIP_TRUNCATED, OBJECT_GZIP_RATIO; as the store's `read`
 */
export async function* openContent(
  object: ObjectInfo,
  options: ContentOptions,
): AsyncGenerator<null, Content, undefined> {
  const { head, chunks } = await peek(storedBytes(object, 0, options), SNIFF_BYTES);
  switch (sniff(head)) {
    case 'plain':
      return { encoding: 'plain', chunks };
    case 'utf-16':
      await close(chunks);
      throw isUtf16(object);
    case 'gzip': {
      const kept: Buffer[] | null = object.size <= options.maxProofBytes ? [] : null;
      const decompressed = options.gunzip(keeping(chunks, kept))[Symbol.asyncIterator]();
      try {
        while ((await decompressed.next()).done !== true) yield null;
      } finally {
        await decompressed.return?.();
      }
      const again = kept === null ? storedBytes(object, 0, options) : piecesOf(kept);
      return { encoding: 'gzip', chunks: options.gunzip(again) };
    }
  }
}

export function isUtf16({ key }: ObjectInfo): TelltaleError {
  return new TelltaleError('OBJECT_UTF_16', `The object ${key} is UTF-16: write logs as UTF-8.`);
}

/** The content of an object of known encoding from a byte on. May hand out empty pieces on its way there. */
export function contentFrom(
  object: ObjectInfo,
  from: number,
  encoding: ContentEncoding,
  options: ContentOptions,
): AsyncIterable<Buffer> {
  if (encoding === 'plain') return storedBytes(object, from, options);
  return behind(options.gunzip(storedBytes(object, 0, options)), from);
}

/** The bytes of an object as they are stored. */
export async function* storedBytes(
  { key, size, etag, versionId }: ObjectInfo,
  from: number,
  { store, bucket }: ContentOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const version = versionId === undefined ? {} : { versionId };
  if (from < size) yield* await store.read(bucket, key, { from, ifMatch: etag, ...version });
}

/** Lets go of what is not read to its end. */
export async function close(chunks: AsyncIterable<Buffer>): Promise<void> {
  await chunks[Symbol.asyncIterator]().return?.();
}

async function* keeping(chunks: AsyncIterable<Buffer>, kept: Buffer[] | null): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of chunks) {
    kept?.push(chunk);
    yield chunk;
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- for what takes pieces as they come
export async function* piecesOf(kept: readonly Buffer[]): AsyncGenerator<Buffer, void, undefined> {
  yield* kept;
}

/** Empty pieces let whoever waits see that it goes on. */
async function* behind(chunks: AsyncIterable<Buffer>, from: number): AsyncGenerator<Buffer, void, undefined> {
  let position = 0;
  for await (const chunk of chunks) {
    yield chunk.subarray(Math.max(0, from - position));
    position += chunk.length;
  }
}
