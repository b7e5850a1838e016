import type { MailReport, ReportedRule } from './mail-report';
import type { RuleWords } from './rule-kinds/rule-kind';
import { threshold } from './rule-kinds/threshold';
import { severities, severityOfLevel, type Severity } from './severity';
import { isListOf, isMissingOr, isNumber, isObjectOf, isOneOf, isString, type Guard } from '../../../stream/shape';

/** The rule in a report as the outbox holds it. Reports of earlier previews had no `severity`, and before neither `kind` nor `words`. */
interface StoredRule extends Omit<ReportedRule, 'kind' | 'words' | 'severity'> {
  readonly severity?: Severity | undefined;
  readonly kind?: string | undefined;
  readonly words?: RuleWords | undefined;
  /** In a threshold rule. */
  readonly threshold?: number | undefined;
}

/** A report as the outbox holds it. */
export type StoredReport = Omit<MailReport, 'rule'> & { readonly rule: StoredRule };

export const isStoredRule: Guard<StoredRule> = isObjectOf<StoredRule>({
  name: isString,
  kind: isMissingOr(isString),
  level: isOneOf('error', 'warn', 'info', 'debug'),
  severity: isMissingOr(isOneOf(...severities)),
  threshold: isMissingOr(isNumber),
  window: isNumber,
  origins: isString,
  words: isMissingOr(
    isObjectOf<RuleWords>({
      worst: isString,
      limit: isString,
      condition: isString,
      change: isString,
      yaml: isListOf(isString),
    }),
  ),
});

/** Adds what reports of earlier previews lack. Null when the rule is neither such a one nor has its words. */
export function readReport(report: StoredReport): MailReport | null {
  const { rule, worst } = report;
  const { kind = threshold.name, words, severity = severityOfLevel(rule.level) } = rule;
  if (words !== undefined) return { ...report, rule: { ...rule, kind, words, severity } };
  if (kind !== threshold.name || rule.threshold === undefined) return null;
  const settings = { threshold: rule.threshold };
  return {
    ...report,
    rule: { ...rule, kind, severity, words: threshold.describe(settings, { level: rule.level, value: worst.count }) },
  };
}
