import type { Checkpoint } from '../checkpoint';
import type { KnownSource, ListedObject } from '../reconcile';
import type { SourceId } from '../source-id';
import type { Since } from '../versions';
import type { Listing } from './listing';
import type { FailedSource, ReadTask, ReingestRequest, WorkQueue } from './work-queue';

/** The rules, state, events and actions of the decision which sources are read. */

export interface IngestRules {
  readonly bucket: string;
  /** True for the keys that are read. */
  readonly includes: (key: string) => boolean;
  readonly since: Since;
  /** How many sources are read at a time. */
  readonly concurrency: number;
  /** How long an unterminated line is held. */
  readonly forceFlushAfterMs: number;
  /** How long the topics of lines keep records. Deleted sources are remembered for as long. */
  readonly retentionMs: number;
}

/** Changed in place: it may hold a hundred thousand sources. */
export interface IngestState {
  readonly queue: WorkQueue;
  /** The object that was read last for each key, to compare with the listing. */
  readonly known: Map<string, KnownSource>;
  /** Keys that are known, or could not be read, and that the running listing has not named yet. */
  unseen: Set<string>;
  listing: Listing;
  draining: boolean;
  /** The keys of the last listing that are still to be read; null when it was told that all are. */
  listedUnread: Set<string> | null;
  /** True while a `retryDue` is scheduled. */
  retryScheduled: boolean;
}

export type IngestEvent =
  | { readonly type: 'arrived'; readonly key: string }
  | { readonly type: 'reingestRequested'; readonly key: string; readonly count: boolean }
  | { readonly type: 'listingRequested' }
  | { readonly type: 'listed'; readonly objects: readonly (ListedObject & { readonly key: string })[] }
  | { readonly type: 'listingCompleted' }
  /** @param after the last key that was listed */
  | { readonly type: 'listingInterrupted'; readonly after: string; readonly reason: string }
  | { readonly type: 'retryDue' }
  | { readonly type: 'readFinished'; readonly key: string; readonly outcome: ReadOutcome }
  | { readonly type: 'drainRequested' };

/**
 * How the reading of one source ended. `failed` is retried after a pause. `refused` is not: every attempt fails until the
 * source's checkpoint is repaired. `restart`: the request that is still to be fulfilled.
 */
export type ReadOutcome =
  /** The checkpoint after all of it; null when there is none: no object, or one that `since` leaves out. */
  | { readonly kind: 'read'; readonly checkpoint: Checkpoint | null; readonly restart: ReingestRequest | null }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly restart: ReingestRequest | null };

export type IngestAction =
  | { readonly type: 'list'; readonly after: string; readonly pauseMs: number }
  | { readonly type: 'read'; readonly task: ReadTask }
  /** Trim the checkpoints of some sources, and remove those of others. */
  | { readonly type: 'cleanUp'; readonly trim: readonly SourceId[]; readonly remove: readonly SourceId[] }
  /** Everything that the last listing named is read. @param complete false when objects will be tried again */
  | { readonly type: 'barrier'; readonly complete: boolean }
  /** `retryDue` after this pause. */
  | { readonly type: 'scheduleRetry'; readonly pauseMs: number }
  | { readonly type: 'trace'; readonly decision: IngestDecision };

export type IngestDecision =
  | {
      readonly decision: 'objectSkipped';
      readonly reason: 'excluded' | 'before-since';
      /** Objects of one portion of a listing, and the first of them. */
      readonly amount: number;
      readonly first: string;
    }
  | {
      readonly decision: 'listingInterrupted';
      readonly reason: 'continued' | 'given-up';
      readonly after: string;
      readonly detail: string;
    }
  | {
      readonly decision: 'readRetried';
      readonly reason: 'failed';
      readonly source: SourceId;
      readonly detail: string;
    };

export interface IdleReport {
  readonly type: 'idle';
  /** The sources that could not be read at their last attempt. */
  readonly failed: readonly FailedSource[];
}
