import { faultIn, recordsStart } from '../../records/record-batch';
import type { UnreadableBatch } from '../../ports/event-log';
import { crc32c } from '../native/checksums';
import type { AbortedTransaction } from './api/fetch';
import { decompressRecords } from './codecs';

/** The positions of the fields that the log itself uses; `records/record-batch` has the others. */
const at = {
  baseOffset: 0,
  batchLength: 8,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
} as const;

/** `batchLength` counts the bytes after this position. */
const LENGTH_END = 12;

const attribute = { compression: 0x07, transactional: 0x10, control: 0x20 } as const;

/** The type of a control record that ends an aborted transaction. */
const ABORT = 0;

export interface CommittedBatches {
  readonly batches: readonly Buffer[];
  /** Whole batches whose records cannot be decompressed. */
  readonly unreadable: readonly UnreadableBatch[];
  /** The offset after the last whole batch, which may be an aborted or a control batch; null when there was none. */
  readonly next: number | null;
  /** Why the bytes after that are not a batch, so that its end is unknown; null when all are whole. */
  readonly fault: string | null;
}

/**
 * The committed record batches of a fetch, uncompressed. An aborted transaction begins where the list of aborted transactions
 * says, and ends at the producer's abort marker. The rule applies to each producer separately, since transactions overlap; the
 * list is not sorted by their first offsets.
 * Source of the rule: Kafka's own consumer, `CompletedFetch`.
 * @param from the wanted offset
 */
export async function committedBatches(
  records: Buffer,
  aborted: readonly AbortedTransaction[],
  from: number,
): Promise<CommittedBatches> {
  const waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const aborting = new Set<bigint>();
  const batches: Buffer[] = [];
  const unreadable: UnreadableBatch[] = [];
  let next: number | null = null;
  for (const found of wholeBatches(records)) {
    if ('fault' in found) return { batches, unreadable, next, fault: found.fault };
    const { batch, lastOffset } = found;
    const expected: number = next ?? from;
    if (lastOffset < expected) {
      return { batches, unreadable, next, fault: `it ends at offset ${lastOffset}, before ${expected}` };
    }
    const attributes = batch.readInt16BE(at.attributes);
    const producerId = batch.readBigInt64BE(at.producerId);
    next = lastOffset + 1;
    while ((waiting[0]?.firstOffset ?? Infinity) <= lastOffset) {
      const begun = waiting.shift();
      if (begun !== undefined) aborting.add(begun.producerId);
    }
    if ((attributes & attribute.control) !== 0) {
      if (markerType(batch) === ABORT) aborting.delete(producerId);
      continue;
    }
    if ((attributes & attribute.transactional) !== 0 && aborting.has(producerId)) continue;
    // Compaction keeps the last batch of a producer without its records.
    if (batch.readInt32BE(at.count) === 0) continue;
    try {
      batches.push(await uncompressed(batch));
    } catch (error) {
      const first = Math.max(expected, Number(batch.readBigInt64BE(at.baseOffset)));
      unreadable.push({ from: first, next, problem: faultIn(error), key: null });
    }
  }
  return { batches, unreadable, next, fault: null };
}

/** The base offset of the first batch of a fetch; null when it is damaged, or there is none. */
export function firstBaseOffset(records: Buffer): number | null {
  for (const found of wholeBatches(records)) return 'fault' in found ? null : found.baseOffset;
  return null;
}

interface WholeBatch {
  readonly batch: Buffer;
  readonly baseOffset: number;
  readonly lastOffset: number;
}

/** Nothing of a batch is believed before its checksum is right. The broker sends the first one whole, of any size. */
function* wholeBatches(records: Buffer): Generator<WholeBatch | { readonly fault: string }> {
  for (let start = 0; start + recordsStart <= records.length;) {
    const end = start + LENGTH_END + records.readInt32BE(start + at.batchLength);
    if (end < start + recordsStart || (end > records.length && start === 0)) {
      yield { fault: 'its length is wrong' };
      return;
    }
    if (end > records.length) return;
    const batch = records.subarray(start, end);
    const magic = batch.readInt8(at.magic);
    if (magic !== 2) {
      yield { fault: `its format is ${magic}; Telltale reads format 2 only` };
      return;
    }
    if (crc32c(batch.subarray(at.attributes)) !== batch.readUInt32BE(at.crc)) {
      yield { fault: 'its checksum is wrong' };
      return;
    }
    const baseOffset = Number(batch.readBigInt64BE(at.baseOffset));
    yield { batch, baseOffset, lastOffset: baseOffset + batch.readInt32BE(at.lastOffsetDelta) };
    start = end;
  }
}

/** A control batch holds one record: length, attributes, two deltas and key length, one byte each; then the key. */
function markerType(batch: Buffer): number {
  return batch.readInt16BE(recordsStart + 5 + 2);
}

async function uncompressed(batch: Buffer): Promise<Buffer> {
  const attributes = batch.readInt16BE(at.attributes);
  const codec = attributes & attribute.compression;
  if (codec === 0) return batch;
  const records = await decompressRecords(codec, batch.subarray(recordsStart));
  const plain = Buffer.concat([batch.subarray(0, recordsStart), records]);
  plain.writeInt32BE(plain.length - LENGTH_END, at.batchLength);
  plain.writeInt16BE(attributes & ~attribute.compression, at.attributes);
  return sealed(plain);
}

/** A copy of an encoded record batch, as part of a producer's transaction. */
export function transactionalBatch(
  batch: Buffer,
  producer: { readonly id: bigint; readonly epoch: number; readonly sequence: number },
): Buffer {
  const copy = Buffer.from(batch);
  copy.writeInt16BE(copy.readInt16BE(at.attributes) | attribute.transactional, at.attributes);
  copy.writeBigInt64BE(producer.id, at.producerId);
  copy.writeInt16BE(producer.epoch, at.producerEpoch);
  copy.writeInt32BE(producer.sequence, at.baseSequence);
  return sealed(copy);
}

function sealed(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(at.attributes)), at.crc);
  return batch;
}

/** Sequence numbers count the records of a producer in a partition, and restart at 0 after 2^31 - 1. */
export function sequenceAfter(sequence: number, records: number): number {
  return (sequence + records) % 2 ** 31;
}
