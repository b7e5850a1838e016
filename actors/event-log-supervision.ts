import type { Supervision } from '../src/kit';

/**
 * Keeps restarting an actor through some minutes without an event log. For actors whose restart equals their first start.
 */
export const EVENT_LOG_SUPERVISION: Supervision = {
  maxRestarts: 20,
  withinMs: 600_000,
  backoffMs: { initial: 100, max: 10_000 },
};

/**
 * Deadline of actors whose start and commits wait for the event log. It is longer than the adapter retries by itself
 * (`kafka.retryFor`): a timed-out start keeps running and can fence its successor.
 */
export const EVENT_LOG_DEADLINE_MS = 10 * 60_000;
