import type { Supervision } from '../src/kit';

/** For actors of the consumer side, whose restart is the same as a first start: rides out an event log away for minutes. */
export const PATIENT: Supervision = {
  maxRestarts: 20,
  withinMs: 600_000,
  backoffMs: { initial: 100, max: 10_000 },
};
