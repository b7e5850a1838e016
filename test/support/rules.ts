import { createRule, type Rule, type RuleBase } from '../../src/pipelines/level-alerts/alerting/rules';
import { threshold } from '../../src/pipelines/level-alerts/alerting/rule-kinds/threshold';

/** A rule of kind threshold. */
export function thresholdRule({ threshold: limit, ...base }: RuleBase & { readonly threshold: number }): Rule {
  return createRule(threshold, { threshold: limit }, base);
}
