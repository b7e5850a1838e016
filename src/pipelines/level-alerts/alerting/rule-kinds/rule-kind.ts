import type { Field } from '../../../../config/fields';
import type { LevelCounts, WindowRecord } from '../../counting/window-record';

/**
 * One kind of rules: how it is configured, which windows breach it, and what mails say about it. It is pure: the same
 * windows give the same answer on every machine, in a replay and after a restart. See docs/write-a-rule-kind.md.
 *
 * @typeParam S its settings, as `evaluate` and `describe` see them
 */
export interface RuleKind<S extends object = object> {
  /** The value of `kind` in the configuration. It never changes: incidents and mails keep it. */
  readonly name: string;
  /** The keys that only rules of this kind have. Every rule has `name`, `kind`, `level`, `window`, `origins`, `each`, `groupBy`, `groupWait`, `severity`, `receivers`. */
  readonly schema: { readonly [K in keyof S]: Field<S[K]> };
  /** Settings for messages about mistakes in a configuration. */
  readonly example?: S;
  /** True when it asks for `newLines`: alerting then keeps where each pattern of the rule's level was seen. */
  readonly needsPatterns?: boolean;
  /** How far back from its end a window reads, in milliseconds: `keepWindows` must be as long. By default the window's length. */
  neededMs?(settings: S, windowMs: number): number;
  /**
   * `revised`: alerting evaluates a window at each of its revisions, so that a breach is known early. The value must only
   * grow as lines come, because a breach stays a breach. `complete`: alerting evaluates a window when it is complete, also
   * when it is empty, and at each later revision. This is for values that may shrink (a share, a rate) and for silence.
   */
  readonly evaluatedWhen: 'revised' | 'complete';
  /** Evaluates one window of a rule. */
  evaluate(settings: S, window: RuleWindow): Evaluation;
  /** Describes a rule and the worst value of an incident. Called when a mail is decided; the mail keeps the words. */
  describe(settings: S, worst: WorstWindow): RuleWords;
}

/** One window of a rule and a group, from the kept windows. Times are epoch milliseconds. */
export interface RuleWindow {
  readonly start: number;
  readonly end: number;
  /** The level that the rule watches. */
  readonly level: RuleLevel;
  /** Lines at this level in the window, from all origins of the group. Cheap: it is kept up to date. */
  readonly lines: number;
  /** Records of every level, and without one, in the window, from all origins of the group. As cheap. */
  readonly all: number;
  /** Lines at this level in the window that lies this much earlier, in milliseconds; null when it begins before the first window that is kept. Cheap. */
  readonly linesBefore: (ms: number) => number | null;
  /**
   * Lines at this level in the window whose pattern no kept window of the group has that starts before it; 0 when none starts before it.
   * For kinds with `needsPatterns`.
   */
  readonly newLines: () => number;
  /**
   * The latest revisions of the group's base windows that start in [from, to), by default in this window, in order of
   * (start, origin). Not cheap: it looks at each of them.
   */
  readonly records: (from?: number, to?: number) => readonly WindowRecord[];
}

export type RuleLevel = Exclude<keyof LevelCounts, 'none'>;

export interface Evaluation {
  /** The window's value, in the unit that the rule limits. Mails rank windows by it. */
  readonly value: number;
  readonly breached: boolean;
}

export interface WorstWindow {
  readonly level: RuleLevel;
  /** The highest value among the breached windows. */
  readonly value: number;
}

/** Parts of sentences: plain text, without a period. */
export interface RuleWords {
  /** `37 errors`: the value of the worst window. */
  readonly worst: string;
  /** `limit 1` */
  readonly limit: string;
  /** `more than 1 error`: what breaches the rule. */
  readonly condition: string;
  /** `raise the threshold`: how to get fewer mails. */
  readonly change: string;
  /** The kind's own keys as YAML, changed so that the worst window would not have breached the rule. */
  readonly yaml: readonly string[];
}
