import type { Checkpoint } from '../../../src/domain/sources/checkpoint';
import { planRead, resumptionOf } from '../../../src/domain/sources/plan';
import { firstCheckpoint } from '../../../src/domain/sources/progress';

const object = { size: 100, etag: '"a"', lastModified: 1_000 };

/** A checkpoint that was read to `size`, with a tail of `held` bytes from `offset` on. */
function at(size: number, change: Partial<Checkpoint> = {}): Checkpoint {
  return { ...firstCheckpoint('b/logs/host/a.log', 'host', object), size, offset: size, ...change };
}

describe('the plan of a read', () => {
  test.each([
    ['a source never seen', null, object, 'first'],
    ['the same object, read to its end', at(100), object, 'nothing'],
    ['the same object, read in part', at(60), object, 'continue'],
    ['the same object, not begun', at(0), object, 'continue'],
    ['the same object, after its deletion', at(100, { ended: true }), object, 'continue'],
    ['a longer object', at(100), { ...object, size: 150, etag: '"b"' }, 'prove'],
    ['another object of the same length', at(100), { ...object, etag: '"b"' }, 'prove'],
    ['a shorter object', at(100), { ...object, size: 99, etag: '"b"' }, 'rewrite'],
    ['an empty object where something was', at(100), { ...object, size: 0, etag: '"b"' }, 'rewrite'],
    ['an object that replaced one read in part, longer than that part', at(60), { ...object, etag: '"b"' }, 'prove'],
  ])('for %s', (_, checkpoint, now, kind) => {
    expect(planRead(checkpoint, now).kind).toBe(kind);
  });
});

describe('where a read goes on', () => {
  const KiB = 1024;
  const base64 = (length: number): string => Buffer.alloc(length, 'x').toString('base64');

  test.each([
    ['a new source from its first byte', at(0), 0, 0, 0],
    ['a short source from its first byte, behind what was read', at(100), 0, 100, 0],
    ['a long source 64 KiB before what was read', at(1000 * KiB), 936 * KiB, 1000 * KiB, 0],
    ['behind a held tail', at(1000 * KiB, { offset: 999 * KiB, held: base64(KiB) }), 936 * KiB, 1000 * KiB, KiB],
    [
      'at the start of a tail that is held in part',
      at(1000 * KiB, { offset: 800 * KiB, held: base64(64 * KiB) }),
      800 * KiB,
      800 * KiB,
      0,
    ],
  ])('%s', (_, checkpoint, from, scanFrom, heldBytes) => {
    const resumption = resumptionOf(checkpoint);
    expect(resumption).toMatchObject({ from, scanFrom, offset: checkpoint.offset });
    expect(resumption.held).toHaveLength(heldBytes);
  });
});
