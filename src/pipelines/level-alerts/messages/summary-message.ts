import { truncate, visible } from '../../../html/escape';
import { severities, type Severity } from '../alerting/severity';
import type { SummaryReport } from '../alerting/summary-report';
import type { MailView } from '../mail/content';
import { redact } from '../../../redact';
import { summaryContentOf, type SummaryContent } from '../mail/summary-content';

/** A message about several incidents, ready for a receiver of any kind. Bounded, redacted and visible like an `AlertMessage`. */
export interface SummaryMessage {
  readonly id: string;
  readonly severity: Severity;
  readonly possibleRepeat: boolean;
  readonly content: SummaryContent;
  readonly rules: readonly string[];
  readonly incidents: readonly IncidentFacts[];
  readonly otherIncidents: number;
  readonly open: number;
  readonly from: string;
  readonly to: string;
  readonly hosts: readonly { readonly name: string; readonly count: number }[];
  readonly otherHosts: number;
  /** Most frequent first. */
  readonly patterns: readonly { readonly text: string; readonly count: number }[];
  /** Lines that none of `patterns` covers. */
  readonly otherPatterns: number;
  readonly decidedAt: string;
}

interface IncidentFacts {
  readonly id: string;
  readonly rule: string;
  readonly isOpen: boolean;
  readonly from: string;
  readonly to: string;
  readonly level: string;
  readonly count: number;
}

const bounds = { incidents: 200, name: 256, pattern: 1024 };

/** Pure. */
export function summaryMessageOf(report: SummaryReport, view: MailView): SummaryMessage {
  const name = (text: string): string => truncate(visible(text), bounds.name);
  const incidents = report.incidents
    .toSorted((a, b) => Number(a.isOver) - Number(b.isOver) || b.count - a.count)
    .slice(0, bounds.incidents);
  return {
    id: report.id,
    severity: severityOf(report),
    possibleRepeat: view.possibleRepeat,
    content: summaryContentOf(report, view),
    rules: report.rules.map(name),
    incidents: incidents.map(({ incident, rule, isOver, from, to, level, count }) => ({
      id: incident,
      rule: name(rule),
      isOpen: !isOver,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      level,
      count,
    })),
    otherIncidents: report.otherIncidents + report.incidents.length - incidents.length,
    open: report.open,
    from: report.from,
    to: report.to,
    hosts: report.origins.map(({ origin, count }) => ({ name: name(origin), count })),
    otherHosts: report.otherOrigins,
    patterns: report.patterns.map(({ pattern, count }) => ({
      text: truncate(visible(view.redact ? redact(pattern.slice(0, 4096)) : pattern), bounds.pattern),
      count,
    })),
    otherPatterns: report.otherPatterns,
    decidedAt: report.decidedAt,
  };
}

/** The most urgent of those that are open; when all are over, it is not urgent. */
function severityOf({ incidents }: SummaryReport): Severity {
  const among = (some: SummaryReport['incidents']): Severity =>
    severities.find((each) => some.some(({ severity }) => severity === each)) ?? 'info';
  const open = incidents.filter(({ isOver }) => !isOver);
  if (open.length > 0) return among(open);
  return among(incidents) === 'info' ? 'info' : 'warning';
}
