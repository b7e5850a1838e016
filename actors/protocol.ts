import type { Checkpoint } from '../src/ingestion/checkpoint';
import type { LineBatch } from '../src/lines/line-batch';
import type { Signal } from '../src/ingestion/signal/signal';
import type { QuarantineRecord } from '../src/ingestion/quarantine';
import type { KnownSource } from '../src/ingestion/reconcile';
import type { SourceId } from '../src/ingestion/source-id';
import type { ActorRef, ChildStopped } from '../src/kit';
import type { EventReader, FetchedBatches } from '../src/ports/event-log';
import type { Attempt } from '../src/stream/delivery';
import type { ObjectInfo } from '../src/ports/object-store';

/** Every message of every actor, on one page. Lines travel in batches, never singly; time arrives as data. */

// --- producer side: signal socket and schedule -> producer -> ingest -> log-readers -> publisher -> event log

export type ProducerMessage =
  /** A hint from the signal socket: this object has arrived. */
  | { readonly type: 'objectArrived'; readonly signal: Signal }
  /** List the bucket and read what no signal named. */
  | { readonly type: 'reconcile' }
  /** Answers when nothing is listed, waiting or in work any more (`local --once`). */
  | { readonly type: 'settle'; readonly replyTo: ActorRef<Settled> }
  | Drain
  | ChildStopped;

export type IngestMessage =
  | { readonly type: 'ingest'; readonly key: string }
  /** Read a source from its start once more, as a new generation; `count` counts what was counted before. */
  | { readonly type: 'reingest'; readonly key: string; readonly count: boolean }
  | { readonly type: 'reconcile' }
  /** To itself: a portion of the bucket's listing. */
  | { readonly type: 'listed'; readonly objects: readonly ObjectInfo[] }
  /** To itself: the listing has come to its end. */
  | { readonly type: 'listedAll' }
  /** To itself: the listing broke off behind this key. */
  | { readonly type: 'listingFailed'; readonly after: string; readonly error: unknown }
  /** To itself: go on listing. */
  | { readonly type: 'listOn'; readonly after: string }
  /** To itself: try once more what could not be read. */
  | { readonly type: 'retry' }
  | { readonly type: 'readFinished'; readonly key: string; readonly outcome: ReadOutcome }
  | { readonly type: 'settle'; readonly replyTo: ActorRef<Settled> }
  /** Stops reading where it stands; answers when no reader is left. */
  | Drain
  | ChildStopped;

export interface Settled {
  readonly type: 'settled';
  /** What could not be read, when it was tried last. */
  readonly failed: readonly { readonly key: string; readonly reason: string }[];
}

/**
 * How the reading of one source ended. `failed` is tried again after a while; `refused` ends the same until somebody mends
 * its checkpoint. `restart`: what was asked for and is still to be done.
 */
export type ReadOutcome =
  /** The checkpoint behind all of it; null when there is none: no object, or one that does not count. */
  | { readonly kind: 'read'; readonly checkpoint: Checkpoint | null; readonly restart: RestartWish | null }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly restart: RestartWish | null };

/** Somebody asked for a new generation (`telltale reingest`). */
export interface RestartWish {
  readonly count: boolean;
  /** The generation that it follows, once that is known: a wish that was begun to be granted is not granted twice. */
  readonly after: number | null;
}

export type LogReaderMessage =
  /** Begin: look at the object, and read what is new. */
  | { readonly type: 'read' }
  /** To itself: read on. */
  | { readonly type: 'next' }
  /** The publisher has taken one batch: a credit comes back. */
  | { readonly type: 'accepted'; readonly epoch: number }
  | { readonly type: 'committed'; readonly epoch: number; readonly checkpoint: Checkpoint }
  /** What was not committed is lost: go on from here, under a new epoch. */
  | { readonly type: 'resumeFrom'; readonly epoch: number; readonly checkpoint: Checkpoint | null };

