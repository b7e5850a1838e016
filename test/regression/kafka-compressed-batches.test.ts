import { gzipSync } from 'node:zlib';

import { committedBatches } from '../../src/adapters/kafka/batches';
import { crc32c } from '../../src/adapters/native/checksums';
import { decodeBatch } from '../../src/records/record-batch';
import { compressedBatch, dataBatch } from '../support/kafka-batches';

/**
 * Story: a Flink job that writes `windows` instead of Telltale compresses its batches. Jobs get record batches as they are
 * stored, and know no compression.
 */
describe('committedBatches, given compressed batches of another writer', () => {
  const plain = dataBatch(7, 1n, Buffer.from('key'), 'value');

  it('returns them uncompressed when gzip was used', () => {
    const { batches, next } = committedBatches(compressedBatch(plain, 1, gzipSync), []);
    expect(next).toBe(8);
    expect(batches.flatMap((batch) => decodeBatch(batch, 0, crc32c))).toEqual(decodeBatch(plain));
  });

  it('names the codec in its refusal when another one was used', () => {
    const lz4 = compressedBatch(plain, 3, (records) => records);
    expect(() => committedBatches(lz4, [])).toThrow('compressed with lz4');
  });

  it('leaves a batch that was cut short for the next fetch', () => {
    const { batches, next } = committedBatches(Buffer.concat([plain, plain.subarray(0, -1)]), []);
    expect(batches).toHaveLength(1);
    expect(next).toBe(8);
  });
});
