import type { RuleLevel } from './rule-kinds/rule-kind';

/** How urgent messages are, in the words of PagerDuty. */
export const severities = ['critical', 'error', 'warning', 'info'] as const;

export type Severity = (typeof severities)[number];

/** That of rules in reports of before rules had one. */
export function severityOfLevel(level: RuleLevel): Severity {
  if (level === 'error') return 'error';
  return level === 'warn' ? 'warning' : 'info';
}
