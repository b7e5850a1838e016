import type { SampleLine } from '../counting/window-record';
import { greatest, least } from './extremes';
import { shortHash } from './ids';
import { originsIn, patternsIn, type IncidentFacts } from './incident-facts';
import { patternsOf } from './level-patterns';
import type { Incident } from './incidents';
import type { AlertingClock, KeptWindow, KeptWindows } from './kept-windows';
import type { RuleLevel } from './rule-kinds/rule-kind';
import type { CheckedRule } from './rules';
import type { SummarizedIncident, SummaryCause, SummaryReport } from './summary-report';

/** An incident of a summary. */
export interface SummaryMember {
  readonly incident: Incident;
  readonly rule: CheckedRule;
  readonly facts: IncidentFacts;
  readonly isOver: boolean;
  /** The message that the summary replaces: equal for equal decisions. */
  readonly id: string;
}

/** One message about several incidents. */
export interface SummarySubject {
  readonly id: string;
  readonly cause: SummaryCause;
  readonly receivers: readonly string[];
  readonly members: readonly SummaryMember[];
}

const bounds = {
  incidents: 2000,
  detailed: 100,
  rules: 20,
  origins: 20,
  patterns: 20,
  samples: 5,
  lagging: 20,
  named: 3,
  pattern: 256,
} as const;

const levels: readonly RuleLevel[] = ['error', 'warn', 'info', 'debug'];

/** Equal for equal decisions, and different for each list of receivers. */
export function summaryId(
  cause: SummaryCause,
  receivers: readonly string[],
  members: readonly Pick<SummaryMember, 'id'>[],
): string {
  return shortHash('summary', cause, receivers.join('/'), ...members.map(({ id }) => id));
}

/** Fills a summary from the windows that are kept. */
export function buildSummary(
  windows: KeptWindows,
  clock: AlertingClock,
  { id, cause, receivers, members }: SummarySubject,
): SummaryReport {
  const inOrder = members.toSorted((a, b) => a.incident.from - b.incident.from || compare(keyOf(a), keyOf(b)));
  const detailed = new Set(
    members
      .toSorted((a, b) => Number(a.isOver) - Number(b.isOver) || b.facts.count - a.facts.count)
      .slice(0, bounds.detailed),
  );
  const counted = countedLines(members);
  const all = counted.map(({ window }) => window);
  const levelOf = new Map(counted.map(({ window, level }) => [window, level]));
  const level = (window: KeptWindow): RuleLevel => levelOf.get(window) ?? 'error';
  const origins = originsIn(all, level);
  const patterns = patternsIn(all, level);
  const shown = patterns.slice(0, bounds.patterns);
  const rules = [...new Set(members.map(({ rule }) => rule.name))].sort();
  return {
    v: 1,
    id,
    transition: 'summary',
    cause,
    receivers,
    from: iso(least(members.map(({ incident }) => incident.from))),
    to: iso(greatest(members.map(({ incident }) => incident.to))),
    incidents: inOrder.slice(0, bounds.incidents).map((member) => summarized(member, detailed.has(member))),
    otherIncidents: Math.max(0, members.length - bounds.incidents),
    open: members.filter(({ isOver }) => !isOver).length,
    rules: rules.slice(0, bounds.rules),
    lines: levels
      .map((each) => ({
        level: each,
        count: counted.reduce(
          (sum, { window, level: own }) => sum + (own === each ? window.record.counts[each] : 0),
          0,
        ),
      }))
      .filter(({ count }) => count > 0),
    origins: origins.slice(0, bounds.origins),
    otherOrigins: Math.max(0, origins.length - bounds.origins),
    patterns: shown,
    otherPatterns:
      counted.reduce((sum, each) => sum + patternsOf(each.window.record, each.level).otherPatterns, 0) +
      patterns.slice(shown.length).reduce((sum, { count }) => sum + count, 0),
    samples: samplesOf(counted, shown),
    notes: {
      withoutWindows: members.filter(({ facts }) => facts.windows.length === 0).length,
      lagging: laggingIn(windows, clock, members),
      gaps: all.reduce((sum, { record }) => sum + record.gaps, 0),
      ...(clock.isBacklogKnown === false ? { unread: true } : {}),
    },
    decidedAt: iso(clock.now),
  };
}

interface CountedWindow {
  readonly window: KeptWindow;
  readonly level: RuleLevel;
}

/** Each window once for each level, although several incidents may hold it. */
function countedLines(members: readonly SummaryMember[]): CountedWindow[] {
  return levels.flatMap((level) => {
    const own = members.filter(({ rule }) => rule.level === level);
    // A copy stands for the window at this level: another level may count the same window.
    return Array.from(new Set(own.flatMap(({ facts }) => facts.windows)), (window) => ({
      window: { ...window },
      level,
    }));
  });
}

function summarized(
  { incident: { id, group, openedBy, from, to, breaches }, rule, facts, isOver }: SummaryMember,
  isDetailed: boolean,
): SummarizedIncident {
  const named = isDetailed ? facts.origins.slice(0, bounds.named).map(({ origin }) => origin) : [];
  const [pattern] = isDetailed ? facts.patterns : [];
  return {
    incident: id,
    rule: rule.name,
    ...{ definition: rule.definition, level: rule.level, severity: rule.severity },
    ...{ group, openedBy, from, to, isOver },
    windows: breaches.length,
    count: facts.count,
    origins: named,
    otherOrigins: facts.origins.length - named.length,
    pattern: pattern === undefined ? null : pattern.pattern.slice(0, bounds.pattern),
  };
}

/** The first line of each of the most frequent patterns. */
function samplesOf(
  counted: readonly CountedWindow[],
  patterns: readonly { readonly pattern: string }[],
): readonly SampleLine[] {
  const lines = new Map<string, SampleLine>();
  for (const { window, level } of counted) {
    const own = patternsOf(window.record, level);
    for (const { pattern, ...line } of own.samples) {
      const name = own.patterns[pattern ?? -1]?.pattern;
      if (name !== undefined && !lines.has(name)) lines.set(name, line);
    }
  }
  return patterns
    .flatMap(({ pattern }) => {
      const line = lines.get(pattern);
      return line === undefined ? [] : [line];
    })
    .slice(0, bounds.samples);
}

/** Hosts whose windows are not complete up to the last breach of their incidents. */
function laggingIn(windows: KeptWindows, clock: AlertingClock, members: readonly SummaryMember[]): string[] {
  const until = new Map<string, number>();
  const groups = new Map(
    members.map(({ rule, incident }) => [
      JSON.stringify([rule.name, incident.group]),
      { rule, group: incident.group, to: 0 },
    ]),
  );
  for (const { rule, incident } of members) {
    const group = groups.get(JSON.stringify([rule.name, incident.group]));
    if (group !== undefined) group.to = Math.max(group.to, incident.to);
  }
  for (const { rule, group, to } of groups.values()) {
    for (const origin of windows.members(rule, group)) until.set(origin, Math.max(to, until.get(origin) ?? to));
  }
  return [...until]
    .filter(([origin, to]) => windows.completeUntil(origin, clock) < to)
    .map(([origin]) => origin)
    .sort()
    .slice(0, bounds.lagging);
}

function keyOf({ rule, incident }: SummaryMember): string {
  return JSON.stringify([rule.name, incident.group, incident.id]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
