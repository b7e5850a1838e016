import fc from 'fast-check';
import { SlidingSums } from '../../../../src/pipelines/level-alerts/alerting/sliding-sums';

/** The base window is 1 long here. */
interface Added {
  readonly start: number;
  readonly lines: number;
  readonly changedAt: number;
}

const added = fc.record({
  start: fc.integer({ min: 0, max: 40 }),
  lines: fc.nat(3),
  changedAt: fc.integer({ min: 1, max: 9 }),
});

function sumsOf(all: readonly Added[]): SlidingSums {
  const sums = new SlidingSums(1);
  for (const { start, lines, changedAt } of all) sums.add(start, { lines, records: 2 * lines + 1, changedAt });
  return sums;
}

/** Adds up everything, one by one. */
function naive(all: readonly Added[], from: number, to: number) {
  const inside = all.filter(({ start }) => start >= from && start < to);
  const lines = inside.reduce((sum, one) => sum + one.lines, 0);
  return {
    lines,
    records: 2 * lines + inside.length,
    changedAt: Math.max(0, ...inside.map(({ changedAt }) => changedAt)),
  };
}

describe('SlidingSums', () => {
  it('gives the sums of any span, and of windows that slide over them, as if added one by one', () => {
    fc.assert(
      fc.property(fc.array(added), fc.uniqueArray(fc.nat(50)), fc.integer({ min: 1, max: 12 }), (all, ends, window) => {
        const sums = sumsOf(all);
        const ascending = ends.sort((a, b) => a - b);
        const expected = ascending.map((end) => ({ end, ...naive(all, end - window, end) }));
        expect([...sums.slide(ascending, window)]).toEqual(expected);
        expect(ascending.map((end) => ({ end, ...sums.sum(end - window, end) }))).toEqual(expected);
      }),
    );
  });

  it('knows the ends of base windows with lines', () => {
    fc.assert(
      fc.property(fc.array(added), fc.nat(45), fc.nat(45), (all, first, last) => {
        const starts = new Set(all.filter(({ lines }) => lines > 0).map(({ start }) => start));
        const ends = [...starts].map((start) => start + 1).filter((end) => end >= first && end <= last);
        expect(sumsOf(all).endsWithLines(first, last)).toEqual(ends.sort((a, b) => a - b));
      }),
    );
  });

  it('is as before an addend when that is removed', () => {
    fc.assert(
      fc.property(fc.array(added), fc.array(added), (all, others) => {
        const sums = sumsOf([...all, ...others]);
        for (const { start, lines } of others) sums.remove(start, { lines, records: 2 * lines + 1 });
        const { lines, records } = naive(all, 0, 50);
        expect(sums.sum(0, 50)).toMatchObject({ lines, records });
        const starts = all.map(({ start }) => start);
        const span = { first: Math.min(...starts), last: Math.max(...starts) };
        expect(sums.span()).toEqual(all.length === 0 ? null : span);
      }),
    );
  });

  it('removes no addend that it does not have', () => {
    const sums = sumsOf([{ start: 5, lines: 2, changedAt: 1 }]);
    sums.remove(4, { lines: 2, records: 5 });
    sums.remove(6, { lines: 2, records: 5 });
    expect(sums.sum(0, 9)).toEqual({ lines: 2, records: 5, changedAt: 1 });
  });

  it('notes a breach once, where a base window is known', () => {
    const sums = sumsOf([{ start: 5, lines: 2, changedAt: 1 }]);
    expect([sums.note(6), sums.note(6), sums.note(5), sums.note(5)]).toEqual([true, false, true, true]);
  });

  it('slides a window of a month over a month in one pass', () => {
    const month = 43_200;
    const sums = sumsOf(Array.from({ length: 2 * month }, (_, start) => ({ start, lines: 1, changedAt: 1 })));
    const before = process.cpuUsage().user;
    const ends = Array.from({ length: month }, (_, i) => month + i);
    expect([...sums.slide(ends, month)].every(({ lines }) => lines === month)).toBe(true);
    expect(process.cpuUsage().user - before).toBeLessThan(1_000_000);
  });
});
