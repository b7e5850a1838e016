import { crc32c } from '../../src/adapters/native/checksums';
import { encodeRecords, recordsStart, withBaseOffset } from '../../src/records/record-batch';

/** Record batches as a broker stores them: with offsets, producers and control records. */

const at = { batchLength: 8, crc: 17, attributes: 21, producerId: 43 } as const;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** A batch of one record that a producer wrote in a transaction. */
export function dataBatch(offset: number, producerId: bigint, key: Buffer | null, value: string): Buffer {
  const batch = encodeRecords([{ key, value: Buffer.from(value), headers: [], timestamp: 17 }], crc32c);
  return stored(batch, offset, producerId, TRANSACTIONAL);
}

/** The marker that ends a transaction. */
export function markerBatch(offset: number, producerId: bigint, type: 'abort' | 'commit'): Buffer {
  const key = Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]);
  const batch = encodeRecords([{ key, value: Buffer.alloc(6), headers: [], timestamp: 17 }], crc32c);
  return stored(batch, offset, producerId, TRANSACTIONAL | CONTROL);
}

/** The same batch with its records replaced by the result of `compress`. */
export function compressedBatch(batch: Buffer, codec: number, compress: (records: Buffer) => Buffer): Buffer {
  const compressed = Buffer.concat([batch.subarray(0, recordsStart), compress(batch.subarray(recordsStart))]);
  compressed.writeInt32BE(compressed.length - 12, at.batchLength);
  compressed.writeInt16BE(compressed.readInt16BE(at.attributes) | codec, at.attributes);
  return sealed(compressed);
}

function stored(batch: Buffer, offset: number, producerId: bigint, attributes: number): Buffer {
  const copy = withBaseOffset(batch, offset);
  copy.writeInt16BE(attributes, at.attributes);
  copy.writeBigInt64BE(producerId, at.producerId);
  return sealed(copy);
}

function sealed(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(at.attributes)), at.crc);
  return batch;
}
