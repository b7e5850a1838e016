import {
  addRange,
  maxRanges,
  rangeAt,
  type EvictedRange,
} from '../../../../src/pipelines/level-alerts/counting/evicted-ranges';

const range = (from: number, to: number): EvictedRange => ({ from, to });

describe('addRange', () => {
  it.each<[string, EvictedRange[], EvictedRange, EvictedRange[]]>([
    ['the first', [], range(0, 60), [range(0, 60)]],
    ['a range after', [range(0, 60)], range(120, 180), [range(0, 60), range(120, 180)]],
    ['a range before', [range(120, 180)], range(-60, 0), [range(-60, 0), range(120, 180)]],
    ['a neighbour', [range(0, 60)], range(60, 120), [range(0, 120)]],
    ['a range that joins two', [range(0, 60), range(120, 180)], range(60, 120), [range(0, 180)]],
    ['a range inside another', [range(0, 180)], range(60, 120), [range(0, 180)]],
    ['a range that overlaps', [range(0, 100)], range(60, 120), [range(0, 120)]],
  ])('adds %s', (_name, ranges, added, expected) => {
    expect(addRange(ranges, added)).toEqual(expected);
  });

  it('merges the two nearest ranges when there are too many', () => {
    let ranges: readonly EvictedRange[] = [];
    for (let i = 0; i < maxRanges; i++) ranges = addRange(ranges, range(i * 1000, i * 1000 + 10));
    ranges = addRange(ranges, range(5_500, 5_510));
    expect(ranges).toHaveLength(maxRanges);
    expect(rangeAt(ranges, 5_300)).toEqual(range(5_000, 5_510));
    expect(rangeAt(ranges, 5_700)).toBeUndefined();
  });

  it('gives ranges that hold their start and not their end', () => {
    const ranges = addRange([], range(0, 60));
    expect([-1, 0, 59, 60].map((time) => rangeAt(ranges, time) !== undefined)).toEqual([false, true, true, false]);
  });
});
