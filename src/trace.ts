import type { Counters } from './counters';
import { decisions, type DecisionName } from './decisions';
import type { LogFields, Logger, LogLevel } from './log';

/** The details of one decision. */
export interface DecisionFields extends LogFields {
  /** Why it was decided so: one of a few fixed words, as it labels a counter. */
  readonly reason: string;
  /** How much the counter grows; 1 if absent. */
  readonly amount?: number;
}

/** Reports one decision: a log event, and a count. */
export type Trace = (decision: DecisionName, fields: DecisionFields) => void;

export function createTrace(log: Pick<Logger, LogLevel>, counters: Counters, job: string): Trace {
  return (decision, fields) => {
    const { event, level, counter } = decisions[decision];
    log[level](event, fields);
    counters.add(counter, { job, reason: fields.reason }, fields.amount);
  };
}
