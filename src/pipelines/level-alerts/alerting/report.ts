import type { LevelCounts, PatternCount, SampleLine, WindowRecord } from '../counting/window-record';
import type { RuleLevel } from './rule-kinds/rule-kind';
import { greatest, least } from './extremes';
import { shortHash } from './ids';
import { originsIn, patternsIn as patternsInMembers } from './incident-facts';
import { patternsOf } from './level-patterns';
import type { Incident } from './incidents';
import type { AlertingClock, KeptWindow, KeptWindows } from './kept-windows';
import type {
  BreachedWindow,
  ChartBar,
  MailReport,
  ReportedMember,
  ReportedPattern,
  ReportedRule,
  ReportNotes,
  Transition,
} from './mail-report';
import { changesOf } from './reported-changes';
import { unparsedLines } from './unparsed-lines';
import { allTogether, coveredBy, groupOf, slideAt, type CheckedRule } from './rules';

/** The subject of a report: one incident, or those that a digest of one rule gathers. */
export interface Subject {
  readonly rule: CheckedRule;
  readonly incidents: readonly [Incident, ...Incident[]];
}

const bounds = {
  breaches: 1000,
  chart: 30,
  patterns: 20,
  knownPatterns: 5,
  samples: 24,
  origins: 20,
  lagging: 20,
  members: 2000,
} as const;
const hour = 60 * 60 * 1000;

/** Fills a report from the windows that are kept. Its sums leave out breaches whose windows were evicted. */
export function buildReport(
  windows: KeptWindows,
  clock: AlertingClock,
  subject: Subject,
  transition: Transition,
  id: string,
  isOver: boolean,
): MailReport {
  const { rule, incidents } = subject;
  const from = least(incidents.map((incident) => incident.from));
  const to = greatest(incidents.map((incident) => incident.to));
  const group = groupName(subject);
  const members = memberWindows(windows, subject, -Infinity, to);
  const before = members.filter(({ start }) => start < from);
  const since = members.slice(before.length);
  const breached = breachedOnly(subject, since);
  const breaches = breachesOf(windows, subject);
  const worst = breaches.reduce((highest, breach) => (breach.count > highest.count ? breach : highest));
  const patterns = markNew(sumPatterns(breached, rule.level), knownPatterns(before, subject));
  const shown = shownPatterns(patterns);
  // Lines that are not understood have the time of their upload, which is after that of the lines beside them.
  const unparsed = unparsedLines(memberWindows(windows, subject, from, Infinity).map(({ record }) => record));
  return {
    v: 1,
    id,
    incident: incidents[0].id,
    transition,
    rule: reportedRule(rule, worst),
    group,
    from: iso(from),
    to: iso(to),
    breaches: breaches.slice(-bounds.breaches),
    worst,
    totals: sumCounts(breached),
    median: medianBefore(windows, clock, subject, members, from),
    chart: chartUntil(windows, subject, members, to),
    patterns: shown,
    otherPatterns:
      sumOf(breached, (record) => patternsOf(record, rule.level).otherPatterns) +
      patterns.filter((each) => !shown.includes(each)).reduce((sum, { count }) => sum + count, 0),
    samples: samplesOf(breached, rule.level, transition, shown),
    origins: originsOf(rule, breached),
    notes: {
      ...notesOf(windows, clock, subject, breached, to),
      gaps: sumOf(since, ({ gaps }) => gaps),
      ...(clock.isBacklogKnown === false ? { unread: true } : {}),
      ...unparsed,
    },
    decidedAt: iso(clock.now),
    ...(incidents.length === 1
      ? changesOf(incidents[0], rule, transition, breached, isOver)
      : { members: incidents.slice(0, bounds.members).map(memberOf) }),
  };
}

function memberOf({ id: incident, group, openedBy, from, to }: Incident): ReportedMember {
  return { incident, group, openedBy, from, to };
}

/** The kind's settings lie beside the other keys, as in the configuration. */
function reportedRule(rule: CheckedRule, worst: BreachedWindow): ReportedRule {
  const { name, kind, settings, level, severity, windowMs: window, origins } = rule;
  return { ...settings, name, kind, level, severity, window, origins, words: rule.describe(worst.count) };
}

/** Every pattern in given windows of a subject's rule (starts), with its count. */
export function patternsInWindows(
  windows: KeptWindows,
  subject: Subject,
  ruleStarts: ReadonlySet<number>,
): PatternCount[] {
  const { windowMs, level } = subject.rule;
  const isWanted = coveredBy(subject.rule, ruleStarts);
  const starts = [...ruleStarts];
  const members = memberWindows(windows, subject, least(starts), greatest(starts) + windowMs);
  return sumPatterns(
    members.filter(({ start }) => isWanted(start)),
    level,
  );
}

/** Every pattern in the breached windows of a subject, with its count. */
export function patternsIn(windows: KeptWindows, subject: Subject): PatternCount[] {
  const from = least(subject.incidents.map((incident) => incident.from));
  const to = greatest(subject.incidents.map((incident) => incident.to));
  return sumPatterns(breachedOnly(subject, memberWindows(windows, subject, from, to)), subject.rule.level);
}

