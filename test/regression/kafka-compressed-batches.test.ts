import { gzipSync } from 'node:zlib';

import { committedBatches } from '../../src/adapters/kafka/batches';
import { crc32c } from '../../src/adapters/native/checksums';
import { decodeBatch } from '../../src/records/record-batch';
import { compressedBatch, dataBatch } from '../support/kafka-batches';

/**
 * Story: a Flink job that writes `windows` in Telltale's place compresses what it writes. Record batches are handed to the
 * jobs as they are stored, and the jobs know no compression.
 */
describe('compressed record batches of another writer', () => {
  const plain = dataBatch(7, 1n, Buffer.from('key'), 'value');

  it('are handed over uncompressed where gzip was used', () => {
    const { batches, next } = committedBatches(compressedBatch(plain, 1, gzipSync), []);
    expect(next).toBe(8);
    expect(batches.flatMap((batch) => decodeBatch(batch, 0, crc32c))).toEqual(decodeBatch(plain));
  });

  it('are refused by name where something else was used', () => {
    const lz4 = compressedBatch(plain, 3, (records) => records);
    expect(() => committedBatches(lz4, [])).toThrow('compressed with lz4');
  });

  it('are left for the next fetch when they were cut short', () => {
    const { batches, next } = committedBatches(Buffer.concat([plain, plain.subarray(0, -1)]), []);
    expect(batches).toHaveLength(1);
    expect(next).toBe(8);
  });
});
