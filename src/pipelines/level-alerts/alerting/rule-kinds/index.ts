import type { RuleKind } from './rule-kind';
import { threshold } from './threshold';

/** Every kind of rules. The configuration, alerting and mails know them from this list. */
export const ruleKinds: readonly [RuleKind, ...RuleKind[]] = [threshold];
