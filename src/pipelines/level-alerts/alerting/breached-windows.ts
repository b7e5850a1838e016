import type { WindowRecord } from '../counting/window-record';
import { KeptWindows } from './kept-windows';
import { checkRules, type Rule } from './rules';

/** A breached window of a rule. */
export interface Breached {
  readonly rule: string;
  readonly group: string;
  /** Epoch milliseconds. */
  readonly start: number;
}

/** The windows of rules that final windows breach, mailed or not. */
export function breachedWindows(
  windows: readonly WindowRecord[],
  rules: readonly Rule[],
  baseWindowMs: number,
): Breached[] {
  const checked = checkRules(rules, baseWindowMs);
  const kept = new KeptWindows(1, baseWindowMs, checked);
  windows.forEach((record, offset) => kept.put(record, { partition: 0, offset, timestamp: 0 }));
  return checked.flatMap((rule) =>
    kept.groups(rule).flatMap(({ group, first, last }) => {
      const found = kept.breaches(rule, group, first + rule.slideMs, last + rule.slideMs);
      return found.map(({ start }) => ({ rule: rule.name, group, start }));
    }),
  );
}
