import type { LevelPatterns, WindowRecord } from '../counting/window-record';
import type { RuleLevel } from './rule-kinds/rule-kind';

const noPatterns: LevelPatterns = { patterns: [], otherPatterns: 0, samples: [] };

/** The messages of the lines that a rule counts. */
export function patternsOf(record: WindowRecord, level: RuleLevel): LevelPatterns {
  return level === 'error' ? record : (record.levels?.[level] ?? noPatterns);
}
