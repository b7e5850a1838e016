import { firstCheckpoint } from '../../../../src/ingestion/generations';
import { claimOf } from '../../../../src/ingestion/audit/claim';
import { initialRecognition } from '../../../../src/lines/recognition';

const checkpoint = firstCheckpoint('b/k', 'host', { size: 9, etag: '"a"', lastModified: 1 }, 'plain', 'logs');
const crc64 = (bytes: Buffer): bigint => BigInt(bytes.length * 100 + (bytes[0] ?? 0));

describe('claimOf', () => {
  it('has the claims of a checkpoint, and the length and sum of its held bytes', () => {
    const { position, identity, source, origin, topic, quarantine, ended } = checkpoint;
    const held = Buffer.from('abc').toString('base64');
    const { generation, offset, size, sums, possibleGap } = position;
    const { encoding, etag, versionId, objectSize, whole, crc64: sum, crc32 } = identity;
    expect(claimOf({ ...checkpoint, position: { ...position, held } }, crc64)).toEqual({
      ...{ source, origin, topic, quarantine, ended, generation, offset, size, sums, possibleGap },
      ...{ encoding, etag, versionId, objectSize, whole, crc64: sum, crc32 },
      held: { length: 3, crc64: 397n },
      recognition: null,
    });
  });

  it('has the recognition when lines were not understood', () => {
    const recognition = { ...initialRecognition, lines: 3, unparsed: 1 };
    const format = { ...checkpoint.format, recognition };
    expect(claimOf({ ...checkpoint, format }, crc64).recognition).toEqual(recognition);
  });
});
