import type { FoundBreach } from './find-breaches';
import type { KeptWindow } from './kept-windows';
import { groupOf, slideAt, type CheckedRule } from './rules';
import type { AlertingState } from './state';

/** Evaluates the windows of rules that a revision changes: all that hold its base window, and with `for` those after them. */
export function evaluateRevision(state: AlertingState, window: KeptWindow): void {
  for (const rule of state.windows.rulesOf(window.origin)) {
    const group = groupOf(rule, window.origin);
    const last = window.start + rule.inARow * rule.windowMs;
    const until =
      rule.evaluatedWhen === 'complete' ? Math.min(last, evaluatedUntil(state, rule).get(group) ?? -Infinity) : last;
    const found = state.windows.newBreaches(rule, group, window.start + rule.slideMs, until);
    for (const breach of found) noteBreach(state, rule, group, breach);
  }
}

/**
 * Evaluates windows that have become complete, empty ones included, in order of time. Windows older than `keepWindows` are
 * left out: whether they were empty is no longer known.
 */
export function evaluateCompleted(state: AlertingState): void {
  for (const rule of rulesForComplete(state)) {
    const until = evaluatedUntil(state, rule);
    for (const [group, { from, to }] of completeSpans(state, rule)) {
      const earliest = slideAt(rule, to - state.options.keepWindowsMs);
      const after = Math.max(until.get(group) ?? from, earliest);
      for (const { start } of state.windows.breaches(rule, group, after + rule.slideMs, to)) {
        noteBreach(state, rule, group, { start, arrivedAt: state.now });
      }
      until.set(group, Math.max(to, until.get(group) ?? to));
    }
  }
}

/** After a restart: windows that were complete as of the head were evaluated before it was written. */
export function skipEvaluated(state: AlertingState): void {
  const rules = rulesForComplete(state);
  if (rules.length > 0) state.windows.evict(state.now - state.options.keepWindowsMs);
  for (const rule of rules) {
    for (const [group, { to }] of completeSpans(state, rule)) evaluatedUntil(state, rule).set(group, to);
  }
}

/** When time alone may complete the next window of a rule with `evaluate: complete`; Infinity without such a rule. */
export function nextCompletion(state: AlertingState): number {
  const rules = rulesForComplete(state).filter((rule) => state.windows.groups(rule).length > 0);
  return Math.min(Infinity, ...rules.map((rule) => slideAt(rule, state.now) + rule.slideMs));
}

function rulesForComplete({ rules }: AlertingState): CheckedRule[] {
  return [...rules.values()].filter(({ evaluatedWhen }) => evaluatedWhen === 'complete');
}

/** By group: windows that end by then were evaluated. */
function evaluatedUntil({ evaluatedUntil: byRule }: AlertingState, { name }: CheckedRule): Map<string, number> {
  const known = byRule.get(name) ?? new Map<string, number>();
  byRule.set(name, known);
  return known;
}

/** By group: from the start of its first kept window to the end of its last complete window. */
function completeSpans(state: AlertingState, rule: CheckedRule): Map<string, { from: number; to: number }> {
  return new Map(
    state.windows.groups(rule).map(({ group, first }) => {
      const to = slideAt(rule, state.windows.groupCompleteUntil(rule, group, state));
      return [group, { from: first, to }];
    }),
  );
}

/** Notes a breach, at most once between two decisions. */
function noteBreach(state: AlertingState, rule: CheckedRule, group: string, { start, arrivedAt }: FoundBreach): void {
  const key = JSON.stringify([rule.name, group, start]);
  if (state.breaches.has(key)) return;
  const late = arrivedAt - (start + rule.windowMs) > state.options.digestAfterMs;
  state.breaches.set(key, { rule, group, start, arrivedAt, late });
}
