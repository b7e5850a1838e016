import { changed, type CheckpointChange } from '../../support/ingestion/checkpoints';
import type { Checkpoint, QuarantineReason } from '../../../src/ingestion/checkpoint';
import { planRead, resumptionOf, type ReadPlan } from '../../../src/ingestion/plan';
import { firstCheckpoint } from '../../../src/ingestion/generations';

const object = { size: 100, etag: '"a"', lastModified: 1_000 };
const another = { ...object, etag: '"b"' };

/** A checkpoint after all of `object`, whose content was read to `size`. */
function at(size: number, change: CheckpointChange = {}): Checkpoint {
  return changed(firstCheckpoint('b/logs/host/a.log', 'host', object, 'plain', 'logs'), {
    size,
    offset: size,
    whole: true,
    ...change,
  });
}

const part = { whole: false };
const gzip = { encoding: 'gzip' } as const;
const refused = (etag: string, reason: QuarantineReason): CheckpointChange => ({
  quarantine: { etag, size: 100, versionId: null, lastModified: 2_000, reason },
});

describe('the plan of a read', () => {
  test.each<[string, Checkpoint | null, typeof object, ReadPlan['kind']]>([
    ['a source never seen', null, object, 'first'],
    ['an object seen but not begun', at(0, part), object, 'begin'],
    ['another object where nothing was read', at(0, part), another, 'begin'],
    ['an empty object that something was written to', at(0, { objectSize: 0 }), another, 'begin'],
    ['an empty object, read', at(0, { objectSize: 0 }), { ...object, size: 0 }, 'nothing'],
    ['the same object, read to its end', at(100), object, 'nothing'],
    ['the same object under the name of another version', at(100, { versionId: 'v1' }), object, 'nothing'],
    ['the same object, read in part', at(60, part), object, 'continue'],
    ['the same object, all bytes read but its end not seen', at(100, part), object, 'continue'],
    ['the same object, after its deletion', at(100, { ended: 5 }), object, 'continue'],
    ['the same object, after its deletion at the epoch', at(100, { ended: 0 }), object, 'continue'],
    ['a longer object', at(100), { ...another, size: 150 }, 'prove'],
    ['a longer object of the same ETag', at(100), { ...object, size: 150 }, 'prove'],
    ['another object of the same length', at(100), another, 'prove'],
    ['another object after a deletion', at(100, { ended: 5 }), another, 'prove'],
    ['a shorter object', at(100), { ...another, size: 99 }, 'rewrite'],
    ['an empty object where something was', at(100), { ...another, size: 0 }, 'rewrite'],
    ['an object that replaced one read in part, longer than that part', at(60, part), another, 'prove'],
    ['an object that replaced one read in part, as long as that part', at(100, part), another, 'prove'],
    [
      'an object that replaced one read in part, shorter than that part',
      at(60, part),
      { ...another, size: 59 },
      'rewrite',
    ],
    ['the same gzip, whose content is longer than it', at(1_000, gzip), object, 'nothing'],
    ['another gzip, shorter than the content that was read', at(1_000, gzip), another, 'prove'],
    ['an empty object where a gzip was', at(1_000, gzip), { ...another, size: 0 }, 'prove'],
    ['the same gzip, read in part', at(50, { ...gzip, ...part }), object, 'continue'],
    ['an object in quarantine, behind another', at(60, refused('"b"', 'gzip-corrupt')), another, 'nothing'],
    [
      'an object in quarantine, the first of its source',
      at(0, { ...part, ...refused('"a"', 'utf-16') }),
      object,
      'nothing',
    ],
    ['an object that was denied, behind another', at(60, refused('"b"', 'denied')), another, 'prove'],
    [
      'an object that was denied, the first of its source',
      at(0, { ...part, ...refused('"a"', 'denied') }),
      object,
      'begin',
    ],
    ['an object after one in quarantine', at(60, refused('"c"', 'gzip-ratio')), another, 'prove'],
    [
      'an object after one in quarantine, the first of its source',
      at(0, { ...part, ...refused('"a"', 'gzip-truncated') }),
      another,
      'begin',
    ],
    ['an object that is back after one in quarantine', at(100, refused('"b"', 'utf-16')), object, 'continue'],
  ])('for %s', (_, checkpoint, now, kind) => {
    expect(planRead(checkpoint, now).kind).toBe(kind);
  });

  it('says why an object in quarantine is not read', () => {
    const plan = planRead(at(60, refused('"b"', 'gzip-corrupt')), another);
    expect(plan).toMatchObject({ kind: 'nothing', checkpoint: { quarantine: { reason: 'gzip-corrupt' } } });
  });
});

describe('where a read continues', () => {
  const KiB = 1024;
  const base64 = (length: number): string => Buffer.alloc(length, 'x').toString('base64');

  test.each([
    ['a new source from its first byte', at(0), 0, 0, 0],
    ['a short source from its first byte, after the bytes read', at(100), 0, 100, 0],
    ['a long source 64 KiB before the end of the bytes read', at(1000 * KiB), 936 * KiB, 1000 * KiB, 0],
    ['after a held tail', at(1000 * KiB, { offset: 999 * KiB, held: base64(KiB) }), 936 * KiB, 1000 * KiB, KiB],
    [
      'after a held tail of 64 KiB',
      at(1000 * KiB, { offset: 936 * KiB, held: base64(64 * KiB) }),
      936 * KiB,
      1000 * KiB,
      64 * KiB,
    ],
    [
      'at the start of a tail that is held in part',
      at(1000 * KiB, { offset: 800 * KiB, held: base64(64 * KiB) }),
      800 * KiB,
      800 * KiB,
      0,
    ],
  ])('%s', (_, checkpoint, from, scanFrom, heldBytes) => {
    const resumption = resumptionOf(checkpoint);
    expect(resumption).toMatchObject({ from, scanFrom, offset: checkpoint.position.offset });
    expect(resumption.held).toHaveLength(heldBytes);
  });
});
