import { createRule, type Rule, type RuleBase } from '../../src/pipelines/level-alerts/alerting/rules';
import { threshold } from '../../src/pipelines/level-alerts/alerting/rule-kinds/threshold';

/** A rule of kind threshold. */
export function thresholdRule({ threshold: limit, ...base }: RuleBase & { readonly threshold: number }): Rule {
  return createRule(threshold, { threshold: limit }, base);
}

const MINUTE = 60_000;

/** Rules whose windows and hosts overlap: all hosts together, some over longer windows, and each by itself. */
export const overlappingRules: readonly Rule[] = [
  thresholdRule({
    name: 'together',
    level: 'error',
    threshold: 3,
    windowMs: MINUTE,
    origins: '**',
    each: false,
    severity: 'error',
  }),
  thresholdRule({
    name: 'longer',
    level: 'error',
    threshold: 4,
    windowMs: 5 * MINUTE,
    origins: 'a*',
    each: false,
    severity: 'error',
  }),
  thresholdRule({
    name: 'each',
    level: 'error',
    threshold: 2,
    windowMs: MINUTE,
    origins: '**',
    each: true,
    severity: 'error',
  }),
];