export type PublisherMessage =
  /** Where does this source stand? Answers what is committed, and the epoch to publish under. */
  | { readonly type: 'lookup'; readonly source: SourceId; readonly replyTo: ActorRef<Standing> }
  /** What a reconciliation needs to know of all sources of a bucket, by key. */
  | { readonly type: 'lookupAll'; readonly bucket: string; readonly replyTo: ActorRef<Map<string, KnownSource>> }
  /** When was this bucket looked at first (epoch milliseconds)? It is now, if never before, and that is kept. */
  | { readonly type: 'since'; readonly bucket: string; readonly replyTo: ActorRef<number> }
  | Publish
  /** Keep little of sources that nobody writes to, and nothing of those that are gone. */
  | { readonly type: 'tidy'; readonly slim: readonly SourceId[]; readonly forget: readonly SourceId[] }
  /** To itself: commit, if publish number `upTo` is still the last one; whatever came after it brings its own. */
  | { readonly type: 'commit'; readonly upTo: number }
  | Drain;

/** Lines of one source and the checkpoint that belongs behind them: committed together, or not at all. */
export interface Publish {
  readonly type: 'publish';
  readonly source: SourceId;
  /** Null when only the checkpoint moved on. */
  readonly batch: LineBatch | null;
  /** First byte that this step covers: must be where the last accepted step of the source ended (rule 9). */
  readonly from: { readonly generation: number; readonly offset: number };
  readonly checkpoint: Checkpoint;
  /** The object cannot be read: a record for topic `quarantine`. */
  readonly quarantine?: QuarantineRecord;
  readonly epoch: number;
  /** Will the reader publish more at once? Then the transaction may wait for it. */
  readonly more: boolean;
  readonly replyTo: ActorRef<LogReaderMessage>;
}

export interface Standing {
  readonly checkpoint: Checkpoint | null;
  readonly epoch: number;
  /** There is a checkpoint that cannot be understood, and why: nothing of this source may be published. */
  readonly refused?: string;
}

/** Finish what is in work, source to sink, then answer. */
export interface Drain {
  readonly type: 'drain';
  readonly replyTo: ActorRef<Drained>;
}

export interface Drained {
  readonly type: 'drained';
}

// --- consumer side: assignment -> consumer -> job-runners and deliveries

export type ConsumerMessage =
  | { readonly type: 'assigned'; readonly what: Assignment; readonly replyTo: ActorRef<Drained> }
  | { readonly type: 'revoked'; readonly what: Assignment; readonly replyTo: ActorRef<Drained> }
  /** For `local --once`. */
  | Finish
  /** Answers when everything before it is handled: the last message before the stop. */
  | Drain
  | ChildStopped;

/** Partitions that a consumer group assigned to this process. */
export interface Assignment {
  readonly group: string;
  readonly partitions: readonly number[];
}

/** The input has ended: process everything that is there now, then answer. */
export interface Finish {
  readonly type: 'finish';
  readonly replyTo: ActorRef<Drained>;
}

export type JobRunnerMessage =
  /** To itself: the group has confirmed the assignment, or cannot. */
  | { readonly type: 'confirmed' }
  | { readonly type: 'confirmFailed'; readonly error: unknown }
  /** To itself: the result of a fetch by this reader. */
  | { readonly type: 'fetched'; readonly reader: EventReader; readonly fetched: FetchedBatches }
  | { readonly type: 'fetchFailed'; readonly reader: EventReader; readonly error: unknown }
  /** Time has passed. */
  | { readonly type: 'tick' }
  /** Fold everything that is in the input now, then `end`, write, and answer. */
  | Finish
  /** Writes what is folded; nothing is folded afterwards. */
  | Drain;

export type DeliveryMessage =
  /** To itself: the group has confirmed the assignment. */
  | { readonly type: 'confirmed' }
  | { readonly type: 'confirmFailed'; readonly error: unknown }
  /** To itself: the outbox is read to its end. */
  | { readonly type: 'restored' }
  | { readonly type: 'fetched'; readonly reader: EventReader; readonly fetched: FetchedBatches }
  | { readonly type: 'fetchFailed'; readonly reader: EventReader; readonly error: unknown }
  /** To itself: a message may be due. */
  | { readonly type: 'woken' }
  | { readonly type: 'sent'; readonly attempt: Attempt; readonly transportId: string }
  | { readonly type: 'failed'; readonly attempt: Attempt; readonly error: unknown }
  /** Send everything that is pending, then answer. */
  | Finish
  | Drain;
