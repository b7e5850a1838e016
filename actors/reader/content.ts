import type { ContentEncoding } from '../../src/ingestion/checkpoint';
import type { SourceObject } from '../../src/ingestion/plan';
import type { ReaderEvent } from '../../src/ingestion/reader/protocol';
import { peek, sniff, SNIFF_BYTES } from '../../src/lines/encoding';
import { TelltaleError } from '../../src/errors';
import type { ObjectStore } from '../../src/ports/object-store';
import type { Operation } from './operation';

/** How the bytes of the objects of one key become content: as they are, or decompressed. */
export interface Contents {
  readonly store: ObjectStore;
  readonly bucket: string;
  readonly key: string;
  /** Decompresses a gzip; throws OBJECT_GZIP_CORRUPT, OBJECT_GZIP_TRUNCATED, OBJECT_GZIP_RATIO. */
  readonly gunzip: (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;
  /** A gzip of at most this many bytes is kept in memory while it is verified; a larger one is read twice. */
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
 * Opens an object of which nothing is known. Its first bytes tell what it is, never its name; a gzip is opened after all of
 * it was decompressed once, so that nothing of a broken one is published.
 * @throws OBJECT_UTF_16, OBJECT_GZIP_CORRUPT, OBJECT_GZIP_TRUNCATED, OBJECT_GZIP_RATIO; as the store's `read`
 */
export function openContent(object: SourceObject, slot: ContentSlot, contents: Contents): Operation {
  const stored = storedBytes(object, 0, contents);
  const kept: Buffer[] | null = object.size <= contents.maxProofBytes ? [] : null;
  let decompressed: AsyncIterator<Buffer> | null = null;
  let isHandedOver = false;

  const opened = (encoding: ContentEncoding, chunks: AsyncIterable<Buffer>): Opened => {
    slot.put(chunks);
    isHandedOver = true;
    return { event: { type: 'opened', encoding }, batch: null };
  };
  return {
    next: async () => {
      if (decompressed === null) {
        const { head, chunks } = await peek(stored, SNIFF_BYTES);
        const sniffed = sniff(head);
        if (sniffed === 'utf-16') throw isUtf16(contents);
        if (sniffed === 'plain') return opened('plain', chunks);
        decompressed = contents.gunzip(keeping(chunks, kept))[Symbol.asyncIterator]();
      }
      if ((await decompressed.next()).done !== true) return 'unfinished';
      return opened('gzip', contents.gunzip(kept === null ? storedBytes(object, 0, contents) : piecesOf(kept)));
    },
    close: async () => {
      await decompressed?.return?.();
      if (decompressed !== null || !isHandedOver) await stored.return();
    },
  };
}

interface Opened {
  readonly event: Extract<ReaderEvent, { type: 'opened' }>;
  readonly batch: null;
}

export function isUtf16({ key }: Pick<Contents, 'key'>): TelltaleError {
  return new TelltaleError('OBJECT_UTF_16', `The object ${key} is UTF-16: write logs as UTF-8.`);
}

/** The content of an object of known encoding from a byte on. May yield empty chunks on its way there. */
export function contentFrom(
  object: SourceObject,
  from: number,
  encoding: ContentEncoding,
  contents: Contents,
): AsyncIterable<Buffer> {
  if (encoding === 'plain') return storedBytes(object, from, contents);
  return after(contents.gunzip(storedBytes(object, 0, contents)), from);
}

/** The bytes of an object as they are stored. Nothing is opened before the first of them is wanted. */
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