/** The group of the mail: that of its incidents, or `all` when a digest gathers several groups. */
export function groupName({ incidents }: Subject): string {
  const [first, ...others] = incidents;
  return others.every(({ group }) => group === first.group) ? first.group : allTogether;
}

/** Windows of the subject's groups that start in [from, to), in order of (start, origin). */
function memberWindows(windows: KeptWindows, { rule, incidents }: Subject, from: number, to: number): KeptWindow[] {
  const groups = new Set(incidents.map(({ group }) => group));
  const onlyOrigin = rule.each && groups.size === 1 ? incidents[0].group : null;
  return windows
    .between(from, to, onlyOrigin)
    .filter(({ origin }) => groups.has(groupOf(rule, origin)) && windows.rulesOf(origin).includes(rule));
}

function breachedOnly({ rule, incidents }: Subject, members: readonly KeptWindow[]): KeptWindow[] {
  const breached = new Map<string, number[]>();
  for (const { group, breaches } of incidents) {
    breached.set(group, [...(breached.get(group) ?? []), ...breaches]);
  }
  const covers = new Map(Array.from(breached, ([group, starts]) => [group, coveredBy(rule, starts)]));
  return members.filter(({ origin, start }) => covers.get(groupOf(rule, origin))?.(start));
}

/** Oldest first, without those whose windows were evicted, unless all were. */
function breachesOf(windows: KeptWindows, { rule, incidents }: Subject): [BreachedWindow, ...BreachedWindow[]] {
  const all = incidents
    .map(({ group, breaches }) => breaches.map((start) => ({ start, ...windows.evaluate(rule, group, start) })))
    .map((ones) => ({ last: ones.at(-1), breached: ones.filter(({ breached }) => breached) }));
  const windowOf = ({ start, value }: { start: number; value: number }): BreachedWindow => ({
    windowStart: iso(start),
    windowEnd: iso(start + rule.windowMs),
    count: value,
  });
  const [first, ...others] = all
    .flatMap(({ breached }) => apart(rule, breached))
    .sort((a, b) => a.start - b.start)
    .map(windowOf);
  if (first !== undefined) return [first, ...others];
  return [windowOf(all.at(-1)?.last ?? { start: incidents[0].openedBy, value: 0 })];
}

/** The worst window, and those before and after it that do not overlap one another: no line is in two of them. */
function apart<T extends { readonly start: number; readonly value: number }>(
  { windowMs }: CheckedRule,
  breaches: readonly T[],
): readonly T[] {
  const worst = breaches.reduce((highest, { value }, i) => (value > (breaches[highest]?.value ?? 0) ? i : highest), 0);
  const spaced = (ones: readonly T[]): T[] => {
    const kept: T[] = [];
    for (const one of ones) {
      const last = kept.at(-1);
      if (last === undefined || Math.abs(one.start - last.start) >= windowMs) kept.push(one);
    }
    return kept;
  };
  const before = spaced(breaches.slice(0, worst + 1).reverse()).reverse();
  return [...before, ...spaced(breaches.slice(worst)).slice(1)];
}

/** The usual counts: complete windows of the hour before, with empty ones, back to the first known window. */
function medianBefore(
  windows: KeptWindows,
  clock: AlertingClock,
  { rule, incidents }: Subject,
  members: readonly KeptWindow[],
  from: number,
): LevelCounts | null {
  const completeUntil = least(incidents.map(({ group }) => windows.groupCompleteUntil(rule, group, clock)));
  const earliest = Math.min(from - rule.windowMs, from - hour);
  const counts = countsByRuleWindow(rule, members, earliest, Math.min(from, slideAt(rule, completeUntil)));
  const complete = counts.map(({ sums }) => sums);
  if (complete.length === 0) return null;
  return byLevel((level) => median(complete.map((sums) => sums[level])));
}

function chartUntil(
  windows: KeptWindows,
  { rule, incidents }: Subject,
  members: readonly KeptWindow[],
  to: number,
): ChartBar[] {
  return countsByRuleWindow(rule, members, to - bounds.chart * rule.windowMs, to).map(({ start, sums }) => ({
    windowStart: iso(start),
    breached: incidents.some(({ group }) => windows.evaluate(rule, group, start).breached),
    ...sums,
  }));
}

/** The rule's whole windows in [from, to) from the first known one on, one after the other; the last one ends at `to`. */
function countsByRuleWindow(
  rule: CheckedRule,
  members: readonly KeptWindow[],
  from: number,
  to: number,
): { start: number; sums: LevelCounts }[] {
  if (!(from < to)) return [];
  const startOf = (time: number): number => to - Math.ceil((to - time) / rule.windowMs) * rule.windowMs;
  const first = to - Math.floor((to - from) / rule.windowMs) * rule.windowMs;
  const byStart = new Map<number, KeptWindow[]>();
  for (const window of members) {
    if (window.start < first || window.start >= to) continue;
    const start = startOf(window.start);
    const siblings = byStart.get(start);
    if (siblings === undefined) byStart.set(start, [window]);
    else siblings.push(window);
  }
  const known = members[0] === undefined ? to : startOf(members[0].start);
  const counts: { start: number; sums: LevelCounts }[] = [];
  for (let start = Math.max(first, known); start < to; start += rule.windowMs) {
    counts.push({ start, sums: sumCounts(byStart.get(start) ?? []) });
  }
  return counts;
}

