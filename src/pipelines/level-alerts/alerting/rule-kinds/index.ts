import { newPattern } from './new-pattern';
import { rate } from './rate';
import type { RuleKind } from './rule-kind';
import { share } from './share';
import { threshold } from './threshold';

/** Every kind of rules. The configuration, alerting and mails know them from this list. */
export const ruleKinds: readonly [RuleKind, ...RuleKind[]] = [threshold, share, rate, newPattern];
