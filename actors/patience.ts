import type { Supervision } from '../src/kit';

/** For actors of the consumer side, whose restart is the same as a first start: rides out an event log away for minutes. */
export const PATIENT: Supervision = {
  maxRestarts: 20,
  withinMs: 600_000,
  backoffMs: { initial: 100, max: 10_000 },
};

/**
 * Deadline of actors whose start and whose commits wait for the event log: longer than that goes on trying by itself
 * (`kafka.retryFor`). A start that is given up goes on behind its actor's back, and its writer fences the next one's.
 */
export const PATIENT_DEADLINE_MS = 10 * 60_000;
