/**
 * Which windows of an origin were evicted: event times as half-open ranges [from, to), epoch milliseconds, sorted and
 * apart from each other (`windows-only-grow`). A line inside a range is `expired`.
 */
export interface EvictedRange {
  readonly from: number;
  readonly to: number;
}

/** How many ranges are kept for each origin; beyond it, the two nearest become one. */
export const maxRanges = 64;

/** The range that holds `time`, if any. */
export function rangeAt(ranges: readonly EvictedRange[], time: number): EvictedRange | undefined {
  return ranges.find((range) => time >= range.from && time < range.to);
}

/**
 * Adds a range. Ranges that touch become one, and so do the two nearest (the oldest two of equals) while there are more than
 * {@link maxRanges}: the time between those counts as evicted, too.
 */
export function addRange(ranges: readonly EvictedRange[], added: EvictedRange): readonly EvictedRange[] {
  const apart = ranges.filter((range) => range.to < added.from || range.from > added.to);
  const touching = ranges.filter((range) => !apart.includes(range));
  const merged = [...apart, touching.reduce(span, added)].sort((a, b) => a.from - b.from);
  return merged.length > maxRanges ? mergeNearest(merged) : merged;
}

function mergeNearest(ranges: readonly EvictedRange[]): readonly EvictedRange[] {
  const gaps = ranges.slice(1).map((next, i) => next.from - (ranges[i]?.to ?? next.from));
  const left = gaps.indexOf(Math.min(...gaps));
  const merged = ranges.slice(left, left + 2).reduce(span);
  return [...ranges.slice(0, left), merged, ...ranges.slice(left + 2)];
}

function span(a: EvictedRange, b: EvictedRange): EvictedRange {
  return { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) };
}
