import type { NotUnderstood, WindowRecord } from '../counting/window-record';
import type { ReportNotes } from './mail-report';

/** A report names at most this many sources. */
const maxSources = 3;

/**
 * Lines in these windows that were not understood: those of the sources with the most of them, each with its first one,
 * and the number of all others.
 */
export function unparsedLines(
  windows: readonly WindowRecord[],
): Pick<ReportNotes, 'notUnderstood' | 'otherNotUnderstood'> {
  const sums = new Map<string, NotUnderstood>();
  for (const one of windows.flatMap(({ notUnderstood }) => notUnderstood ?? [])) {
    const known = sums.get(one.source);
    sums.set(one.source, { ...(known ?? one), unparsed: (known?.unparsed ?? 0) + one.unparsed });
  }
  if (sums.size === 0) return {};
  const named = [...sums.values()]
    .sort((a, b) => b.unparsed - a.unparsed || (a.source < b.source ? -1 : 1))
    .slice(0, maxSources);
  // A window names few of its sources, and counts the lines of all.
  const all = windows.reduce((sum, { unparsed }) => sum + unparsed, 0);
  const others = all - named.reduce((sum, { unparsed }) => sum + unparsed, 0);
  return { notUnderstood: named, ...(others > 0 ? { otherNotUnderstood: others } : {}) };
}
