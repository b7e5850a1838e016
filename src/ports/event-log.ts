import type { TopicSpec } from '../stream/topics';

/**
 * The event log: partitioned topics of record batches with transactions, as Kafka has them.
 * Every adapter passes `test/contract/event-log.ts`.
 *
 * - A *record batch* is Kafka's RecordBatch v2 encoding, uncompressed, in both directions; the codec is
 *   `records/record-batch.ts`. The log sets base offsets, and record timestamps where the topic says `append`.
 * - Everything is read committed: a reader sees no record of an open or aborted transaction, and nothing after the
 *   start of the first open one (the *last stable offset*).
 * - A reader checks every batch that it reads against its checksum. One that cannot be read is not returned: its place is.
 * - Offsets of a partition grow, with gaps (compaction, control records). They are numbers below 2^53.
 */
export interface EventLog {
  /**
   * Makes the topics that are missing, and checks the others.
   * @throws TOPIC_MISMATCH when a topic exists with another partition count, clean-up policy, compression or timestamp type
   */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>;

  /**
   * Opens the writer of a transactional id and fences every older writer of the same id: once this resolves, an open
   * transaction of theirs is aborted and none of their commits can succeed any more. Only then read their records.
   * @throws EVENT_LOG_DENIED when this program may not read or write a declared topic; then it has fenced no other writer
   */
  openWriter(options: WriterOptions): Promise<EventWriter>;

  /**
   * Reads one partition from an offset on. The offset need not exist: compaction may have removed it, or
   * nothing may be written there yet.
   * @param offset 0 or more
   */
  openReader(topic: string, partition: number, offset: number): EventReader;

  /** First kept offset and end (the next offset that a committed-only reader will see) of a partition, as of now. */
  offsets(topic: string, partition: number): Promise<{ start: number; end: number }>;

  /**
   * Joins a consumer group: every partition of the topic is assigned to exactly one member at a time.
   * `revoked` is awaited before a partition goes to another member.
   */
  joinGroup(group: string, topic: string, listener: AssignmentListener): Promise<GroupMembership>;

  /**
   * The committed offset of a group, which lag tools show; null when there is none, or when the log has forgotten it. Never
   * a position to continue from: heads and checkpoints hold those.
   */
  groupOffset(group: string, topic: string, partition: number): Promise<number | null>;

  /**
   * Why programs cannot go on at present: what this log waits for, and groups that cannot be joined. None when all goes well.
   */
  problems(): readonly EventLogProblem[];

  /** Closes readers, writers (aborting their transactions) and memberships. Further calls reject with CLOSED. */
  close(): Promise<void>;
}

export interface EventLogProblem {
  /** The same as long as the problem lasts: `group telltale-counting`. */
  readonly about: string;
  /** A sentence that names the topic and partition, the group or the writer. */
  readonly problem: string;
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
   * Begins a transaction; one at a time per writer. After any error of a transaction the writer accepts no more: close it
   * and open a new one.
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
   * Commits everything or nothing. Resolves when the commit is certain; readers see the records some milliseconds later at
   * worst.
   * @throws FENCED or TRANSACTION_ABORTED: certainly not committed. COMMIT_OUTCOME_UNKNOWN: committed or not; a new writer
   * settles it
   */
  commit(): Promise<void>;

  abort(): Promise<void>;
}

export interface EventReader {
  /**
   * Returns the next record batches, in order. Batches are returned whole, so the first may begin before the wanted offset:
   * skip its records below `from`.
   * Resolves as soon as there are records or a gap (compacted, aborted or control records), at the latest after `waitMs`.
   * For a gap, `batches` is empty and `next` is the offset after it.
   * @param maxBytes roughly the size of the result; at least one batch, if there is one
   * @throws EVENT_LOG_DAMAGED when not even the place of the next batch can be found
   * @throws OFFSET_OUT_OF_RANGE when retention deleted the wanted offset (before the first kept one of a `delete` topic):
   * report it, then open a reader at `offsets().start`.
   * Also when the partition now ends before an offset that this reader has reached: it was made again, or has lost records.
   */
  fetch(maxBytes: number, waitMs: number): Promise<FetchedBatches>;
  close(): Promise<void>;
}

export interface FetchedBatches {
  /** Uncompressed record batches with their real base offsets. */
  readonly batches: readonly Buffer[];
  /** Batches that are damaged, or that their writer encoded in a way that cannot be read; in order. */
  readonly unreadable: readonly UnreadableBatch[];
  /** Skip records below this offset. */
  readonly from: number;
  /** Where the next fetch continues. */
  readonly next: number;
  /** End of the partition for committed-only readers, as of this fetch: `next >= end` means read to the end. */
  readonly end: number;
}

/** A record batch that cannot be read. Reading continues after it. */
export interface UnreadableBatch {
  /** The first offset that was in it, and was not returned before. */
  readonly from: number;
  /** The first offset after it. */
  readonly next: number;
  /** Why, to follow a colon: `its checksum is wrong`. */
  readonly problem: string;
  /** The key of its only record, where the log also keeps it outside of the batch. */
  readonly key: Buffer | null;
}

export interface AssignmentListener {
  /** This member now owns these partitions. */
  assigned(partitions: readonly number[]): Promise<void>;
  /** Other members may own these partitions as soon as this resolves. */
  revoked(partitions: readonly number[]): Promise<void>;
}

export interface GroupMembership {
  /**
   * Resolves once a heartbeat sent after this call has confirmed that this member's current assignment holds. Waits
   * through a rebalance and while the group cannot be reached. Listeners must not await it.
   * @throws CLOSED when this member has left, or the signal is aborted
   */
  confirm(signal?: AbortSignal): Promise<void>;
  /** Leaves the group: calls `revoked` for the assigned partitions, then the others take over. */
  leave(): Promise<void>;
}
