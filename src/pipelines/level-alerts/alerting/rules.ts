import { TelltaleError } from '../../../errors';
import { compileGlob } from '../../../glob';
import { shortHash } from './ids';
import { ruleKinds } from './rule-kinds';
import type { Evaluation, RuleKind, RuleLevel, RuleWindow, RuleWords } from './rule-kinds/rule-kind';
import { threshold } from './rule-kinds/threshold';
import type { Severity } from './severity';

/** The settings of every rule. Its windows slide by the base window of counting (`windows-slide`). */
export interface RuleBase {
  readonly name: string;
  readonly level: RuleLevel;
  /** A multiple of the base window. */
  readonly windowMs: number;
  /** Glob over origins, see `src/glob.ts`. */
  readonly origins: string;
  /** True: each origin is a group. False: all origins are one group. */
  readonly each: boolean;
  readonly severity: Severity;
  /** How long its incidents gather before their first messages, in milliseconds. Missing: `AlertingOptions.groupWaitMs`. */
  readonly groupWaitMs?: number;
  /** This number of windows in a row must breach the rule; by default one. */
  readonly inARow?: number;
}

/** A rule together with its kind. */
export interface Rule extends RuleBase {
  readonly kind: string;
  /** The kind's own settings, in the order of its schema. */
  readonly settings: object;
  readonly evaluatedWhen: RuleKind['evaluatedWhen'];
  readonly needsPatterns: boolean;
  readonly evaluate: (window: RuleWindow) => Evaluation;
  /** @param worst the highest value among the breached windows */
  readonly describe: (worst: number) => RuleWords;
}

/** A checked rule with its compiled glob. */
export interface CheckedRule extends Rule {
  readonly inARow: number;
  /** By how much its windows slide: the base window of counting, milliseconds. */
  readonly slideMs: number;
  readonly matches: (origin: string) => boolean;
  /** Changes whenever the rule changes: a changed rule is a new one, and takes over no incidents. */
  readonly definition: string;
}

/** The group of a rule over all its origins together. */
export const allTogether = 'all';

export function createRule<S extends object>(kind: RuleKind<S>, settings: S, base: RuleBase): Rule {
  return {
    ...base,
    kind: kind.name,
    settings,
    evaluatedWhen: kind.evaluatedWhen,
    needsPatterns: kind.needsPatterns ?? false,
    evaluate: (window) => kind.evaluate(settings, window),
    describe: (worst) => kind.describe(settings, { level: base.level, value: worst }),
  };
}

/** A rule as configured: with the keys of its kind beside those of every rule. */
export interface ConfiguredRule extends Omit<RuleBase, 'windowMs' | 'groupWaitMs' | 'inARow'> {
  readonly kind: string;
  readonly for: number;
  /** Null: as `each` says. */
  readonly groupBy: readonly GroupKey[] | null;
  /** Milliseconds; null: that of alerting. */
  readonly groupWait: number | null;
  /** Milliseconds. */
  readonly window: number;
  /** Names; routing reads them. */
  readonly receivers: readonly string[];
}

/** How a rule groups lines: those of all its hosts together, or those of each host. */
export const groupKeys = ['rule', 'host'] as const;

export type GroupKey = (typeof groupKeys)[number];

/** @throws CONFIG when there is no such kind */
export function configuredRule(configured: ConfiguredRule): Rule {
  const {
    kind: kindName,
    name,
    level,
    window: windowMs,
    origins,
    groupBy,
    groupWait,
    severity,
    for: inARow,
  } = configured;
  const each = groupBy === null ? configured.each : groupBy.includes('host');
  const kind = ruleKinds.find((known) => known.name === kindName);
  if (kind === undefined) {
    throw new TelltaleError('CONFIG', `rules: there is no kind "${kindName}"; see docs/write-a-rule-kind.md.`);
  }
  const settings = Object.fromEntries(Object.keys(kind.schema).map((key) => [key, Reflect.get(configured, key)]));
  const base = { name, level, windowMs, origins, each, severity, inARow };
  return createRule(kind, settings, groupWait === null ? base : { ...base, groupWaitMs: groupWait });
}

/**
 * @param baseWindowMs the window of counting
 * @throws CONFIG when two rules have one name, or a window is not a multiple of the base window
 */
export function checkRules(rules: readonly Rule[], baseWindowMs: number): readonly CheckedRule[] {
  const names = new Set<string>();
  return rules.map((rule) => {
    if (names.has(rule.name)) {
      throw new TelltaleError('CONFIG', `rules: two rules are named "${rule.name}"; give each a name of its own.`);
    }
    names.add(rule.name);
    if (rule.windowMs <= 0 || rule.windowMs % baseWindowMs !== 0) {
      throw new TelltaleError(
        'CONFIG',
        `rules: the window of rule "${rule.name}" is ${rule.windowMs} ms, which is not a multiple of the base window ` +
          `(${baseWindowMs} ms); choose a multiple of it.`,
      );
    }
    return {
      ...rule,
      inARow: rule.inARow ?? 1,
      slideMs: baseWindowMs,
      matches: compileGlob(rule.origins),
      definition: definitionOf(rule),
    };
  });
}

/** Without the severity and the wait: incidents go on when they change. Stored incidents keep definitions: that of a threshold rule must stay as in the versions without kinds. */
function definitionOf({ name, kind, level, settings, windowMs, origins, each, inARow = 1 }: Rule): string {
  const own = Object.values(settings).map((value: unknown) =>
    typeof value === 'number' ? value : JSON.stringify(value),
  );
  const kindName = kind === threshold.name ? [] : [kind];
  const row = inARow === 1 ? [] : [`for ${inARow}`];
  return shortHash('rule', name, level, ...own, windowMs, origins, String(each), ...kindName, ...row);
}

/** The group of an origin that the rule matches: its own name, or `all`. */
export function groupOf(rule: RuleBase, origin: string): string {
  return rule.each ? origin : allTogether;
}

/** The last time at or before another at which a window of the rule begins and one ends (epoch milliseconds). */
export function slideAt({ slideMs }: Pick<CheckedRule, 'slideMs'>, time: number): number {
  return Math.floor(time / slideMs) * slideMs;
}

/** A test whether a time lies in one of a rule's windows with these starts. */
export function coveredBy(
  { windowMs }: Pick<CheckedRule, 'windowMs'>,
  starts: Iterable<number>,
): (time: number) => boolean {
  const sorted = [...new Set(starts)].sort((a, b) => a - b);
  return (time) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] ?? Infinity) <= time) low = middle + 1;
      else high = middle;
    }
    // The nearest window that starts before the time ends last.
    return time < (sorted[low - 1] ?? -Infinity) + windowMs;
  };
}
