import type { PatternCount } from './window-record';

/** Error lines of a window by pattern. */
export interface PatternSums {
  readonly counts: Map<string, number>;
  /** Lines of patterns that are not kept. */
  other: number;
}

/** How many patterns a window keeps: the first ones (`bounded-memory`). The rest is `other`. */
const maxPatterns = 256;

/** Counts `count` lines of a pattern; false when they went to `other`. */
export function addPattern(sums: PatternSums, pattern: string, count = 1): boolean {
  const known = sums.counts.get(pattern);
  if (known === undefined && sums.counts.size >= maxPatterns) {
    sums.other += count;
    return false;
  }
  sums.counts.set(pattern, (known ?? 0) + count);
  return true;
}

/** Uncounts one line of a pattern, or of `other` (null). */
export function takePattern(sums: PatternSums, pattern: string | null): void {
  if (pattern === null) {
    sums.other -= 1;
    return;
  }
  const left = (sums.counts.get(pattern) ?? 1) - 1;
  if (left > 0) sums.counts.set(pattern, left);
  else sums.counts.delete(pattern);
}

/** Most frequent first, ties by text (by code unit, so that it is the same everywhere). */
export function patternCounts(sums: PatternSums): PatternCount[] {
  return Array.from(sums.counts, ([pattern, count]) => ({ pattern, count })).sort(
    (a, b) => b.count - a.count || (a.pattern < b.pattern ? -1 : 1),
  );
}
