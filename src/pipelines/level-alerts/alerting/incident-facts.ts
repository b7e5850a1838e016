import type { PatternCount } from '../counting/window-record';
import { greatest, least } from './extremes';
import type { Incident } from './incidents';
import type { KeptWindow, KeptWindows } from './kept-windows';
import { patternsOf } from './level-patterns';
import type { RuleLevel } from './rule-kinds/rule-kind';
import { coveredBy, type CheckedRule } from './rules';

/** An incident in figures, from its breached windows alone: cheap, unlike a report. */
export interface IncidentFacts {
  /** The base windows in its breached windows that are still kept, in order of (start, origin). */
  readonly windows: readonly KeptWindow[];
  /** Lines at the rule's level. */
  readonly count: number;
  /** Origins of these lines, most lines first. */
  readonly origins: readonly OriginCount[];
  /** Most frequent first. */
  readonly patterns: readonly PatternCount[];
}

export interface OriginCount {
  readonly origin: string;
  readonly count: number;
}

export function incidentFacts(windows: KeptWindows, rule: CheckedRule, incident: Incident): IncidentFacts {
  const { group, breaches } = incident;
  const isBreached = coveredBy(rule, breaches);
  const members = windows
    .ofGroup(rule, group, least(breaches), greatest(breaches) + rule.windowMs)
    .filter(({ start }) => isBreached(start));
  return {
    windows: members,
    count: members.reduce((sum, { record }) => sum + record.counts[rule.level], 0),
    origins: originsIn(members, () => rule.level),
    patterns: patternsIn(members, () => rule.level),
  };
}

/** Origins of some windows with lines at given levels, most lines first. */
export function originsIn(windows: readonly KeptWindow[], levelOf: (window: KeptWindow) => RuleLevel): OriginCount[] {
  const sums = new Map<string, number>();
  for (const window of windows) {
    const { origin, record } = window;
    sums.set(origin, (sums.get(origin) ?? 0) + record.counts[levelOf(window)]);
  }
  return [...sums]
    .map(([origin, count]) => ({ origin, count }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || (a.origin < b.origin ? -1 : 1));
}

/** Patterns of some windows at given levels, most frequent first, ties by text. */
export function patternsIn(windows: readonly KeptWindow[], levelOf: (window: KeptWindow) => RuleLevel): PatternCount[] {
  const sums = new Map<string, number>();
  for (const window of windows) {
    for (const { pattern, count } of patternsOf(window.record, levelOf(window)).patterns)
      sums.set(pattern, (sums.get(pattern) ?? 0) + count);
  }
  return [...sums]
    .map(([pattern, count]) => ({ pattern, count }))
    .sort((a, b) => b.count - a.count || (a.pattern < b.pattern ? -1 : 1));
}
