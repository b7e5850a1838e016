import type { WindowRecord } from '../counting/window-record';
import { checkRules, groupOf, ruleWindowStart, type Rule } from './rules';

/** How many windows of rules are breached by final windows: by rule, group and window, whatever was mailed of them. */
export function countBreaches(windows: readonly WindowRecord[], rules: readonly Rule[], baseWindowMs: number): number {
  let breaches = 0;
  for (const rule of checkRules(rules, baseWindowMs)) {
    const sums = new Map<string, number>();
    for (const { origin, windowStart, counts } of windows) {
      if (!rule.matches(origin)) continue;
      const window = JSON.stringify([groupOf(rule, origin), ruleWindowStart(rule, Date.parse(windowStart))]);
      sums.set(window, (sums.get(window) ?? 0) + counts[rule.level]);
    }
    for (const sum of sums.values()) if (sum > rule.threshold) breaches += 1;
  }
  return breaches;
}
