import { gzipSync } from 'node:zlib';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';

import { committedBatches, firstBaseOffset } from '../../src/adapters/kafka/batches';
import { MAX_RECORDS_BYTES } from '../../src/adapters/kafka/codecs';
import { crc32c } from '../../src/adapters/native/checksums';
import { decodeBatch } from '../../src/records/record-batch';
import { compressedBatch, dataBatch } from '../support/kafka-batches';
import { zstdFrame } from '../support/zstd';

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

/** As snappy-java writes it: magic, two versions, and blocks after their lengths. */
function xerial(records: Buffer): Buffer {
  const half = Math.floor(records.length / 2);
  const blocks = [records.subarray(0, half), records.subarray(half)].map((part) => compressSync(part));
  const header = Buffer.concat([Buffer.from('82534e4150505900', 'hex'), int32(1), int32(1)]);
  return Buffer.concat([header, ...blocks.flatMap((block) => [int32(block.length), block])]);
}

/**
 * Story: one batch that kcat wrote with `-z snappy` into a partition of `logs` ended the program for all hosts, at every
 * start. Jobs get uncompressed record batches, whichever codec their writer used.
 */
describe('committedBatches, given batches of another writer', () => {
  const plain = dataBatch(7, 1n, Buffer.from('key'), 'value '.repeat(50_000));
  const later = dataBatch(8, 1n, null, 'later');
  const codecs: readonly [string, number, (records: Buffer) => Buffer][] = [
    ['gzip', 1, (records) => gzipSync(records)],
    ['snappy', 2, (records) => compressSync(records)],
    ['snappy', 2, xerial],
    ['lz4', 3, (records) => compressFrameSync(records)],
    ['zstd', 4, (records) => zstdFrame(records, { checksum: false })],
  ];

  it.each(codecs)('returns them uncompressed when %s (%i) was used', async (_, codec, compress) => {
    const compressed = compressedBatch(plain, codec, compress);
    const { batches, unreadable, next } = await committedBatches(compressed, [], 7);
    expect([unreadable, next]).toEqual([[], 8]);
    expect(batches.flatMap((batch) => decodeBatch(batch, 0, crc32c))).toEqual(decodeBatch(plain));
  });

  it.each(codecs)('names the place and continues when the %s (%i) is damaged', async (name, codec, compress) => {
    const damaged = compressedBatch(plain, codec, (records) => compress(records).fill(0xff, 4, 40));
    const { batches, unreadable, next, fault } = await committedBatches(Buffer.concat([damaged, later]), [], 7);
    expect(unreadable).toEqual([{ from: 7, next: 8, problem: `its ${name} cannot be decompressed`, key: null }]);
    expect(batches).toHaveLength(1);
    expect([next, fault]).toEqual([9, null]);
  });

  it.each(codecs)('refuses a bomb in %s (%i) by its size', async (name, codec, compress) => {
    const bomb = compressedBatch(plain, codec, () => compress(Buffer.alloc(MAX_RECORDS_BYTES + 1)));
    const { unreadable } = await committedBatches(bomb, [], 7);
    expect(unreadable).toMatchObject([
      { from: 7, next: 8, problem: `its ${name} holds more than ${MAX_RECORDS_BYTES} bytes, which may be a bomb` },
    ]);
  });

  it('names an unknown codec', async () => {
    const { unreadable } = await committedBatches(
      compressedBatch(plain, 5, (records) => records),
      [],
      7,
    );
    expect(unreadable).toMatchObject([{ problem: 'its codec 5 is unknown' }]);
  });

  it('believes nothing of a batch whose checksum is wrong', async () => {
    const damaged = Buffer.from(later);
    damaged.writeUInt8(damaged.readUInt8(70) ^ 1, 70);
    expect(await committedBatches(Buffer.concat([plain, damaged]), [], 7)).toMatchObject({
      batches: [expect.anything()],
      next: 8,
      fault: 'its checksum is wrong',
    });
    expect(firstBaseOffset(damaged)).toBeNull();
    expect(firstBaseOffset(later)).toBe(8);
  });

  it.each([
    ['beyond the answer', 1_000_000],
    ['below a header', 3],
  ])('names a length that reaches %s', async (_, length) => {
    const damaged = Buffer.from(later);
    damaged.writeInt32BE(length, 8);
    expect(await committedBatches(damaged, [], 8)).toMatchObject({ next: null, fault: 'its length is wrong' });
  });

  it('leaves a batch that was cut short for the next fetch', async () => {
    const { batches, next, fault } = await committedBatches(Buffer.concat([plain, later.subarray(0, -1)]), [], 7);
    expect(batches).toHaveLength(1);
    expect([next, fault]).toEqual([8, null]);
  });
});
