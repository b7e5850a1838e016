import { truncate, visible } from '../../../html/escape';
import type { MailReport, Transition } from '../alerting/mail-report';
import type { Severity } from '../alerting/severity';
import type { LevelCounts } from '../counting/window-record';
import { contentOf, type MailContent, type MailView } from '../mail/content';
import { redact } from '../../../redact';

/**
 * A decided message, ready for a receiver of any kind: its words, and its facts as numbers, times and names. Everything in it
 * is bounded, redacted and free of control characters. Renderers lay it out, and decide nothing.
 */
export interface AlertMessage {
  /** Equal for equal decisions: a receiver that gets it twice can tell. */
  readonly id: string;
  readonly transition: Transition;
  readonly severity: Severity;
  /** True when an earlier attempt may have reached the receiver. */
  readonly possibleRepeat: boolean;
  /** The words for people: `words.summary` is the verdict. */
  readonly words: MailContent;
  readonly incident: IncidentFacts;
  readonly rule: RuleFacts;
  /** Lines by level in the breached windows. */
  readonly counts: LevelCounts;
  /** Most lines first. */
  readonly hosts: readonly { readonly name: string; readonly count: number }[];
  /** Most frequent first. */
  readonly patterns: readonly { readonly text: string; readonly count: number; readonly isNew: boolean }[];
  /** Lines that none of `patterns` covers. */
  readonly otherPatterns: number;
  readonly lines: readonly { readonly place: string; readonly text: string }[];
  /** ISO 8601, UTC. */
  readonly decidedAt: string;
}

export interface IncidentFacts {
  readonly id: string;
  /** The incidents that a digest gathers, without `id`. */
  readonly others: readonly string[];
  /** False once it is over: a receiver that has an alert for it ends that alert. */
  readonly isOpen: boolean;
  /** From the start of the first breached window to the end of the last one: ISO 8601, UTC. */
  readonly from: string;
  readonly to: string;
}

export interface RuleFacts {
  readonly name: string;
  readonly kind: string;
  readonly level: MailReport['rule']['level'];
  /** As configured: equal for all messages of an incident, unlike that of the message. */
  readonly severity: Severity;
  readonly windowMs: number;
  /** The glob of its hosts. */
  readonly hosts: string;
}

/** Longest pattern and name, in characters; most patterns, hosts and gathered incidents. */
const bounds = { pattern: 1024, name: 256, patterns: 20, hosts: 20, others: 100 };

/** Pure. Accepts any log line, object key and origin. */
export function messageOf(report: MailReport, view: MailView): AlertMessage {
  const words = contentOf(report, view);
  const name = (text: string): string => truncate(visible(text), bounds.name);
  const conceal = (text: string): string => (view.redact ? redact(text.slice(0, 4096)) : text);
  const patterns = report.patterns.slice(0, bounds.patterns);
  return {
    id: report.id,
    transition: report.transition,
    severity: severityOf(report),
    possibleRepeat: view.possibleRepeat,
    words,
    incident: {
      id: report.incident,
      others: (report.members ?? [])
        .map(({ incident }) => incident)
        .filter((incident) => incident !== report.incident)
        .slice(0, bounds.others),
      isOpen: !isOver(report),
      from: report.from,
      to: report.to,
    },
    rule: {
      name: name(report.rule.name),
      kind: name(report.rule.kind),
      level: report.rule.level,
      severity: report.rule.severity,
      windowMs: report.rule.window,
      hosts: name(report.rule.origins),
    },
    counts: report.totals,
    hosts: report.origins.slice(0, bounds.hosts).map(({ origin, count }) => ({ name: name(origin), count })),
    patterns: patterns.map(({ pattern, count, isNew }) => ({
      text: truncate(visible(conceal(pattern)), bounds.pattern),
      count,
      isNew,
    })),
    otherPatterns:
      report.otherPatterns + report.patterns.slice(bounds.patterns).reduce((sum, { count }) => sum + count, 0),
    lines: (words.samples?.items ?? []).map(({ place, lines }) => ({ place, text: lines.join('\n') })),
    decidedAt: report.decidedAt,
  };
}

/** True for a message that says that its incident is over. */
export function isOver({ transition, isOver: over = false }: Pick<MailReport, 'transition' | 'isOver'>): boolean {
  return over || ['over', 'resolved', 'merged', 'digest'].includes(transition);
}

/** An incident that was over before it was reported needs no one at night. */
function severityOf({ transition, isOver: over = false, rule }: MailReport): Severity {
  const isLate = over || transition === 'over' || transition === 'merged' || transition === 'digest';
  return isLate && rule.severity !== 'info' ? 'warning' : rule.severity;
}
