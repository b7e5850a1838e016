import {
  isBoolean,
  isListOf,
  isMissingOr,
  isNullOr,
  isNumber,
  isObjectOf,
  isOneOf,
  isString,
  type Guard,
} from '../../../stream/shape';
import type { PatternCount, SampleLine } from '../counting/window-record';
import type { MailReport } from './mail-report';
import type { RuleLevel } from './rule-kinds/rule-kind';
import { severities, type Severity } from './severity';

/**
 * The facts of one message about several incidents, for the receivers that it names. Like a `MailReport`, it holds all facts
 * of the message; times are ISO 8601 UTC, except those of its incidents.
 */
export interface SummaryReport {
  readonly v: 1;
  /** Derived from the decision: equal for equal decisions. */
  readonly id: string;
  readonly transition: 'summary';
  readonly cause: SummaryCause;
  /** Names of receivers. Their routes led all these incidents to them. */
  readonly receivers: readonly string[];
  /** From the first breached window's start to the last one's end. */
  readonly from: string;
  readonly to: string;
  /** The incidents, in the order of their first breaches (2,000). */
  readonly incidents: readonly SummarizedIncident[];
  readonly otherIncidents: number;
  /** How many of all of them are not over. */
  readonly open: number;
  /** Names of rules (20). */
  readonly rules: readonly string[];
  /** Lines of the breached windows at the level of their rule; a line that breached two rules counts once. */
  readonly lines: readonly { readonly level: RuleLevel; readonly count: number }[];
  /** Hosts of these lines, most lines first (20). */
  readonly origins: readonly { readonly origin: string; readonly count: number }[];
  readonly otherOrigins: number;
  /** Most frequent first (20). */
  readonly patterns: readonly PatternCount[];
  readonly otherPatterns: number;
  /** A line of each of the most frequent patterns (5). */
  readonly samples: readonly SampleLine[];
  readonly notes: {
    /** Incidents whose windows are no longer kept: their lines are in no sum. */
    readonly withoutWindows: number;
    /** Hosts whose later lines may be missing (20). */
    readonly lagging: readonly string[];
    /** How often lines may be missing in the breached windows. */
    readonly gaps: number;
    /** As in a report of one incident. */
    readonly unread?: boolean;
  };
  readonly decidedAt: string;
}

/**
 * `backlog`: incidents that were over when they were decided. `together`: messages of one rule that were due within its
 * `groupWait`. `cap`: those beyond the cap of a receiver.
 */
export type SummaryCause = 'backlog' | 'together' | 'cap';

/** Times are epoch milliseconds. */
export interface SummarizedIncident {
  readonly incident: string;
  readonly rule: string;
  /** That of the rule, as in the incident's record: a changed rule is a new one. */
  readonly definition: string;
  readonly level: RuleLevel;
  readonly severity: Severity;
  readonly group: string;
  readonly openedBy: number;
  readonly from: number;
  readonly to: number;
  readonly isOver: boolean;
  /** Breached windows. */
  readonly windows: number;
  /** Lines in them at the rule's level. */
  readonly count: number;
  /** With the most lines (3); fewer than there are in incidents with few lines of a long summary. */
  readonly origins: readonly string[];
  readonly otherOrigins: number;
  /** The most frequent one; null when it is not known, and in incidents with few lines of a long summary. */
  readonly pattern: string | null;
}

/** A decided message. */
export type AnyReport = MailReport | SummaryReport;

export function isSummary(report: AnyReport): report is SummaryReport {
  return report.transition === 'summary';
}

const isCounted = isObjectOf<{ readonly origin: string; readonly count: number }>({
  origin: isString,
  count: isNumber,
});
const level = isOneOf('error', 'warn', 'info', 'debug');

export const isSummaryReport: Guard<SummaryReport> = isObjectOf<SummaryReport>({
  v: isOneOf(1),
  id: isString,
  transition: isOneOf('summary'),
  cause: isOneOf('backlog', 'together', 'cap'),
  receivers: isListOf(isString),
  from: isString,
  to: isString,
  incidents: isListOf(
    isObjectOf<SummarizedIncident>({
      incident: isString,
      rule: isString,
      definition: isString,
      level,
      severity: isOneOf(...severities),
      group: isString,
      openedBy: isNumber,
      from: isNumber,
      to: isNumber,
      isOver: isBoolean,
      windows: isNumber,
      count: isNumber,
      origins: isListOf(isString),
      otherOrigins: isNumber,
      pattern: isNullOr(isString),
    }),
  ),
  otherIncidents: isNumber,
  open: isNumber,
  rules: isListOf(isString),
  lines: isListOf(isObjectOf<SummaryReport['lines'][number]>({ level, count: isNumber })),
  origins: isListOf(isCounted),
  otherOrigins: isNumber,
  patterns: isListOf(isObjectOf<PatternCount>({ pattern: isString, count: isNumber })),
  otherPatterns: isNumber,
  samples: isListOf(isObjectOf<SummaryReport['samples'][number]>({ source: isString, at: isString, text: isString })),
  notes: isObjectOf<SummaryReport['notes']>({
    withoutWindows: isNumber,
    lagging: isListOf(isString),
    gaps: isNumber,
    unread: isMissingOr(isBoolean),
  }),
  decidedAt: isString,
});
