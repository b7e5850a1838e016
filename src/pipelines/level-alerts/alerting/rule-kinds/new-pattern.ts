import * as is from '../../../../config/fields';
import { linesAt } from '../../mail/words';
import type { RuleKind } from './rule-kind';

/** Breached by more than `threshold` lines at the rule's level whose pattern is new: no earlier window that is kept has it. */
export const newPattern: RuleKind<{ readonly threshold: number }> = {
  name: 'new-pattern',
  schema: { threshold: is.integer(0) },
  example: { threshold: 0 },
  evaluatedWhen: 'complete',
  needsPatterns: true,
  evaluate: ({ threshold }, { newLines }) => {
    const value = newLines();
    return { value, breached: value > threshold };
  },
  describe: ({ threshold }, { level, value }) => ({
    worst: `${linesAt(level, value)} of a new kind`,
    limit: `threshold ${threshold}`,
    condition: `more than ${linesAt(level, threshold)} of a kind that was not seen before`,
    change: 'raise the threshold',
    yaml: [`threshold: ${value}   # now ${threshold}`],
  }),
};
