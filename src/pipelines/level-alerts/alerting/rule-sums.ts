import type { WindowRecord } from '../counting/window-record';
import { patternsOf } from './level-patterns';
import { groupOf, type CheckedRule } from './rules';
import { SeenPatterns } from './seen-patterns';
import { SlidingSums } from './sliding-sums';

/** The part of a kept window that sums need. Times are epoch milliseconds. */
interface SummedWindow {
  readonly record: WindowRecord;
  readonly origin: string;
  readonly start: number;
  readonly changedAt: number;
}

interface GroupSums {
  readonly sums: SlidingSums;
  readonly seen: SeenPatterns;
}

/** Sums over the kept windows by rule and group, and the patterns in them for the rules that need them. */
export class RuleSums {
  private readonly byRule = new Map<string, Map<string, GroupSums>>();

  add(rule: CheckedRule, { origin, start, record, changedAt }: SummedWindow): void {
    const groups = this.byRule.get(rule.name) ?? new Map<string, GroupSums>();
    this.byRule.set(rule.name, groups);
    const group = groupOf(rule, origin);
    const { sums, seen } = groups.get(group) ?? emptySums(rule);
    groups.set(group, { sums, seen });
    sums.add(start, { lines: record.counts[rule.level], records: recordsIn(record), changedAt });
    if (rule.needsPatterns) seen.add(start, patternsOf(record, rule.level));
  }

  remove(rule: CheckedRule, { origin, start, record }: SummedWindow): void {
    const groups = this.byRule.get(rule.name);
    const group = groupOf(rule, origin);
    const { sums, seen } = groups?.get(group) ?? emptySums(rule);
    sums.remove(start, { lines: record.counts[rule.level], records: recordsIn(record) });
    if (rule.needsPatterns) seen.remove(start, patternsOf(record, rule.level));
    if (sums.span() === null) groups?.delete(group);
  }

  /** Those of a group; empty ones when nothing of it is kept. */
  of(rule: CheckedRule, group: string): GroupSums {
    return this.byRule.get(rule.name)?.get(group) ?? emptySums(rule);
  }

  /** The groups of a rule of which windows are kept, with the start of the first one and of the last one. */
  groups(rule: CheckedRule): { readonly group: string; readonly first: number; readonly last: number }[] {
    return [...(this.byRule.get(rule.name) ?? [])].flatMap(([group, { sums }]) => {
      const span = sums.span();
      return span === null ? [] : [{ group, ...span }];
    });
  }

  clear(): void {
    this.byRule.clear();
  }
}

function emptySums({ slideMs }: CheckedRule): GroupSums {
  return { sums: new SlidingSums(slideMs), seen: new SeenPatterns(slideMs) };
}

/** Lines that begin a record, of any level and without one. */
function recordsIn({ counts }: WindowRecord): number {
  return counts.error + counts.warn + counts.info + counts.debug + counts.none;
}
