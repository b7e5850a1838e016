/** When and how often a crashed actor is started again. */
export interface Supervision {
  /** Restarts granted within any `withinMs`; with 0 the first crash stops the actor. */
  readonly maxRestarts: number;
  /** Length of the sliding window, in ms. Longer than the back-offs of `maxRestarts` restarts, or it never fills. */
  readonly withinMs: number;
  /** Wait before the first restart, doubled for each restart in the window up to `max`, in ms. */
  readonly backoffMs: { readonly initial: number; readonly max: number };
  /** Errors that no restart can mend: the first one stops the actor. */
  readonly givesUpOn?: (error: Error) => boolean;
}

/** Rides out a broker's restart, and gives up on what is broken for good after about three seconds. */
export const DEFAULT_SUPERVISION: Supervision = {
  maxRestarts: 5,
  withinMs: 60_000,
  backoffMs: { initial: 100, max: 10_000 },
};

/** How an actor ended: it was stopped (by itself, its supervisor or the system), or its restart budget is used up. */
export type Outcome = { readonly kind: 'stopped' } | { readonly kind: 'failed'; readonly error: Error };

/** What a supervisor learns when a child has stopped. Its name may be used again. */
export interface ChildStopped {
  readonly type: 'childStopped';
  readonly name: string;
  readonly outcome: Outcome;
}

export type RestartDecision =
  | { readonly kind: 'restart'; readonly delayMs: number; readonly restarts: readonly number[] }
  | { readonly kind: 'giveUp' };

/**
 * Decides about a crash at `nowMs`, given the times of earlier restarts. The window slides (as in OTP's supervisor), so
 * an actor that crashes rarely lives for ever and begins again with the shortest wait.
 */
export function decideRestart(policy: Supervision, restarts: readonly number[], nowMs: number): RestartDecision {
  const recent = restarts.filter((at) => nowMs - at < policy.withinMs);
  if (recent.length >= policy.maxRestarts) return { kind: 'giveUp' };
  const delayMs = Math.min(policy.backoffMs.max, policy.backoffMs.initial * 2 ** recent.length);
  return { kind: 'restart', delayMs, restarts: [...recent, nowMs] };
}
