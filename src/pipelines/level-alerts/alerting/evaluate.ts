import type { KeptWindow } from './kept-windows';
import { groupOf, ruleWindowStart, type CheckedRule } from './rules';
import type { AlertingState } from './state';

/** Evaluates the windows of rules that a revision changes. */
export function evaluateRevision(state: AlertingState, window: KeptWindow): void {
  for (const rule of state.windows.rulesOf(window.origin)) {
    const group = groupOf(rule, window.origin);
    const start = ruleWindowStart(rule, window.start);
    if (rule.evaluatedWhen === 'complete' && !(start < (evaluatedUntil(state, rule).get(group) ?? -Infinity))) continue;
    evaluate(state, rule, group, start, state.windows.changedAt(rule, group, start));
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
      const earliest = ruleWindowStart(rule, to - state.options.keepWindowsMs);
      for (let start = Math.max(until.get(group) ?? from, earliest); start < to; start += rule.windowMs) {
        evaluate(state, rule, group, start, state.now);
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
  const rules = rulesForComplete(state).filter((rule) => state.windows.ruleWindows(rule).length > 0);
  return Math.min(Infinity, ...rules.map((rule) => ruleWindowStart(rule, state.now) + rule.windowMs));
}

function rulesForComplete({ rules }: AlertingState): CheckedRule[] {
  return [...rules.values()].filter(({ evaluatedWhen }) => evaluatedWhen === 'complete');
}

function evaluatedUntil({ evaluatedUntil: byRule }: AlertingState, { name }: CheckedRule): Map<string, number> {
  const known = byRule.get(name) ?? new Map<string, number>();
  byRule.set(name, known);
  return known;
}

/** By group: from the start of its first kept window to the end of its last complete window. */
function completeSpans(state: AlertingState, rule: CheckedRule): Map<string, { from: number; to: number }> {
  const first = new Map<string, number>();
  for (const { group, start } of state.windows.ruleWindows(rule)) {
    first.set(group, Math.min(start, first.get(group) ?? start));
  }
  return new Map(
    Array.from(first, ([group, from]) => {
      const to = ruleWindowStart(rule, state.windows.groupCompleteUntil(rule, group, state));
      return [group, { from, to }];
    }),
  );
}

/** Notes a breach, at most once between two decisions. */
function evaluate(state: AlertingState, rule: CheckedRule, group: string, start: number, arrivedAt: number): void {
  const { options, windows, breaches } = state;
  const key = JSON.stringify([rule.name, group, start]);
  if (breaches.has(key) || !windows.evaluate(rule, group, start).breached) return;
  const late = arrivedAt - (start + rule.windowMs) > options.digestAfterMs;
  breaches.set(key, { rule, group, start, arrivedAt, late });
}
