import { formatCount } from '../../../pluralize';
import type { RuleLevel } from '../alerting/rule-kinds/rule-kind';

/** `1 window`, `12 windows` */
export function pluralize(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}

/** `1 error`, `37 warnings`, `2 info lines` */
export function linesAt(level: RuleLevel, count: number): string {
  switch (level) {
    case 'error':
      return pluralize(count, 'error');
    case 'warn':
      return pluralize(count, 'warning');
    case 'info':
      return pluralize(count, 'info line');
    case 'debug':
      return pluralize(count, 'debug line');
  }
}

/** `a, b and c` */
export function joinWords(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}
