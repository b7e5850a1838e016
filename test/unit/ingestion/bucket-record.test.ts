import { bucketKey, decodeBucketRecord, encodeBucketRecord, isBucketKey } from '../../../src/ingestion/bucket-record';

/** As the version before wrote it, when the record still was a checkpoint. */
const key = 'bucket/';
const value =
  '{"v":2,"o":"-","n":0,"e":"=","m":1795262400000,"w":0,"c":"0000000000000000",' +
  '"f":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU","p":1,"r":{}}';
const record = { bucket: 'bucket', firstListed: 1_795_262_400_000 };

describe('bucket record', () => {
  it('reads the record of the version before, and writes the same bytes', () => {
    expect(decodeBucketRecord(Buffer.from(key), Buffer.from(value))).toEqual(record);
    const encoded = encodeBucketRecord(record);
    expect([encoded.key.toString(), encoded.value.toString()]).toEqual([key, value]);
  });

  it('has a key that no object has', () => {
    expect(bucketKey('bucket')).toBe(key);
    expect([key, 'bucket/a', 'bucket/a/'].map(isBucketKey)).toEqual([true, false, false]);
  });

  it.each([
    ['its version is unknown', '{"v":3,"m":1}', 'its version is 3'],
    ['its time is missing', '{"v":2}', 'm is not a number'],
    ['it is not JSON', '{', 'JSON'],
  ])('refuses a record when %s', (_, bytes, reason) => {
    expect(() => decodeBucketRecord(Buffer.from(key), Buffer.from(bytes))).toThrow(
      expect.objectContaining({
        code: 'CORRUPT_CHECKPOINT',
        message: expect.stringContaining(reason) as string,
      }) as Error,
    );
  });
});
