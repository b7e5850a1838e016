import type { OutputRecord } from './job';
import type { ReadRecord } from './known-messages';
import type { Target } from './target';

/** Events of a delivery, and the effects for its owner to carry out. */

export type DeliveryEvent = { readonly now: number } & (
  | { readonly type: 'read'; readonly records: readonly ReadRecord[]; readonly next: number }
  /** Everything was read that the outbox held when this owner fenced its predecessors. */
  | { readonly type: 'restored'; readonly next: number }
  /** The time of a `wake` has come. */
  | { readonly type: 'woken' }
  /** The record of a receiver's last `write` is committed. */
  | { readonly type: 'committed'; readonly receiver: string }
  /** How a `send` ended: delivered; refused permanently; failed, or its outcome is unknown. */
  | { readonly type: 'sent'; readonly attempt: Attempt; readonly transportId: string }
  | { readonly type: 'refused'; readonly attempt: Attempt; readonly reason: string }
  /** `retryAfterMs`: the receiver takes nothing before. */
  | { readonly type: 'failed'; readonly attempt: Attempt; readonly error: unknown; readonly retryAfterMs?: number }
  /** Asks for `finished`: everything below this offset is read, and no message is left to send. */
  | { readonly type: 'finish'; readonly end: number }
  /** Asks for `drained`: the messages that are being sent are recorded. No other one begins. */
  | { readonly type: 'drain' }
);

export type Effect<M> =
  /** Commit this record. If that fails, or its outcome is unknown, start over as a new owner. */
  | { readonly type: 'write'; readonly receiver: string; readonly record: OutputRecord }
  | { readonly type: 'send'; readonly attempt: Attempt; readonly message: M; readonly possibleRepeat: boolean }
  /** Report `woken` after this time; replaces the last `wake`. */
  | { readonly type: 'wake'; readonly inMs: number }
  | Outcome
  | { readonly type: 'finished' }
  | { readonly type: 'drained' };

/** For log and counters. */
export type Outcome = { readonly type: 'outcome'; readonly id: string; readonly attempt: number } & (
  | { readonly target: Target; readonly outcome: 'sent'; readonly transportId: string }
  | { readonly target: Target; readonly outcome: 'refused'; readonly reason: string }
  | { readonly target: Target; readonly outcome: 'failed'; readonly error: unknown; readonly retryInMs: number }
  /**
   * This version does not understand the message or its status, which may say that it was sent. It leaves the message to
   * another version. Null: to all targets.
   */
  | { readonly target: Target | null; readonly outcome: 'unreadable'; readonly what: 'message' | 'status' }
  /** The target is no longer configured. The message waits in case it is again. */
  | { readonly target: Target; readonly outcome: 'unconfigured' }
);

export interface Attempt {
  readonly id: string;
  readonly target: Target;
  /** 1 for the first. */
  readonly attempt: number;
}