/** Most frequent first, ties by text. */
function sumPatterns(windows: readonly KeptWindow[], level: RuleLevel): PatternCount[] {
  return patternsInMembers(windows, () => level);
}

/** A test for patterns that a reader may know: from windows before the incidents, or from their earlier mails. */
function knownPatterns(before: readonly KeptWindow[], { rule, incidents }: Subject): (pattern: string) => boolean {
  // At the first start there is nothing to compare with; an incident of very many patterns is not followed pattern by pattern.
  if (before.length === 0 && incidents.every(({ mailed }) => mailed === null)) return () => true;
  if (incidents.some(({ mailed }) => mailed !== null && mailed.patterns === null)) return () => true;
  const seen = new Set(
    before.flatMap(({ record }) => patternsOf(record, rule.level).patterns.map(({ pattern }) => pattern)),
  );
  const mailed = new Set(incidents.flatMap((incident) => incident.mailed?.patterns ?? []));
  return (pattern) => seen.has(pattern) || mailed.has(shortHash(pattern));
}

function markNew(patterns: readonly PatternCount[], isKnown: (pattern: string) => boolean): ReportedPattern[] {
  return patterns.map(({ pattern, count }) => ({ pattern, count, isNew: !isKnown(pattern) }));
}

/** New ones first, which say what changed; the most frequent others always have a place. */
function shownPatterns(patterns: readonly ReportedPattern[]): ReportedPattern[] {
  const known = patterns.filter(({ isNew }) => !isNew);
  const places = bounds.patterns - Math.min(known.length, bounds.knownPatterns);
  const shown = patterns.filter(({ isNew }) => isNew).slice(0, places);
  return [...shown, ...known.slice(0, bounds.patterns - shown.length)];
}

/**
 * A line of the most frequent pattern, then one of each new pattern, then others: the first ones, and the last ones in a mail about
 * an incident that was mailed before.
 */
function samplesOf(
  breached: readonly KeptWindow[],
  level: RuleLevel,
  transition: Transition,
  patterns: readonly ReportedPattern[],
): SampleLine[] {
  const continues = transition === 'reminder' || transition === 'new-pattern';
  const byPattern = new Map<string, SampleLine>();
  for (const { record, start } of continues ? breached.toReversed() : breached) {
    const own = patternsOf(record, level);
    for (const { pattern, ...line } of own.samples) {
      // A sample of an earlier version names no pattern: each is one of its own.
      const name = own.patterns[pattern ?? -1]?.pattern ?? `${start} ${line.source} ${line.at}`;
      if (!byPattern.has(name)) byPattern.set(name, line);
    }
  }
  const [first] = patterns.toSorted((a, b) => b.count - a.count);
  const named = [first, ...patterns.filter(({ isNew }) => isNew)].flatMap((each) =>
    each === undefined ? [] : [each.pattern],
  );
  const order = new Set([...named, ...byPattern.keys()]);
  return [...order]
    .flatMap((name) => {
      const line = byPattern.get(name);
      return line === undefined ? [] : [line];
    })
    .slice(0, bounds.samples);
}

function originsOf(rule: CheckedRule, breached: readonly KeptWindow[]): { origin: string; count: number }[] {
  return originsIn(breached, () => rule.level).slice(0, bounds.origins);
}

function notesOf(
  windows: KeptWindows,
  clock: AlertingClock,
  { rule, incidents }: Subject,
  breached: readonly KeptWindow[],
  to: number,
): ReportNotes {
  const origins = new Set(incidents.flatMap(({ group }) => windows.members(rule, group)));
  return {
    incomplete: breached.filter(({ origin, end }) => windows.completeUntil(origin, clock) < end).length,
    continuation: sumOf(breached, ({ continuation }) => continuation),
    unparsed: sumOf(breached, ({ unparsed }) => unparsed),
    again: sumOf(breached, ({ again }) => again),
    future: sumOf(breached, ({ future }) => future),
    expired: sumOf(breached, ({ expired }) => expired),
    lagging: [...origins]
      .filter((origin) => windows.completeUntil(origin, clock) < to)
      .sort()
      .slice(0, bounds.lagging),
  };
}

function sumOf(windows: readonly KeptWindow[], of: (record: WindowRecord) => number): number {
  return windows.reduce((sum, { record }) => sum + of(record), 0);
}

function sumCounts(windows: readonly KeptWindow[]): LevelCounts {
  return byLevel((level) => windows.reduce((sum, { record }) => sum + record.counts[level], 0));
}

function byLevel(of: (level: keyof LevelCounts) => number): LevelCounts {
  return { error: of('error'), warn: of('warn'), info: of('info'), debug: of('debug'), none: of('none') };
}

/** With an even number of values, the mean of the two in the middle. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? 0) + upper) / 2 : upper;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
