import { incidentId, shortHash } from './ids';
import type { Incident, Incidents, Mailed } from './incidents';
import type { MailReport, ReportedMember } from './mail-report';
import { isSummary, type AnyReport, type SummaryReport } from './summary-report';
import type { Told } from './told';
import { allTogether, type CheckedRule } from './rules';

/**
 * Restores an incident from a mail in the outbox, as far as the mail describes it: after `telltale reset alerting` it is
 * not mailed again (`told-stays-true`). Called in the order of the topic. A changed rule is a new rule: earlier mails do
 * not count for it.
 */
export function recallMail(incidents: Incidents, rules: ReadonlyMap<string, CheckedRule>, report: AnyReport): void {
  if (isSummary(report)) {
    recallSummary(incidents, rules, report);
    return;
  }
  const rule = rules.get(report.rule.name);
  if (rule === undefined || !isSameRule(report, rule)) return;
  if (report.transition === 'merged') {
    incidents.restore(report.incident, null);
    return;
  }
  for (const member of membersOf(report, rule)) {
    incidents.add(merged(incidents.withId(member.incident), told(member, report, rule)));
  }
}

/** The counts of messages before the first one. */
const noMails = { reminders: 0, resolutions: 0, newPatterns: 0, reopenings: 0, growths: 0 };

function recallSummary(incidents: Incidents, rules: ReadonlyMap<string, CheckedRule>, report: SummaryReport): void {
  const at = Date.parse(report.decidedAt);
  for (const { incident: id, rule: name, definition, group, openedBy, from, to, isOver } of report.incidents) {
    const rule = rules.get(name);
    if (rule?.definition !== definition) continue;
    const before = incidents.withId(id);
    const owedTo = (before?.owedTo ?? []).filter((receiver) => !report.receivers.includes(receiver));
    const mail: ToldIncident = {
      ...{ id, rule: name, group, openedBy, openedAt: at, from, to },
      breaches: [from],
      flaps: 0,
      changedAt: at,
      late: false,
      closed: isOver,
      mergedInto: null,
      touched: new Set(),
      // The summary does not name all patterns of its incidents.
      mailed: { ...noMails, lastAt: at, toldOver: isOver, patterns: null, told: null },
      owedTo,
    };
    incidents.add({ ...merged(before, mail), owedTo });
  }
}

function isSameRule({ rule: reported, group, transition }: MailReport, rule: CheckedRule): boolean {
  const { kind, level, windowMs: window, origins } = rule;
  const settings = Object.entries({ ...rule.settings, kind, level, window, origins });
  const isGroup = (group === allTogether) !== rule.each || transition === 'digest';
  return (
    isGroup && settings.every(([key, value]) => JSON.stringify(Reflect.get(reported, key)) === JSON.stringify(value))
  );
}

/**
 * Earlier versions did not name the incidents of a digest: then each of its origins counts as mailed for the whole digest.
 */
function membersOf(report: MailReport, rule: CheckedRule): readonly ReportedMember[] {
  if (report.members !== undefined) return report.members;
  const { incident, group, from, to } = report;
  if (!rule.each || group !== allTogether) {
    return [{ incident, group, openedBy: openedBy(report, rule), from: Date.parse(from), to: Date.parse(to) }];
  }
  return report.origins.map(({ origin }) => {
    const start = Date.parse(from);
    return {
      incident: incidentId(rule.name, origin, start),
      group: origin,
      openedBy: start,
      from: start,
      to: Date.parse(to),
    };
  });
}

/** The id is a hash of the breach that opened the incident. */
function openedBy({ incident, group, breaches, from }: MailReport, { name }: CheckedRule): number {
  const starts = breaches.map(({ windowStart }) => Date.parse(windowStart));
  return starts.find((start) => incidentId(name, group, start) === incident) ?? Date.parse(from);
}

interface ToldIncident extends Incident {
  mailed: Mailed;
}

function told(
  { incident: id, group, openedBy: opening, from, to }: ReportedMember,
  report: MailReport,
  rule: CheckedRule,
): ToldIncident {
  const at = Date.parse(report.decidedAt);
  const { transition, breaches, patterns, otherPatterns } = report;
  const starts = breaches
    .map(({ windowStart }) => Date.parse(windowStart))
    .filter((start) => start >= from && start < to);
  const toldOver = saysOver(report);
  return {
    ...{ id, rule: rule.name, group, openedBy: opening, openedAt: at, from, to },
    breaches: starts.length === 0 ? [from] : starts,
    flaps: report.flaps ?? 0,
    changedAt: at,
    late: transition === 'digest',
    closed: toldOver,
    mergedInto: null,
    touched: new Set(),
    mailed: {
      lastAt: at,
      reminders: transition === 'reminder' ? 1 : 0,
      resolutions: transition === 'resolved' ? 1 : 0,
      newPatterns: transition === 'new-pattern' ? 1 : 0,
      reopenings: transition === 'reopened' ? 1 : 0,
      growths: transition === 'grown' ? 1 : 0,
      toldOver,
      // The mail lists some of its patterns. It does not show which others are old.
      patterns: otherPatterns > 0 ? null : patterns.map(({ pattern }) => shortHash(pattern)),
      // The figures of a digest are those of all its incidents.
      told: report.members === undefined && group === report.group ? toldBy(report, from, to) : null,
    },
    owedTo: report.owedTo ?? [],
  };
}

function saysOver({ transition, isOver = false }: MailReport): boolean {
  return transition === 'over' || transition === 'resolved' || transition === 'digest' || isOver;
}

/** A report names at most this many hosts. */
const namedHosts = 20;

function toldBy({ totals, rule, worst, breaches, origins }: MailReport, from: number, to: number): Told {
  return {
    lines: totals[rule.level],
    worst: worst.count,
    breaches: breaches.length,
    from,
    to,
    hosts: origins.length < namedHosts ? origins.map(({ origin }) => shortHash(origin)).sort() : null,
    hostCount: origins.length,
  };
}

/** An incident, combined from two of its mails. */
function merged(before: Incident | null, mail: ToldIncident): Incident {
  if (before === null || before.mailed === null) return mail;
  const earlier = before.mailed;
  const isLast = mail.mailed.lastAt >= earlier.lastAt;
  return {
    ...before,
    breaches: [...new Set([...before.breaches, ...mail.breaches])].sort((a, b) => a - b),
    openedAt: Math.min(before.openedAt, mail.openedAt),
    from: Math.min(before.from, mail.from),
    to: Math.max(before.to, mail.to),
    changedAt: Math.max(before.changedAt, mail.changedAt),
    late: before.late && mail.late,
    closed: isLast ? mail.closed : before.closed,
    mailed: sum(earlier, mail.mailed, isLast ? mail.mailed : earlier),
    owedTo: [...new Set([...before.owedTo, ...mail.owedTo])],
  };
}

function sum(a: Mailed, b: Mailed, last: Mailed): Mailed {
  return {
    ...last,
    reminders: a.reminders + b.reminders,
    resolutions: a.resolutions + b.resolutions,
    newPatterns: a.newPatterns + b.newPatterns,
    reopenings: a.reopenings + b.reopenings,
    growths: a.growths + b.growths,
  };
}
