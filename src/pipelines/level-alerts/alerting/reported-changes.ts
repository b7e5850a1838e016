import type { Incident } from './incidents';
import type { KeptWindow } from './kept-windows';
import type { MailReport, ReportedBefore, Transition } from './mail-report';
import type { CheckedRule } from './rules';
import { newHosts, type Told } from './told';

/** A report names at most this many hosts. */
const namedHosts = 20;

/** The content of a mail that depends on earlier ones of its incident. @param breached the incident's breached windows */
export function changesOf(
  { flaps, mailed, mergedInto }: Incident,
  rule: CheckedRule,
  transition: Transition,
  breached: readonly KeptWindow[],
  isOver: boolean,
): Pick<MailReport, 'flaps' | 'before' | 'isOver' | 'mergedInto'> {
  const told = transition === 'grown' || transition === 'reopened' ? (mailed?.told ?? null) : null;
  return {
    ...(flaps > 0 ? { flaps } : {}),
    ...(told === null ? {} : { before: beforeOf(told, breached, rule) }),
    ...(transition === 'grown' && isOver ? { isOver } : {}),
    ...(mergedInto === null ? {} : { mergedInto }),
  };
}

function beforeOf(told: Told, breached: readonly KeptWindow[], { level }: CheckedRule): ReportedBefore {
  const hosts = new Set(breached.filter(({ record }) => record.counts[level] > 0).map(({ origin }) => origin));
  return {
    lines: told.lines,
    from: new Date(told.from).toISOString(),
    to: new Date(told.to).toISOString(),
    newHosts: newHosts(told, [...hosts].sort()).slice(0, namedHosts),
  };
}
