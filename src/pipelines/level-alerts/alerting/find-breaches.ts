import type { Evaluation } from './rule-kinds/rule-kind';
import type { CheckedRule } from './rules';
import type { SlidingSums, WindowSums } from './sliding-sums';

/** A breached window of a rule and group. Times are epoch milliseconds. */
export interface FoundBreach {
  readonly start: number;
  /** The last timestamp of the records that make it a breach: its own, and with `for` those of the windows in a row with it. */
  readonly arrivedAt: number;
}

/**
 * Finds the breaches of a rule among the windows that end from `first` to `last`: with `for`, the windows of each row of breached
 * windows, one after the other, whose last one ends then.
 *
 * A rule that is evaluated at each revision counts lines at its level. A window of it whose last base window has none cannot hold
 * more of them than the window that ends with its last line. So only windows that end with such lines are evaluated: a burst
 * is one breach, not one for each position of the window over it (`windows-slide`).
 */
export function breachesOf(
  rule: CheckedRule,
  sums: SlidingSums,
  first: number,
  last: number,
  evaluate: (start: number, sums: WindowSums) => Evaluation,
): FoundBreach[] {
  const { windowMs, slideMs, inARow } = rule;
  const ends = rule.evaluatedWhen === 'revised' ? sums.endsWithLines(first, last) : steps(first, last, slideMs);
  const evaluated = inARow === 1 ? ends : steps(first - (inARow - 1) * windowMs, last, slideMs);
  const breached = new Map<number, WindowSums>();
  for (const window of sums.slide(evaluated, windowMs)) {
    if (evaluate(window.end - windowMs, window).breached) breached.set(window.end, window);
  }
  const found = new Map<number, number>();
  for (const end of ends) {
    const row = Array.from({ length: inARow }, (_, i) => end - i * windowMs);
    const arrivals = row.flatMap((one) => breached.get(one)?.changedAt ?? []);
    if (arrivals.length < inARow) continue;
    const arrivedAt = Math.max(...arrivals);
    for (const one of row) found.set(one - windowMs, Math.min(arrivedAt, found.get(one - windowMs) ?? arrivedAt));
  }
  return Array.from(found, ([start, arrivedAt]) => ({ start, arrivedAt })).sort((a, b) => a.start - b.start);
}

/** The times from `first` to `last` at which windows end. */
function steps(first: number, last: number, slideMs: number): number[] {
  return Array.from({ length: Math.max(0, Math.floor((last - first) / slideMs) + 1) }, (_, i) => first + i * slideMs);
}
