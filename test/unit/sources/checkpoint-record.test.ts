import { initialReadingState } from '../../../src/domain/lines/reading-state';
import type { Checkpoint } from '../../../src/domain/sources/checkpoint';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/domain/sources/checkpoint-record';
import { firstCheckpoint } from '../../../src/domain/sources/progress';

const checkpoint: Checkpoint = {
  ...firstCheckpoint('bucket/logs/host ä/a.log', 'host ä', {
    size: 9,
    etag: '"a"',
    lastModified: 1_000,
    versionId: 'v1',
  }),
  offset: 4,
  size: 6,
  held: Buffer.from('tw').toString('base64'),
  heldSince: 2_000,
  sums: { published: 4, dropped: 0, skipped: 0, quarantined: 0 },
  reading: {
    ...initialReadingState,
    format: 'logback',
    day: 20_000,
    crossing: { day: 20_000, time: 5 },
    record: { time: 7, again: false, future: true },
    newest: { time: 7, hashes: [1, 2] },
    before: { firstStamp: '12:00:00.000', firstDay: 19_999 },
    openCut: 'tail',
  },
};

describe('the record of a checkpoint', () => {
  const { key, value } = encodeCheckpoint(checkpoint);
  const changed = (change: object): Buffer => Buffer.from(JSON.stringify({ ...checkpoint, ...change }));

  it('is keyed by the source and comes back as it was', () => {
    expect(key.toString()).toBe('bucket/logs/host ä/a.log');
    expect(decodeCheckpoint(key, value)).toEqual(checkpoint);
  });

  it('is none when it is a tombstone', () => {
    expect(decodeCheckpoint(key, null)).toBeNull();
  });

  it('may have fields that are not known here', () => {
    expect(decodeCheckpoint(key, changed({ later: 1 }))).toEqual(checkpoint);
  });

  test.each<[string, Buffer]>([
    ['no JSON', Buffer.from('{')],
    ['no object', Buffer.from('[]')],
    ['of another version', changed({ v: 2 })],
    ['of another source', changed({ source: 'bucket/other' })],
    ['behind its end', changed({ offset: 7 })],
    ['at a negative offset', changed({ offset: -1 })],
    ['at half a byte', changed({ offset: 3.5 })],
    ['without a checksum', changed({ crc64: undefined })],
    ['with a proof of its own', changed({ proof: 'believed' })],
    ['with sums of text', changed({ sums: { published: '4' } })],
    [
      'with a broken reading state',
      changed({ reading: { ...checkpoint.reading, newest: { time: 1, hashes: ['a'] } } }),
    ],
    ['with a cut of its own', changed({ reading: { ...checkpoint.reading, openCut: 'middle' } })],
  ])('is refused when it is %s', (_, bytes) => {
    expect(() => decodeCheckpoint(key, bytes)).toThrow(
      expect.objectContaining({ code: 'CORRUPT_CHECKPOINT' }) as Error,
    );
  });
});
