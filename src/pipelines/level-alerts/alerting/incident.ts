/**
 * Breaches of one rule and group that lie close together: less than `reachOf` apart. Times are epoch milliseconds; breaches
 * are starts of windows of the rule, ascending.
 */
export interface Incident {
  readonly id: string;
  readonly rule: string;
  readonly group: string;
  /** The breach that opened it; never changes. */
  readonly openedBy: number;
  openedAt: number;
  readonly breaches: number[];
  /** Its span: start of the first breach … */
  from: number;
  /** … and end of the last one. */
  to: number;
  /** How often it came back after a pause of `resolveAfter`. */
  flaps: number;
  /** When its latest breach arrived. */
  changedAt: number;
  /** True when each of its breaches was older than `digestAfter` on arrival. */
  late: boolean;
  /** True when it is over, and mails have reported all of it. */
  closed: boolean;
  /** The incident that has taken over its breaches. It stays until it is reported as merged, and takes no breach. */
  mergedInto: string | null;
  /** Breached windows that were revised after mails were last decided: they may hold new patterns, or more lines. */
  readonly touched: Set<number>;
  /** Its mails so far; null before the first one. */
  mailed: Mailed | null;
  /** Names of receivers that gather, and get it in their next summary. Until then it is not evicted. */
  owedTo: readonly string[];
}

export interface Mailed {
  readonly lastAt: number;
  readonly reminders: number;
  readonly resolutions: number;
  /** Mails that a new pattern caused. */
  readonly newPatterns: number;
  /** Mails that said that it opened again. */
  readonly reopenings: number;
  /** Mails that growth caused. */
  readonly growths: number;
  /** True when the last mail said that it is over. */
  readonly toldOver: boolean;
  /** Hashes of all its patterns as of the last mail; null when there were too many to notice a new one. */
  readonly patterns: readonly string[] | null;
  /** Null for mails of earlier versions. */
  readonly told: Told | null;
}

/** The content of an incident's mails so far. Times are epoch milliseconds. */
export interface Told {
  /** Lines at the rule's level in the breached windows. */
  readonly lines: number;
  /** The highest value of a breached window. */
  readonly worst: number;
  /** Breached windows. */
  readonly breaches: number;
  readonly from: number;
  readonly to: number;
  /** Hashes of the hosts of these lines; null when there are too many to notice a new one. */
  readonly hosts: readonly string[] | null;
  readonly hostCount: number;
}
