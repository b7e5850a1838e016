import type { ContentEncoding } from '../../src/ingestion/checkpoint';
import type { SourceObject } from '../../src/ingestion/plan';
import type { ReaderEvent } from '../../src/ingestion/reader/protocol';
import { isCompression, peek, sniff, SNIFF_BYTES, unreadError, type Compression } from '../../src/lines/encoding';
import { TelltaleError } from '../../src/errors';
import type { ObjectStore } from '../../src/ports/object-store';
import type { Operation } from './operation';

/** Yields the content of compressed bytes; throws OBJECT_ENCODING and the errors OBJECT_GZIP_… and OBJECT_ZSTD_… */
export type Decompress = (chunks: AsyncIterable<Buffer>, outermost: Compression) => AsyncIterable<Buffer>;

/** How the bytes of the objects of one key become content: as they are, or decompressed. */
export interface Contents {
  readonly store: ObjectStore;
  readonly bucket: string;
  readonly key: string;
  readonly decompress: Decompress;
  /** A compressed object of at most this many bytes is kept in memory while it is verified; a larger one is read twice. */
  readonly maxProofBytes: number;
}

/** Holds the content that one action has opened for another. */
export class ContentSlot {
  private chunks: AsyncIterable<Buffer> | null = null;

  put(chunks: AsyncIterable<Buffer>): void {
    this.chunks = chunks;
  }

  /** @throws INTERNAL when nothing is open */
  take(): AsyncIterable<Buffer> {
    const { chunks } = this;
    if (chunks === null) throw new TelltaleError('INTERNAL', 'The reader wanted open content, and there is none.');
    this.chunks = null;
    return chunks;
  }

  async close(): Promise<void> {
    const { chunks } = this;
    this.chunks = null;
    await chunks?.[Symbol.asyncIterator]().return?.();
  }
}

/**
 * Opens an object of unknown encoding. Its first bytes decide the encoding, never its name. A compressed object is first
 * decompressed as a whole, so that no line of a broken one is published.
 * @throws OBJECT_ENCODING; as {@link Decompress}; as the store's `read`
 */
export function openContent(object: SourceObject, slot: ContentSlot, contents: Contents): Operation {
  const stored = storedBytes(object, 0, contents);
  const kept: Buffer[] | null = object.size <= contents.maxProofBytes ? [] : null;
  let compression: Compression = 'gzip';
  let decompressed: AsyncIterator<Buffer> | null = null;
  let isHandedOver = false;

  const opened = (encoding: ContentEncoding, chunks: AsyncIterable<Buffer>): Opened => {
    slot.put(chunks);
    isHandedOver = true;
    return { event: { type: 'opened', encoding }, scanned: null };
  };
  return {
    next: async () => {
      if (decompressed === null) {
        const { head, chunks } = await peek(stored, SNIFF_BYTES);
        const sniffed = sniff(head);
        if (sniffed === 'plain') return opened('plain', chunks);
        if (!isCompression(sniffed)) throw unreadError(`The object ${contents.key}`, sniffed);
        compression = sniffed;
        decompressed = contents.decompress(keeping(chunks, kept), compression)[Symbol.asyncIterator]();
      }
      if ((await decompressed.next()).done !== true) return 'unfinished';
      const again = kept === null ? storedBytes(object, 0, contents) : piecesOf(kept);
      return opened(compression, contents.decompress(again, compression));
    },
    close: async () => {
      await decompressed?.return?.();
      if (decompressed !== null || !isHandedOver) await stored.return();
    },
  };
}

interface Opened {
  readonly event: Extract<ReaderEvent, { type: 'opened' }>;
  readonly scanned: null;
}

/** The content of an object of known encoding, from a byte on. May yield empty chunks before it reaches that byte. */
export function contentFrom(
  object: SourceObject,
  from: number,
  encoding: ContentEncoding,
  contents: Contents,
): AsyncIterable<Buffer> {
  if (encoding === 'plain') return storedBytes(object, from, contents);
  return after(contents.decompress(storedBytes(object, 0, contents), encoding), from);
}

/** The bytes of an object as they are stored. Opens the object when the first byte is requested. */
export async function* storedBytes(
  { size, etag, versionId }: SourceObject,
  from: number,
  { store, bucket, key }: Contents,
): AsyncGenerator<Buffer, void, undefined> {
  const version = versionId === undefined ? {} : { versionId };
  if (from < size) yield* await store.read(bucket, key, { from, ifMatch: etag, ...version });
}

export function piecesOf(kept: readonly Buffer[]): AsyncIterable<Buffer> {
  const pieces = kept.values();
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(pieces.next()) }) };
}

async function* keeping(chunks: AsyncIterable<Buffer>, kept: Buffer[] | null): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of chunks) {
    kept?.push(chunk);
    yield chunk;
  }
}

/** Empty chunks show that the reading makes progress. */
async function* after(chunks: AsyncIterable<Buffer>, from: number): AsyncGenerator<Buffer, void, undefined> {
  let position = 0;
  for await (const chunk of chunks) {
    yield chunk.subarray(Math.max(0, from - position));
    position += chunk.length;
  }
}
