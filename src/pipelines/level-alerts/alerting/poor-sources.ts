import { isPoorlyUnderstood } from '../../../lines/recognition';
import type { NotUnderstood, WindowRecord } from '../counting/window-record';

/** A report names at most this many. */
const maxSources = 3;

/** The sources of which more than a fifth of the lines in these windows was not understood; most such lines first. */
export function poorSources(windows: readonly WindowRecord[]): NotUnderstood[] {
  return sourcesNotUnderstood(windows)
    .filter((source) => isPoorlyUnderstood({ ...source, first: null }))
    .sort((a, b) => b.unparsed - a.unparsed || (a.source < b.source ? -1 : 1))
    .slice(0, maxSources);
}

/** The sources of which lines were not understood, summed over windows, with the first such line of the first window. */
export function sourcesNotUnderstood(windows: Iterable<WindowRecord>): NotUnderstood[] {
  const sums = new Map<string, NotUnderstood>();
  for (const { notUnderstood } of windows) {
    for (const one of notUnderstood ?? []) {
      const known = sums.get(one.source);
      const { lines = 0, unparsed = 0 } = known ?? {};
      sums.set(one.source, { ...(known ?? one), lines: lines + one.lines, unparsed: unparsed + one.unparsed });
    }
  }
  return [...sums.values()];
}
