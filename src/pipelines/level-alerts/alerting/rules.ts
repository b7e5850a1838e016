import { TelltaleError } from '../../../errors';
import { compileGlob } from '../../../glob';
import { shortHash } from './ids';
import type { ReportedRule } from './mail-report';

/**
 * An absolute rule: broken by more than `threshold` lines at `level` in one window. Its windows are tumbling and aligned
 * to the epoch, like those of counting.
 */
export interface Rule {
  readonly name: string;
  readonly level: ReportedRule['level'];
  readonly threshold: number;
  /** A multiple of the base window. */
  readonly windowMs: number;
  /** Glob over origins, see `src/glob.ts`. */
  readonly origins: string;
  /** Each origin by itself, or (false) all of them together. */
  readonly each: boolean;
}

/** A rule that was checked, with its glob ready to be used. */
export interface CheckedRule extends Rule {
  readonly matches: (origin: string) => boolean;
  /** Changes with whatever the rule says: a changed rule is a new one, and takes over no incidents. */
  readonly definition: string;
}

/** The group of a rule over all its origins together. */
export const allTogether = 'all';

/**
 * @param baseWindowMs the window of counting
 * @throws CONFIG when two rules have one name, or a window is no multiple of the base window
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
        `rules: the window of rule "${rule.name}" is ${rule.windowMs} ms, which is no multiple of the base window ` +
          `(${baseWindowMs} ms); choose a multiple of it.`,
      );
    }
    const { name, level, threshold, windowMs, origins, each } = rule;
    const definition = shortHash('rule', name, level, threshold, windowMs, origins, String(each));
    return { ...rule, matches: compileGlob(origins), definition };
  });
}

/** Whose lines are summed with those of an origin that the rule matches: its own name, or `all`. */
export function groupOf(rule: Rule, origin: string): string {
  return rule.each ? origin : allTogether;
}

/** Start of the rule's window that holds a time (epoch milliseconds). */
export function ruleWindowStart(rule: Rule, time: number): number {
  return Math.floor(time / rule.windowMs) * rule.windowMs;
}
