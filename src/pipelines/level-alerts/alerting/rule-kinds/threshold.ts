import * as is from '../../../../config/fields';
import { linesAt } from '../../mail/words';
import type { RuleKind } from './rule-kind';

interface Threshold {
  readonly threshold: number;
}

/** Breached by more than `threshold` lines at the rule's level in one window. */
export const threshold: RuleKind<Threshold> = {
  name: 'threshold',
  schema: { threshold: is.integer(0) },
  example: { threshold: 1 },
  evaluatedWhen: 'revised',
  evaluate: ({ threshold }, { lines }) => ({ value: lines, breached: lines > threshold }),
  describe: ({ threshold }, { level, value }) => ({
    worst: linesAt(level, value),
    limit: `threshold ${threshold}`,
    condition: `more than ${linesAt(level, threshold)}`,
    change: 'raise the threshold',
    yaml: [`threshold: ${value}   # now ${threshold}`],
  }),
};
