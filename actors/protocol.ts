import type { Checkpoint } from '../src/ingestion/checkpoint';
import type { LineBatch } from '../src/lines/line-batch';
import type { SketchBlock } from '../src/lines/repeats/sketch';
import type { ObjectSignal } from '../src/ingestion/signal/signal';
import type { QuarantineRecord } from '../src/ingestion/quarantine';
import type { IdleReport, IngestEvent } from '../src/ingestion/ingest/protocol';
import type { KnownSource } from '../src/ingestion/reconcile';
import type { SourceId } from '../src/ingestion/source-id';
import type { ActorRef, ChildStopped } from '../src/kit';
import type { EventReader, FetchedBatches } from '../src/ports/event-log';
import type { Attempt } from '../src/stream/delivery-events';

/** Every message of every actor, on one page. Lines travel in batches, never singly; time arrives as data. */

// --- producer side: signal socket and schedule -> producer -> ingest -> log-readers -> publisher -> event log

export type ProducerMessage =
  /** From the signal socket: this object has arrived. */
  | { readonly type: 'objectArrived'; readonly signal: ObjectSignal }
  /** List the bucket and read objects that no signal named. */
  | { readonly type: 'reconcile' }
  /** Answers when nothing is listed, waits or is being read (`local --once`). */
  | AwaitIdle
  | Drain
  | ChildStopped;

/** The events of `src/ingestion/ingest`, and messages that the actor itself handles. */
export type IngestMessage =
  | IngestEvent
  /** To itself: list from this key on. */
  | { readonly type: 'continueListing'; readonly after: string }
  | AwaitIdle
  /** Stops all reading; answers when no reader is left. */
  | Drain
  | ChildStopped;

interface AwaitIdle {
  readonly type: 'awaitIdle';
  readonly replyTo: ActorRef<IdleReport>;
}

export type LogReaderMessage =
  /** Begin: check the object, and read its new bytes. */
  | { readonly type: 'read' }
  /** To itself: continue reading. */
  | { readonly type: 'next' }
  /** The publisher has taken one batch: a credit comes back. */
  | { readonly type: 'accepted'; readonly epoch: number }
  | { readonly type: 'committed'; readonly epoch: number; readonly checkpoint: Checkpoint }
  /** Uncommitted steps are lost: continue from here, under a new epoch. */
  | { readonly type: 'resumeFrom'; readonly epoch: number; readonly checkpoint: Checkpoint | null };

export type PublisherMessage =
  /** Answers with the committed checkpoint of this source, and the epoch to publish under. */
  | { readonly type: 'lookup'; readonly source: SourceId; readonly replyTo: ActorRef<LookupReply> }
  /** Answers with the sources of a bucket as ingest knows them, by key. */
  | { readonly type: 'lookupAll'; readonly bucket: string; readonly replyTo: ActorRef<Map<string, KnownSource>> }
  /** Answers when this bucket was listed first (epoch milliseconds). Sets it to now if absent. */
  | { readonly type: 'firstListed'; readonly bucket: string; readonly replyTo: ActorRef<number> }
  | Publish
  /** Keep little of sources that have not changed for long, and nothing of those that are gone. */
  | { readonly type: 'cleanUp'; readonly trim: readonly SourceId[]; readonly remove: readonly SourceId[] }
  /** All that a listing named is read: see `stream/progress.ts`. */
  | { readonly type: 'barrier'; readonly complete: boolean }
  /** To itself: commit, if publish number `upTo` is still the last one. A later publish sends its own `commit`. */
  | { readonly type: 'commit'; readonly upTo: number }
  | Drain;

/** Lines of one source and the checkpoint after them: committed together, or not at all (`one-transaction`). */
export interface Publish {
  readonly type: 'publish';
  readonly source: SourceId;
  /** Null when only the checkpoint moved on. */
  readonly batch: LineBatch | null;
  /** First byte that this step covers: must be where the last accepted step of the source ended. */
  readonly from: { readonly generation: number; readonly offset: number };
  readonly checkpoint: Checkpoint;
  /** Blocks of the source's sketch that the checkpoint counts on. */
  readonly blocks: readonly SketchBlock[];
  /** The object cannot be read: a record for topic `quarantine`. */
  readonly quarantine?: QuarantineRecord;
  readonly epoch: number;
  /** True when the reader has more to publish right away: then the transaction may wait for it. */
  readonly more: boolean;
  readonly replyTo: ActorRef<LogReaderMessage>;
}

export interface LookupReply {
  readonly checkpoint: Checkpoint | null;
  readonly epoch: number;
  /** Why nothing of this source may be published. Absent when it may. */
  readonly refused?: string;
}

/** Finish accepted work, source to sink, then answer. */
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
  /** To itself: start a held part again. */
  | { readonly type: 'retryHeld'; readonly name: string }
  /** A part that was held has started. */
  | { readonly type: 'heldStarted'; readonly name: string }
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

/** The messages of every part: a job or a delivery. */
export type OwnershipMessage =
  /** To itself: the group has confirmed the assignment, or cannot. */
  | { readonly type: 'confirmed' }
  | { readonly type: 'confirmFailed'; readonly error: unknown }
  /** To itself: a run has started. */
  | { readonly type: 'started' }
  | Finish
  | Drain;

/** To itself: the result of a fetch by this reader. */
export type Fetched =
  | { readonly type: 'fetched'; readonly reader: EventReader; readonly fetched: FetchedBatches }
  | { readonly type: 'fetchFailed'; readonly reader: EventReader; readonly error: unknown };

/** `finish`: fold everything that is in the input now, then `end`, write, and answer. `drain`: write the folded state. */
export type JobRunnerMessage = OwnershipMessage | OfJob;

export type OfJob =
  | Fetched
  /** Time has passed. */
  | { readonly type: 'tick' };

/** `finish`: send everything that is pending, then answer. `drain`: record the message in progress, then answer. */
export type DeliveryMessage = OwnershipMessage | OfDelivery;

export type OfDelivery =
  | Fetched
  /** To itself: a message may be due. */
  | { readonly type: 'woken' }
  | { readonly type: 'sent'; readonly attempt: Attempt; readonly transportId: string }
  | { readonly type: 'failed'; readonly attempt: Attempt; readonly error: unknown };
