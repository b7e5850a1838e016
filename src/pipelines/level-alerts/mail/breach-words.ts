import type { ReportedRule } from '../alerting/mail-report';
import { threshold } from '../alerting/rule-kinds/threshold';

/** Words about breached windows. Only a threshold can be exceeded; other rules are breached. */
export interface BreachWords {
  /** Follows `2 windows`. */
  readonly windows: string;
  /** Begins the sentence `… since 10:05 UTC`. */
  readonly quiet: string;
}

export function breachWordsOf({ kind }: Pick<ReportedRule, 'kind'>): BreachWords {
  return kind === threshold.name
    ? { windows: 'over the threshold', quiet: 'The threshold has not been exceeded' }
    : { windows: 'that breached the rule', quiet: 'The rule has not been breached' };
}
