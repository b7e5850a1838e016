import * as is from '../../../../config/fields';
import { linesAt } from '../../mail/words';
import type { RuleKind, RuleWindow } from './rule-kind';

interface Rate {
  readonly factor: number;
  readonly days: number;
  readonly minLines: number;
}

export const day = 24 * 60 * 60_000;

/**
 * Breached when a window has more than `factor` times as many lines at the rule's level as usual: as the median of the same time on the
 * `days` days before. Windows of fewer than `minLines` lines are not breached, and none is while less than half of these days are known.
 */
export const rate: RuleKind<Rate> = {
  name: 'rate',
  schema: { factor: is.integer(1, 1_000_000), days: is.integer(1, 28), minLines: is.integer(1) },
  example: { factor: 3, days: 1, minLines: 20 },
  evaluatedWhen: 'revised',
  neededMs: ({ days }, windowMs) => days * day + windowMs,
  evaluate: ({ factor, days, minLines }, window) => {
    const usual = usualLines(window, days);
    // Where there are none as a rule, one line counts as usual: nothing is infinitely many times as much.
    const value = usual === null ? 0 : Math.round((10 * window.lines) / Math.max(1, usual)) / 10;
    const breached = usual !== null && window.lines >= minLines && window.lines > factor * Math.max(1, usual);
    return { value, breached };
  },
  describe: ({ factor, days, minLines }, { level, value }) => ({
    worst: `${value} times the usual ${level} lines`,
    limit: `threshold ${factor} times`,
    condition: `at least ${linesAt(level, minLines)} and more than ${factor} times as many as at this time ${days === 1 ? 'of the day before' : `on the ${days} days before (median)`}`,
    change: 'raise the factor',
    yaml: [`factor: ${Math.ceil(value)}   # now ${factor}`, `days: ${days}`, `minLines: ${minLines}`],
  }),
};

/** The median of the days that are known; null when those are less than half. */
function usualLines({ linesBefore }: RuleWindow, days: number): number | null {
  const known = Array.from({ length: days }, (_, i) => linesBefore((i + 1) * day))
    .filter((lines) => lines !== null)
    .sort((a, b) => a - b);
  if (2 * known.length < days) return null;
  const middle = known.length / 2;
  const upper = known[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? ((known[middle - 1] ?? 0) + upper) / 2 : upper;
}
