import type { WindowRecord } from '../counting/window-record';
import { checkRules, groupOf, ruleWindowStart, type Rule } from './rules';

/** A breached window of a rule. */
export interface Breached {
  readonly rule: string;
  readonly group: string;
  /** Epoch milliseconds. */
  readonly start: number;
}

/** The windows of rules that final windows breach, whatever was mailed of them. */
export function breachedWindows(
  windows: readonly WindowRecord[],
  rules: readonly Rule[],
  baseWindowMs: number,
): Breached[] {
  return checkRules(rules, baseWindowMs).flatMap((rule) => {
    const sums = new Map<string, Breached & { sum: number }>();
    for (const { origin, windowStart, counts } of windows) {
      if (!rule.matches(origin)) continue;
      const breached = {
        rule: rule.name,
        group: groupOf(rule, origin),
        start: ruleWindowStart(rule, Date.parse(windowStart)),
      };
      const key = JSON.stringify([breached.group, breached.start]);
      sums.set(key, { ...breached, sum: (sums.get(key)?.sum ?? 0) + counts[rule.level] });
    }
    return [...sums.values()].filter(({ sum }) => sum > rule.threshold);
  });
}
