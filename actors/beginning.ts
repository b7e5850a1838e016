import { peek, sniff, SNIFF_BYTES } from '../src/lines/encoding';
import type { Checkpoint } from '../src/ingestion/checkpoint';
import { ByteSum } from '../src/ingestion/byte-sum';
import { LastBytes, WINDOW_BYTES } from '../src/ingestion/content';
import { originOf } from '../src/ingestion/origin';
import { asWhole, firstCheckpoint, reopened, skipped, skippedTo } from '../src/ingestion/progress';
import { passedOverOf } from '../src/ingestion/versions';
import { sourceId } from '../src/ingestion/source-id';
import type { ObjectInfo } from '../src/ports/object-store';
import { close, isUtf16, openContent, storedBytes, type Content } from './content';
import { positionOf, readOn, rest, type ReadingOptions, type Steps } from './steps';

/**
 * Reads an object of which nothing was read, or passes over what `since` says.
 * @param known a checkpoint that speaks of no byte: the object could not be read, or was empty
 */
export async function* readFirst(
  known: Checkpoint | null,
  object: ObjectInfo,
  options: ReadingOptions,
): Steps<Checkpoint | null> {
  const begin = (encoding: Content['encoding']): Checkpoint =>
    known === null ? firstOf(object, encoding, options) : reopened(known, object, encoding);
  const passedOver = passedOverOf(known, object, options.since);
  if (passedOver === null) return known;
  if (passedOver !== 'all') {
    const { encoding, chunks } = yield* openContent(object, options);
    const start = begin(encoding);
    // Where in a gzip that was lies which was listed, nobody knows.
    if (passedOver === 0 || encoding === 'gzip') return yield* readOn(start, object, chunks, options);
    const checkpoint = yield* passOver(start, passedOver, chunks, options);
    return yield* readOn(checkpoint, object, rest(checkpoint, object, options), options);
  }

  const { head, chunks } = await peek(storedBytes(object, 0, options), SNIFF_BYTES);
  await close(chunks);
  const sniffed = sniff(head);
  if (sniffed === 'utf-16') throw isUtf16(object);
  if (sniffed === 'gzip') {
    // Where its content ends is not known without reading it: what replaces it is read from its start.
    const checkpoint = asWhole(begin('gzip'));
    yield { batch: null, from: positionOf(checkpoint), checkpoint, more: false };
    return checkpoint;
  }
  const last: Buffer[] = [];
  for await (const chunk of storedBytes(object, Math.max(0, object.size - WINDOW_BYTES), options)) last.push(chunk);
  const before = Buffer.concat(last);
  const fingerprint = options.hashing.sha256(before);
  const start = begin('plain');
  const checkpoint = skipped(start, object, { before, fingerprint, now: options.clock.now() });
  yield { batch: null, from: positionOf(start), checkpoint, more: false };
  return checkpoint;
}

/** Reads the beginning of an object for its checksum alone: it was there at the first start, and more was appended since. */
async function* passOver(
  start: Checkpoint,
  size: number,
  chunks: AsyncIterable<Buffer>,
  { hashing, clock }: ReadingOptions,
): Steps {
  const crc64 = ByteSum.ofOne('CRC64NVME', hashing);
  const second = start.identity.crc32;
  const crc32 = second === null ? null : ByteSum.ofOne(second.algorithm, hashing);
  const last = new LastBytes();
  let to = 0;
  for await (const chunk of chunks) {
    const piece = chunk.subarray(0, size - to);
    crc64.push(piece);
    crc32?.push(piece);
    last.push(piece);
    to += piece.length;
    if (to === size) break;
    yield null;
  }
  const sums = { crc64: crc64.digest(), crc32: crc32?.digest() ?? null };
  const extent = { from: 0, to, ...sums, fingerprint: last.fingerprint(hashing) };
  const checkpoint = skippedTo(start, extent, { before: last.kept, now: clock.now() });
  yield { batch: null, from: positionOf(start), checkpoint, more: true };
  return checkpoint;
}

export function firstOf(
  object: ObjectInfo,
  encoding: Content['encoding'],
  { bucket, originRule, topicOf }: ReadingOptions,
): Checkpoint {
  const origin = originOf(object.key, originRule);
  return firstCheckpoint(sourceId(bucket, object.key), origin, object, encoding, topicOf(object.key));
}
