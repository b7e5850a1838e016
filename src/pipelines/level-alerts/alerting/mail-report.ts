import type { LevelCounts, NotUnderstood, PatternCount, SampleLine } from '../counting/window-record';
import type { RuleLevel, RuleWords } from './rule-kinds/rule-kind';
import type { Severity } from './severity';

/**
 * The facts of a mail: alerting decides them, the outbox keeps them, `../mail` renders them. A mail has no other facts;
 * times are ISO 8601 UTC, lengths are milliseconds.
 */
export interface MailReport {
  readonly v: 1;
  /** Derived from the decision (rule, group, first breach, transition): equal for equal decisions. */
  readonly id: string;
  /** Fixed when the incident opens. */
  readonly incident: string;
  readonly transition: Transition;
  readonly rule: ReportedRule;
  /** Which origins are summed: an origin, or `all` for a rule over origins together and a digest of several origins. */
  readonly group: string;
  /** From the first breached window's start to the last one's end. */
  readonly from: string;
  readonly to: string;
  /** The breached windows of the incident, oldest first; the newest 1,000. */
  readonly breaches: readonly BreachedWindow[];
  /** The breached window with the highest count. */
  readonly worst: BreachedWindow;
  /** Sums over the breached windows. */
  readonly totals: LevelCounts;
  /** Median per rule window of the hour before the first breach; null when there was no complete window. */
  readonly median: LevelCounts | null;
  /** The last windows up to the last breach, oldest first, without gaps; at most 30. */
  readonly chart: readonly ChartBar[];
  /** Top patterns of the incident's lines at the rule's level (20), new ones first. */
  readonly patterns: readonly ReportedPattern[];
  /** Lines that found no place among the patterns. */
  readonly otherPatterns: number;
  /** Lines of the breached windows at the rule's level (24): one of the most frequent pattern, one of each new one, then others. */
  readonly samples: readonly SampleLine[];
  /** Origins of the breached windows by their count at the rule's level, highest first (20). */
  readonly origins: readonly { readonly origin: string; readonly count: number }[];
  readonly notes: ReportNotes;
  /** When it was decided (the fold's `now`). */
  readonly decidedAt: string;
  /** How often it came back after it was over; missing when it did not. */
  readonly flaps?: number;
  /** In `reopened` and `grown`: what the mails before said. */
  readonly before?: ReportedBefore;
  /** In `grown`: true when it is over. Missing means false. */
  readonly isOver?: boolean;
  /** In `merged`: the id of the incident that continues. */
  readonly mergedInto?: string;
  /** The incidents of a digest of several (2,000), as earlier previews wrote them. */
  readonly members?: readonly ReportedMember[];
  /** Names of the receivers that get it, when those of its routes get it in different ways. Missing: all of them. */
  readonly receivers?: readonly string[];
  /** Names of receivers that are to get the incident in a summary later. Missing: none. */
  readonly owedTo?: readonly string[];
}

/** An incident in a digest. Times are epoch milliseconds. */
export interface ReportedMember {
  readonly incident: string;
  readonly group: string;
  readonly openedBy: number;
  readonly from: number;
  readonly to: number;
}

/** The content of an incident's earlier mails. */
export interface ReportedBefore {
  /** Lines at the rule's level in the breached windows. */
  readonly lines: number;
  readonly from: string;
  readonly to: string;
  /** Hosts that no earlier mail counted (20), as far as that is known. */
  readonly newHosts: readonly string[];
}

export type Transition =
  /** The first mail of an incident that is still open. */
  | 'opened'
  /** The first mail of an incident that is over when its mail is due. */
  | 'over'
  | 'reminder'
  | 'new-pattern'
  /** It was over, and is breached again. */
  | 'reopened'
  /** It has grown past what its mails said. */
  | 'grown'
  | 'resolved'
  /** It is part of another incident, which continues. */
  | 'merged'
  | 'digest';

/** In a record of topic `outbox`, the kind's own settings lie beside these keys. */
export interface ReportedRule {
  readonly name: string;
  /** The name of its kind. */
  readonly kind: string;
  readonly level: RuleLevel;
  readonly severity: Severity;
  /** Milliseconds. */
  readonly window: number;
  readonly origins: string;
  /** Its kind's words about the rule and `worst`. */
  readonly words: RuleWords;
}

export interface BreachedWindow {
  readonly windowStart: string;
  readonly windowEnd: string;
  /** The value that the rule's kind limits: for a threshold, lines at the rule's level. */
  readonly count: number;
}

export interface ChartBar extends LevelCounts {
  readonly windowStart: string;
  readonly breached: boolean;
}

export interface ReportedPattern extends PatternCount {
  /** Neither in the windows kept from before the incident nor in its earlier mails; false where there are none to compare with. */
  readonly isNew: boolean;
}

/** Limits of the figures: sums over the breached windows, and which lines and origins are missing. */
export interface ReportNotes {
  readonly incomplete: number;
  readonly continuation: number;
  readonly unparsed: number;
  readonly again: number;
  readonly future: number;
  readonly expired: number;
  /**
   * How often lines may be missing, from the first to the last breach: a window between them may be below the limit because
   * of that. Missing in mails that an earlier version decided.
   */
  readonly gaps?: number;
  /**
   * Sources of the incident's hosts with lines that were not understood, from the first breach on; most such lines first
   * (3). Missing when there are none, and in mails that an earlier preview decided.
   */
  readonly notUnderstood?: readonly NotUnderstood[];
  /** Lines of other sources that were not understood; missing when there are none. */
  readonly otherNotUnderstood?: number;
  /** True when the producer has not said that everything is read: lines may be missing. Missing when it has. */
  readonly unread?: boolean;
  /** Origins whose watermark has not reached the end of the last breach (20). */
  readonly lagging: readonly string[];
}
