import type { TopicSpec } from '../stream/topics';

/**
 * The event log: partitioned topics of record batches with transactions, as Kafka has them.
 * Every adapter passes `test/contract/event-log.ts`.
 *
 * - A *record batch* is Kafka's RecordBatch v2 encoding, uncompressed, in both directions; the codec is
 *   `records/record-batch.ts`. The log sets base offsets, and record timestamps where the topic says `append`.
 * - Everything is read committed: a reader sees no record of an open or aborted transaction, and nothing behind the
 *   first open one (the *last stable offset*).
 * - Offsets of a partition grow, with gaps (compaction, control records). They are numbers below 2^53.
 */
export interface EventLog {
  /**
   * Creates what is missing and checks the rest.
   * @throws TOPIC_MISMATCH when a topic exists with another partition count, clean-up policy, compression or timestamp type
   */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>;

  /**
   * Opens the writer of a transactional id and fences every older writer of the same id: once this resolves, an open
   * transaction of theirs is aborted and none of their commits can succeed any more. Only then read what they wrote.
   * @throws EVENT_LOG_DENIED when this program may not read or write a declared topic; then it has fenced no other writer
   */
  openWriter(options: WriterOptions): Promise<EventWriter>;

  /**
   * Reads one partition from an offset on. Offsets that do not exist (compacted away, not yet written) are fine.
   * @param offset first offset wanted; 0 or more
   */
  openReader(topic: string, partition: number, offset: number): EventReader;

  /** First kept offset and end (the next offset that a committed-only reader will see) of a partition, as of now. */
  offsets(topic: string, partition: number): Promise<{ start: number; end: number }>;

  /**
   * Joins a consumer group: every partition of the topic is assigned to exactly one member at a time.
   * `revoked` is awaited before a partition goes to another member.
   */
  joinGroup(group: string, topic: string, listener: AssignmentListener): Promise<GroupMembership>;

  /** The committed offset of a group, null when there is none. Ordinary lag tools show the same. */
  groupOffset(group: string, topic: string, partition: number): Promise<number | null>;

  /** Closes readers, writers (aborting their transactions) and memberships. Further calls reject with CLOSED. */
  close(): Promise<void>;
}

/** Declares a writer. The log checks the rights to the declared topics before it opens the writer. */
export interface WriterOptions {
  /** The transactional id: at most one open writer has it. */
  readonly id: string;
  /** The topics that the owner of this writer reads, to restore its state or as its input. */
  readonly reads: readonly string[];
  /** The topics that this writer may append to. Appending to another one is a bug: INTERNAL. */
  readonly writes: readonly string[];
}

export interface EventWriter {
  /**
   * Begins a transaction; one at a time per writer. After any error of a transaction other than a clean `abort` the
   * writer is spent: close it and open a new one.
   */
  begin(): EventTransaction;
  close(): Promise<void>;
}

/**
 * One atomic step over topics and partitions. Calls are made one after the other, not at once.
 */
export interface EventTransaction {
  /**
   * Adds one record batch (as encoded, base offset 0) to a partition.
   * @throws FENCED, UNKNOWN_TOPIC, BATCH_TOO_LARGE (more than 1 MiB encoded), EVENT_LOG; INTERNAL for a topic that the
   * writer did not declare
   */
  append(topic: string, partition: number, batch: Buffer): Promise<void>;

  /** Commits a group's offset (the next one to read) with this transaction. */
  commitOffset(group: string, topic: string, partition: number, offset: number): Promise<void>;

  /**
   * All or nothing. Resolves when it is certain; soon after (some milliseconds at worst) readers see the records.
   * @throws FENCED or TRANSACTION_ABORTED: certainly not committed. COMMIT_OUTCOME_UNKNOWN: nobody knows.
   */
  commit(): Promise<void>;

  abort(): Promise<void>;
}

export interface EventReader {
  /**
   * The next record batches, in order. The first may begin before the wanted offset (a batch is handed over whole):
   * skip its records below `from`.
   * Resolves at once when there is something, else when something comes or `waitMs` has passed. Something may be a gap
   * (compacted away, aborted, control records): then `batches` is empty and `next` lies behind it.
   * @param maxBytes about how much to hand over; at least one batch, if there is one
   * @throws OFFSET_OUT_OF_RANGE when the wanted offset was deleted by retention (before the first kept one of a `delete`
   * topic): the caller decides how loud to be, then opens a reader at `offsets().start`
   */
  fetch(maxBytes: number, waitMs: number): Promise<FetchedBatches>;
  close(): Promise<void>;
}

export interface FetchedBatches {
  /** Uncompressed record batches with their real base offsets. */
  readonly batches: readonly Buffer[];
  /** Records below this offset are not wanted. */
  readonly from: number;
  /** Where the next fetch goes on. */
  readonly next: number;
  /** End of the partition for committed-only readers, as of this fetch: `next >= end` means read to the end. */
  readonly end: number;
}

export interface AssignmentListener {
  /** Partitions that are this member's from now on. */
  assigned(partitions: readonly number[]): Promise<void>;
  /** Partitions that go elsewhere as soon as this resolves. */
  revoked(partitions: readonly number[]): Promise<void>;
}

export interface GroupMembership {
  /**
   * Resolves once a heartbeat sent after this call has confirmed that this member's current assignment holds. Waits
   * through a rebalance and while the group cannot be reached. Listeners must not await it.
   * @throws CLOSED when this member has left, or the signal is aborted
   */
  confirm(signal?: AbortSignal): Promise<void>;
  /** Leaves the group: `revoked` is called for what is assigned, then the others take over. */
  leave(): Promise<void>;
}
