import * as is from '../../../../config/fields';
import type { RuleKind } from './rule-kind';

interface Share {
  readonly percent: number;
  readonly minLines: number;
}

/** Breached when more than `percent` of all records of a window are at the rule's level; windows of fewer than `minLines` records are not. */
export const share: RuleKind<Share> = {
  name: 'share',
  schema: { percent: is.integer(0, 100), minLines: is.integer(1) },
  example: { percent: 5, minLines: 100 },
  evaluatedWhen: 'complete',
  evaluate: ({ percent, minLines }, { lines, all }) => ({
    value: all === 0 ? 0 : Math.round((1000 * lines) / all) / 10,
    breached: all >= minLines && 100 * lines > percent * all,
  }),
  describe: ({ percent, minLines }, { level, value }) => ({
    worst: `${value} % ${level} lines`,
    limit: `threshold ${percent} %`,
    condition: `more than ${percent} % ${level} lines of at least ${minLines}`,
    change: 'raise the percentage',
    yaml: [`percent: ${Math.min(100, Math.ceil(value))}   # now ${percent}`, `minLines: ${minLines}`],
  }),
};
