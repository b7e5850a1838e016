/** When and how often a crashed actor restarts. */
export interface Supervision {
  /** Maximum number of restarts within any `withinMs`; with 0 the first crash stops the actor. */
  readonly maxRestarts: number;
  /**
   * Length of the sliding window, in ms. It must exceed the total back-off of `maxRestarts` restarts, or it never
   * fills.
   */
  readonly withinMs: number;
  /** Wait before the first restart, doubled for each restart in the window up to `max`, in ms. */
  readonly backoffMs: { readonly initial: number; readonly max: number };
  /** Errors that no restart can repair: the first one stops the actor. */
  readonly givesUpOn?: (error: Error) => boolean;
}

/** Survives a broker's restart, and gives up on a permanent fault after about three seconds. */
export const DEFAULT_SUPERVISION: Supervision = {
  maxRestarts: 5,
  withinMs: 60_000,
  backoffMs: { initial: 100, max: 10_000 },
};

/**
 * How an actor ended: stopped by itself, its supervisor or the system, or failed because its restart budget was used
 * up.
 */
export type Outcome = { readonly kind: 'stopped' } | { readonly kind: 'failed'; readonly error: Error };

/** Tells a supervisor that a child has stopped. Its name may be reused. */
export interface ChildStopped {
  readonly type: 'childStopped';
  readonly name: string;
  readonly outcome: Outcome;
}

export type RestartDecision =
  | { readonly kind: 'restart'; readonly delayMs: number; readonly restarts: readonly number[] }
  | { readonly kind: 'giveUp' };

/**
 * Decides about a crash at `nowMs`, given the times of earlier restarts. The window slides, as in OTP's supervisor: an
 * actor that crashes rarely always restarts, with the shortest wait.
 */
export function decideRestart(policy: Supervision, restarts: readonly number[], nowMs: number): RestartDecision {
  const recent = restarts.filter((at) => nowMs - at < policy.withinMs);
  if (recent.length >= policy.maxRestarts) return { kind: 'giveUp' };
  const delayMs = Math.min(policy.backoffMs.max, policy.backoffMs.initial * 2 ** recent.length);
  return { kind: 'restart', delayMs, restarts: [...recent, nowMs] };
}
