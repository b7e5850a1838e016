import { crc32c as nodeCrc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { isTelltaleError } from '../../../src/errors';
import {
  batchHeader,
  decodeBatch,
  encodeRecords,
  faultIn,
  faultOf,
  withAppendTime,
  withBaseOffset,
  type RecordData,
} from '../../../src/records/record-batch';

const crc32c = (bytes: Buffer): number => nodeCrc32c(bytes);

/** One record, laid out by hand from https://kafka.apache.org/documentation/#recordbatch */
const byHand = Buffer.concat([
  Buffer.from('0000000000000000', 'hex'), // baseOffset
  Buffer.from('0000003f', 'hex'), // batchLength: 49 after it in the header, 14 of records
  Buffer.from('ffffffff', 'hex'), // partitionLeaderEpoch
  Buffer.from('02', 'hex'), // magic
  Buffer.from('00000000', 'hex'), // crc, set below
  Buffer.from('0000', 'hex'), // attributes
  Buffer.from('00000000', 'hex'), // lastOffsetDelta
  Buffer.from('0000018bcfe56800', 'hex'), // baseTimestamp 1,700,000,000,000
  Buffer.from('0000018bcfe56800', 'hex'), // maxTimestamp
  Buffer.from('ffffffffffffffff', 'hex'), // producerId
  Buffer.from('ffff', 'hex'), // producerEpoch
  Buffer.from('ffffffff', 'hex'), // baseSequence
  Buffer.from('00000001', 'hex'), // count
  // length 13: attributes, timestampDelta, offsetDelta; key "k"; value null; 1 header "h": "vwz"
  Buffer.from('1a', 'hex'),
  Buffer.from('000000', 'hex'),
  Buffer.from('026b', 'hex'),
  Buffer.from('01', 'hex'),
  Buffer.from('02', 'hex'),
  Buffer.from('0268', 'hex'),
  Buffer.from('0676777a', 'hex'),
]);
byHand.writeUInt32BE(crc32c(byHand.subarray(21)), 17);

const oneRecord: RecordData = {
  key: Buffer.from('k'),
  value: null,
  headers: [['h', Buffer.from('vwz')]],
  timestamp: 1_700_000_000_000,
};

function corruptBatch(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch (error) {
    return isTelltaleError(error, 'CORRUPT_BATCH');
  }
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const timestamps = fc.oneof(
  fc.integer({ min: 0, max: 4_000_000_000_000 }),
  fc.constantFrom(0, 63, 64, 8191, 8192, 2 ** 31, 2 ** 52),
);
const records = fc.array(
  fc.record({
    key: fc.option(bytes),
    value: fc.option(bytes),
    headers: fc.array(fc.tuple(fc.string({ maxLength: 20, unit: 'grapheme' }), bytes), { maxLength: 3 }),
    timestamp: timestamps,
  }),
  { maxLength: 20 },
);

describe('the record-batch codec', () => {
  it('encodes a batch as the protocol lays it out', () => {
    expect(encodeRecords([oneRecord], crc32c).toString('hex')).toBe(byHand.toString('hex'));
  });

  it('decodes a batch that was laid out by hand', () => {
    expect(decodeBatch(byHand, 0, crc32c)).toEqual([{ ...oneRecord, offset: 0 }]);
    expect(batchHeader(byHand)).toEqual({
      baseOffset: 0,
      lastOffset: 0,
      count: 1,
      baseTimestamp: 1_700_000_000_000,
      maxTimestamp: 1_700_000_000_000,
      appendTime: null,
      sizeInBytes: byHand.length,
    });
  });

  it('decodes any encoded records unchanged', () => {
    fc.assert(
      fc.property(records, (written) => {
        const batch = encodeRecords(written, crc32c);
        expect(decodeBatch(batch, 0, crc32c)).toEqual(written.map((record, offset) => ({ ...record, offset })));
        expect(batchHeader(batch, crc32c).count).toBe(written.length);
      }),
    );
  });

  it('keeps the gaps of compaction, and returns only records from the offset on', () => {
    const gappy = [0, 7, 8, 70_000].map((offsetDelta) => ({ ...oneRecord, offsetDelta }));
    const batch = withBaseOffset(encodeRecords(gappy, crc32c), 2 ** 40);
    expect(decodeBatch(batch, 2 ** 40 + 8, crc32c).map(({ offset }) => offset - 2 ** 40)).toEqual([8, 70_000]);
    expect(batchHeader(batch).lastOffset).toBe(2 ** 40 + 70_000);
  });

  it('encodes an empty batch', () => {
    const batch = encodeRecords([], crc32c);
    expect(batchHeader(batch, crc32c)).toMatchObject({ count: 0, baseOffset: 0, lastOffset: -1 });
    expect(decodeBatch(batch, 0, crc32c)).toEqual([]);
  });

  it('keeps the checksum valid when the event log sets the base offset', () => {
    const moved = withBaseOffset(byHand, 12_345);
    expect(decodeBatch(moved, 0, crc32c)[0]?.offset).toBe(12_345);
    expect(byHand.readBigInt64BE(0)).toBe(0n);
  });

  it('gives every record the maximum timestamp when the log set it (LogAppendTime)', () => {
    const byLog = withByte(22, 8);
    byLog.writeBigInt64BE(1_800_000_000_000n, 35);
    byLog.writeUInt32BE(crc32c(byLog.subarray(21)), 17);
    expect(decodeBatch(byLog, 0, crc32c)[0]?.timestamp).toBe(1_800_000_000_000);
    expect(batchHeader(byLog).appendTime).toBe(1_800_000_000_000);
  });

  it('sets an append time as the log does', () => {
    const written = [oneRecord, { ...oneRecord, timestamp: 5 }, { ...oneRecord, timestamp: 4_000_000_000_000 }];
    const batch = encodeRecords(written, crc32c);
    const appended = withAppendTime(batch, 1_800_000_000_000, crc32c);
    const read = decodeBatch(appended, 0, crc32c);
    expect(read.map(({ timestamp }) => timestamp)).toEqual(written.map(() => 1_800_000_000_000));
    expect(decodeBatch(batch, 0, crc32c).map(({ timestamp }) => timestamp)).toEqual(written.map((r) => r.timestamp));
  });

  it('refuses a batch when a byte that the checksum covers has changed', () => {
    for (let i = 21; i < byHand.length; i++) {
      const broken = Buffer.from(byHand);
      broken[i] = (broken[i] ?? 0) ^ 4;
      expect(corruptBatch(() => decodeBatch(broken, 0, crc32c))).toBe(true);
    }
  });

  it.each([
    ['cut short', byHand.subarray(0, byHand.length - 1)],
    ['shorter than a header', byHand.subarray(0, 40)],
    ['followed by more', Buffer.concat([byHand, Buffer.from([0])])],
    ['of an old version', withByte(16, 1)],
    ['compressed', withByte(22, 2)],
    ['too short for its count of records', withByte(57, 0x7f)],
    ['made of records shorter than they say', withByte(61, 0x18)],
  ])('refuses a batch that is %s', (_, batch) => {
    expect(corruptBatch(() => decodeBatch(batch))).toBe(true);
  });

  it.each<[string, Buffer]>([
    ['60 bytes are too few for its header', byHand.subarray(0, 60)],
    ['it says 75 bytes, but is 74 long', byHand.subarray(0, 74)],
    ['it says 75 bytes, but is 76 long', Buffer.concat([byHand, Buffer.alloc(1)])],
    ['magic is 1, not 2', withByte(16, 1)],
    ['its checksum is wrong', withByte(74, 0)],
    ['it is compressed', sealed(withByte(22, 4))],
    ['it cannot hold 3 records', sealed(withByte(60, 3))],
    ['it cannot hold -16777215 records', sealed(withByte(57, 0xff))],
    ['a number is longer than 53 bits', sealed(withByte(28, 0x7f))],
    ['it ends at offset 0, not 5', byHand],
    ['it ends at offset 9, not 5', withBaseOffset(byHand, 9)],
  ])('says why a batch is damaged: %s', (fault, batch) => {
    expect(faultOf(batch, 5, crc32c)).toBe(fault);
  });

  it('says nothing about a batch that is whole and in its place', () => {
    expect(faultOf(byHand, 0, crc32c)).toBeNull();
    expect(faultOf(withBaseOffset(byHand, 5), 5, crc32c)).toBeNull();
    expect(faultOf(encodeRecords([], crc32c), -1, crc32c)).toBeNull();
  });

  it.each([
    ['bytes are left after its last record', withByte(60, 0)],
    ['a record is not as long as it says', withByte(61, 0x18)],
    ['a number is cut off', withByte(68, 0x04)],
    ['a field reaches beyond its record', withByte(65, 0x7e)],
  ])('says why records cannot be read: %s', (fault, batch) => {
    const reasons = [(): unknown => decodeBatch(batch)].map((run) => {
      try {
        return run();
      } catch (error) {
        return faultIn(error);
      }
    });
    expect(reasons).toEqual([fault]);
  });

  it('does not take other errors for damage', () => {
    const other = new Error('disk');
    expect(() => faultIn(other)).toThrow(other);
    expect(() =>
      faultOf(byHand, 0, () => {
        throw other;
      }),
    ).toThrow(other);
  });

  it('reads a missing header name and value as empty', () => {
    const batch = Buffer.from(encodeRecords([{ ...oneRecord, headers: [['', Buffer.alloc(0)]] }], crc32c));
    batch[batch.length - 1] = 1;
    batch[batch.length - 2] = 1;
    expect(decodeBatch(batch)[0]?.headers).toEqual([['', Buffer.alloc(0)]]);
  });

  it('keeps the greatest timestamp, wherever its record stands', () => {
    const at = (...timestamps: number[]): unknown => {
      const { baseTimestamp, maxTimestamp } = batchHeader(
        encodeRecords(
          timestamps.map((timestamp) => ({ ...oneRecord, timestamp })),
          crc32c,
        ),
      );
      return [baseTimestamp, maxTimestamp];
    };
    expect([at(5, 9, 7), at(5, 3), at()]).toEqual([
      [5, 9],
      [5, 5],
      [-1, -1],
    ]);
  });

  it('refuses or reads garbage, but never beyond its end', () => {
    const garbage = fc.array(
      fc.tuple(fc.integer({ min: 21, max: byHand.length * 3 }), fc.integer({ min: 0, max: 255 })),
      {
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(garbage, (changes) => {
        const batch = Buffer.from(encodeRecords([oneRecord, oneRecord, { ...oneRecord, key: null }], crc32c));
        for (const [pos, byte] of changes) if (pos < batch.length) batch[pos] = byte;
        const isRead = !corruptBatch(() => {
          for (const { key, value } of decodeBatch(batch)) {
            expect((key?.length ?? 0) + (value?.length ?? 0)).toBeLessThan(batch.length);
          }
        });
        if (isRead) expect(decodeBatch(batch).length).toBeLessThanOrEqual(batch.length);
      }),
      { numRuns: 1000 },
    );
  });
});

/** With the right checksum. */
function sealed(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

function withByte(pos: number, byte: number): Buffer {
  const copy = Buffer.from(byHand);
  copy[pos] = byte;
  return copy;
}
