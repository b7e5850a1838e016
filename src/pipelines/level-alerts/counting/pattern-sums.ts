import { isBefore, isSamePlace, type Place, type Sample } from './samples';
import type { PatternCount } from './window-record';

/** Lines of one level in a window, by pattern. */
export interface PatternSums {
  readonly counts: Map<string, number>;
  /** A line of each pattern: the lowest by (source, generation, offset). */
  readonly samples: Map<string, Sample>;
  /** Lines of patterns that are not kept. */
  other: number;
}

/** How many patterns a window keeps: the first ones (`bounded-memory`). The rest is `other`. */
const maxPatterns = 256;

export function newPatternSums(): PatternSums {
  return { counts: new Map(), samples: new Map(), other: 0 };
}

/** Counts `count` lines of a pattern; false when they went to `other`. */
export function addPattern(sums: PatternSums, pattern: string, count: number, sample: Sample | null): boolean {
  const known = sums.counts.get(pattern);
  if (known === undefined && sums.counts.size >= maxPatterns) {
    sums.other += count;
    return false;
  }
  sums.counts.set(pattern, (known ?? 0) + count);
  const kept = sums.samples.get(pattern);
  if (sample !== null && (kept === undefined || isBefore(sample, kept))) sums.samples.set(pattern, sample);
  return true;
}

/** Uncounts the line at a place from a pattern, or from `other` (null). */
export function takePattern(sums: PatternSums, pattern: string | null, place: Place | null): void {
  if (pattern === null) {
    sums.other -= 1;
    return;
  }
  const left = (sums.counts.get(pattern) ?? 1) - 1;
  if (left > 0) sums.counts.set(pattern, left);
  else sums.counts.delete(pattern);
  const kept = sums.samples.get(pattern);
  if (kept !== undefined && (left <= 0 || (place !== null && isSamePlace(kept, place)))) sums.samples.delete(pattern);
}

/** Most frequent first, ties by text (by code unit, so that it is the same everywhere). */
export function patternCounts(sums: PatternSums): PatternCount[] {
  return Array.from(sums.counts, ([pattern, count]) => ({ pattern, count })).sort(
    (a, b) => b.count - a.count || (a.pattern < b.pattern ? -1 : 1),
  );
}
