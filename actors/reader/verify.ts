import type { Checkpoint } from '../../src/ingestion/checkpoint';
import { ByteSum } from '../../src/ingestion/byte-sum';
import { LastBytes, WINDOW_BYTES, type Hashing } from '../../src/ingestion/content';
import { resumptionOf, type SourceObject } from '../../src/ingestion/plan';
import { createProof, createReproof } from '../../src/ingestion/proof';
import type { RequestAction } from '../../src/ingestion/reader/protocol';
import { isCompression, peek, sniff, SNIFF_BYTES, unreadError, type ClosableChunks } from '../../src/lines/encoding';
import { piecesOf, storedBytes, type ContentSlot, type Contents } from './content';
import { consuming, type Operation, type Progress } from './operation';

/** Reads bytes to digest them, not to make lines of them. */

type Verify = Extract<RequestAction, { type: 'verify' }>;

/** Reads the appended bytes for their checksum, and may keep them. */
export function verifyByChecksum(
  { checkpoint, object, keep }: Verify,
  slot: ContentSlot,
  contents: Contents,
  hashing: Hashing,
): Operation {
  const proof = createProof(checkpoint, object, hashing);
  const kept: Buffer[] = [];
  const push = (chunk: Buffer): 'more' => {
    proof.push(chunk);
    if (keep) kept.push(chunk);
    return 'more';
  };
  return consuming(storedBytes(object, resumptionOf(checkpoint).from, contents), push, () => {
    const verification = proof.verify();
    if (keep && verification.outcome !== 'disproved') slot.put(piecesOf(kept));
    return { type: 'verified', verification, crc32: checkpoint.identity.crc32 };
  });
}

/** One read, which sees one version even if the object changes: first the bytes before, then the appended ones. */
export function verifyByFingerprint(
  { checkpoint, object }: Verify,
  slot: ContentSlot,
  contents: Contents,
  hashing: Hashing,
): Operation {
  const proof = createProof(checkpoint, object, hashing);
  const stream = storedBytes(object, resumptionOf(checkpoint).from, contents);
  const before: Buffer[] = [];
  let isHandedOver = false;
  return {
    next: async () => {
      const { value, done } = await stream.next();
      if (done !== true) {
        proof.push(value);
        before.push(value);
        if (!proof.knowsFingerprint) return 'unfinished';
      }
      const verification = proof.verify();
      isHandedOver = verification.outcome !== 'disproved';
      if (isHandedOver) slot.put(concat(before, stream));
      else await stream.return();
      return { event: { type: 'verified', verification, crc32: checkpoint.identity.crc32 }, scanned: null };
    },
    close: async () => {
      if (!isHandedOver) await stream.return();
    },
  };
}

/** Rereads the bytes read before, against the checkpoint's checksum of them. */
export function reread(
  checkpoint: Checkpoint,
  object: SourceObject,
  chunks: AsyncIterable<Buffer>,
  hashing: Hashing,
): Operation {
  const reproof = createReproof(checkpoint, object, hashing);
  const push = (chunk: Buffer): 'more' | 'enough' => {
    reproof.push(chunk);
    return reproof.isComplete ? 'enough' : 'more';
  };
  return consuming(chunks, push, () => {
    const { outcome, crc32 } = reproof.verify();
    return { type: 'verified', verification: { outcome, by: 'content' }, crc32 };
  });
}

/** Reads the first `size` bytes for their checksum only. */
export function digestPrefix(
  checkpoint: Checkpoint,
  size: number,
  chunks: AsyncIterable<Buffer>,
  hashing: Hashing,
): Operation {
  const second = checkpoint.identity.crc32;
  const crc64 = ByteSum.ofOne('CRC64NVME', hashing);
  const crc32 = second === null ? null : ByteSum.ofOne(second.algorithm, hashing);
  const last = new LastBytes();
  let to = 0;
  const push = (chunk: Buffer): 'more' | 'enough' => {
    const piece = chunk.subarray(0, size - to);
    crc64.push(piece);
    crc32?.push(piece);
    last.push(piece);
    to += piece.length;
    return to === size ? 'enough' : 'more';
  };
  return consuming(chunks, push, () => {
    const sums = { crc64: crc64.digest(), crc32: crc32?.digest() ?? null };
    const range = { from: 0, to, ...sums, fingerprint: last.fingerprint(hashing) };
    return { type: 'prefixDigested', range, before: last.kept };
  });
}

/** Reads the first bytes, then the last ones of a plain object. */
export function readEnd(object: SourceObject, contents: Contents, hashing: Hashing): Operation {
  const first = storedBytes(object, 0, contents);
  const last = storedBytes(object, Math.max(0, object.size - WINDOW_BYTES), contents);
  const kept: Buffer[] = [];
  const end = consuming(
    last,
    (chunk) => {
      kept.push(chunk);
      return 'more';
    },
    () => {
      const before = Buffer.concat(kept);
      return { type: 'endRead', encoding: 'plain', end: { before, fingerprint: hashing.sha256(before) } };
    },
  );
  let isPlain = false;
  return {
    next: async (): Promise<Progress> => {
      if (isPlain) return end.next();
      const { head } = await peek(first, SNIFF_BYTES);
      await first.return();
      const sniffed = sniff(head);
      if (isCompression(sniffed)) return { event: { type: 'endRead', encoding: sniffed, end: null }, scanned: null };
      if (sniffed !== 'plain') throw unreadError(`The object ${contents.key}`, sniffed);
      isPlain = true;
      return 'unfinished';
    },
    close: async () => {
      await first.return();
      await end.close();
    },
  };
}

/** Not a generator: closing one that was never started would leave `rest` open. */
function concat(before: Buffer[], rest: AsyncGenerator<Buffer, void, undefined>): ClosableChunks {
  const chunks: ClosableChunks = {
    [Symbol.asyncIterator]: () => chunks,
    next: async () => {
      const value = before.shift();
      if (value !== undefined) return { done: false, value };
      const next = await rest.next();
      return next.done === true ? { done: true, value: undefined } : next;
    },
    return: async () => {
      before.length = 0;
      await rest.return();
      return { done: true, value: undefined };
    },
  };
  return chunks;
}
