import { batchHeader, decodeBatch, encodeRecords, withAppendTime, withBaseOffset } from '../../records/record-batch';
import { TelltaleError, isTelltaleError } from '../../errors';
import type { Clock } from '../../ports/clock';
import type { EventTransaction, EventWriter } from '../../ports/event-log';
import { crc32c } from '../native/checksums';
import { errnoOf } from '../../errno';
import type { LockWait } from './lock-wait';
import type { SqliteDatabase } from './sqlite-database';
import { FailedCommit, eventLogError, inTransaction, isLocked, numberField, pathOf } from './sqlite-database';
import type { PartitionRow, SqliteTopics } from './sqlite-topics';

/** Kafka's default limit. */
const MAX_BATCH_BYTES = 1 << 20;

/** One row to write: a record batch. Its first offset is `delta` after that of the appended batch that it is part of. */
interface Piece {
  readonly delta: number;
  readonly lastDelta: number;
  readonly maxTimestamp: number;
  /** In compacted topics. */
  readonly key: Buffer | null;
  readonly tombstone: boolean;
  readonly bytes: Buffer;
}

interface Appended {
  readonly partition: PartitionRow;
  /** The number of offsets that it takes. */
  readonly length: number;
  readonly pieces: readonly Piece[];
}

interface CommittedOffset {
  readonly group: string;
  readonly partition: PartitionRow;
  readonly offset: number;
}

/** Shared by the writers of one event log. */
export class WriterParts {
  readonly bumpEpoch;
  readonly selectEpoch;
  readonly selectEnd;
  readonly updateEnd;
  readonly deleteKey;
  readonly insertBatch;
  readonly upsertOffset;

  constructor(
    readonly database: SqliteDatabase,
    readonly topics: SqliteTopics,
    /** Aborted when the event log is closed. */
    readonly closed: AbortSignal,
    readonly clock: Clock,
    readonly lock: LockWait,
    readonly onCommit: () => void,
  ) {
    this.bumpEpoch = database.prepare(`
      INSERT INTO writer VALUES (?, 1) ON CONFLICT (transactional_id) DO UPDATE SET epoch = epoch + 1`);
    this.selectEpoch = database.prepare('SELECT epoch FROM writer WHERE transactional_id = ?');
    this.selectEnd = database.prepare('SELECT end_offset FROM partition WHERE id = ?');
    this.updateEnd = database.prepare('UPDATE partition SET end_offset = ? WHERE id = ?');
    this.deleteKey = database.prepare('DELETE FROM batch WHERE partition = ? AND key = ?');
    this.insertBatch = database.prepare(`
      INSERT INTO batch (partition, last_offset, max_timestamp, key, tombstone, bytes) VALUES (?, ?, ?, ?, ?, ?)`);
    this.upsertOffset = database.prepare(`
      INSERT INTO group_offset VALUES (?, ?, ?)
      ON CONFLICT (group_id, partition) DO UPDATE SET next_offset = excluded.next_offset`);
  }
}

/**
 * The writer of a transactional id. It holds appended batches in memory, and writes them in one SQLite transaction at commit
 * if its epoch is still the newest: an open transaction leaves no trace, and a fenced writer never writes.
 */
export class SqliteWriter implements EventWriter {
  private readonly epoch: number;
  private open: SqliteTransaction | null = null;
  /** Set once the writer accepts no more transactions. */
  private fatalError: TelltaleError | null = null;

  constructor(
    private readonly transactionalId: string,
    private readonly writes: readonly string[],
    private readonly parts: WriterParts,
  ) {
    this.epoch = inTransaction(parts.database, () => {
      parts.bumpEpoch.run(transactionalId);
      return this.newestEpoch();
    });
  }

  begin(): EventTransaction {
    this.checkUsable();
    if (this.open?.isOpen === true) {
      throw new TelltaleError(
        'INTERNAL',
        `${this.transactionalId} began a transaction before the end of the last one.`,
      );
    }
    this.open = new SqliteTransaction(this, this.parts);
    return this.open;
  }

  close(): Promise<void> {
    this.fail(this.closedError());
    return Promise.resolve();
  }

  /** Ends the open transaction; the writer begins no other. */
  fail(reason: TelltaleError): void {
    this.fatalError ??= reason;
    this.open?.drop();
  }

  /** @throws INTERNAL when the writer did not declare the topic */
  checkDeclared(topic: string): void {
    if (this.writes.includes(topic)) return;
    const message = `The writer ${this.transactionalId} did not declare that it writes the topic ${topic}.`;
    throw new TelltaleError('INTERNAL', message);
  }

  /** @throws FENCED when a newer writer of the same id was opened */
  checkEpoch(): void {
    if (this.newestEpoch() === this.epoch) return;
    const message = `A newer writer of ${this.transactionalId} was opened: stop this one, or start it over.`;
    throw new TelltaleError('FENCED', message);
  }

  /** @throws FENCED, or CLOSED when it was closed or has failed */
  checkUsable(): void {
    if (this.parts.closed.aborted) this.fail(this.closedError());
    if (this.fatalError === null) return;
    if (this.fatalError.code === 'FENCED' || this.fatalError.code === 'CLOSED') throw this.fatalError;
    const message = `The writer ${this.transactionalId} has failed: close it and open a new one.`;
    throw new TelltaleError('CLOSED', message, { cause: this.fatalError });
  }

  private closedError(): TelltaleError {
    return new TelltaleError('CLOSED', `The writer ${this.transactionalId} is closed: open a new one.`);
  }

  private newestEpoch(): number {
    return numberField(this.parts.selectEpoch.get(this.transactionalId), 'epoch');
  }
}

class SqliteTransaction implements EventTransaction {
  isOpen = true;
  private appended: Appended[] = [];
  private offsets: CommittedOffset[] = [];

  constructor(
    private readonly writer: SqliteWriter,
    private readonly parts: WriterParts,
  ) {}

  append(topic: string, partition: number, batch: Buffer): Promise<void> {
    return this.attempt(`Cannot append to ${topic}/${partition}`, () => {
      this.writer.checkDeclared(topic);
      const row = this.parts.topics.partition(topic, partition);
      this.writer.checkEpoch();
      this.appended.push(prepare(row, batch));
    });
  }

  commitOffset(group: string, topic: string, partition: number, offset: number): Promise<void> {
    return this.attempt(`Cannot commit an offset of ${group}`, () => {
      this.offsets.push({ group, partition: this.parts.topics.partition(topic, partition), offset });
    });
  }

  commit(): Promise<void> {
    const write = (): void => {
      inTransaction(this.parts.database, () => {
        this.write();
      });
      this.drop();
      this.parts.onCommit();
    };
    return this.attempt('Cannot commit', write, commitError);
  }

  abort(): Promise<void> {
    this.drop();
    return Promise.resolve();
  }

  drop(): void {
    this.isOpen = false;
    this.appended = [];
    this.offsets = [];
  }

  private write(): void {
    this.writer.checkEpoch();
    const now = this.parts.clock.now();
    for (const { partition, length, pieces } of this.appended) {
      const base = numberField(this.parts.selectEnd.get(partition.id), 'end_offset');
      for (const piece of pieces) this.insert(partition, base, partition.appendTime ? appendedAt(piece, now) : piece);
      this.parts.updateEnd.run(base + length, partition.id);
    }
    for (const { group, partition, offset } of this.offsets) {
      this.parts.upsertOffset.run(group, partition.id, offset);
    }
  }

  private insert(partition: PartitionRow, base: number, piece: Piece): void {
    const { delta, lastDelta, maxTimestamp, key, tombstone, bytes } = piece;
    // Compacts at once: a key's record replaces the one before, so that the topic never outgrows its keys. Retention compacts
    // topics with a compaction lag later.
    if (key !== null && partition.compactionLagMs === 0) this.parts.deleteKey.run(partition.id, key);
    const row = withBaseOffset(bytes, base + delta);
    this.parts.insertBatch.run(partition.id, base + lastDelta, maxTimestamp, key, tombstone ? 1 : 0, row);
  }

  /** After any error the transaction is over, and its writer accepts no more. */
  private async attempt(
    what: string,
    step: () => void,
    explain: (error: unknown, path: string) => unknown = (error) => error,
  ): Promise<void> {
    try {
      await this.parts.lock.during(what, () => {
        // Before each try: the writer may be closed while it waits.
        this.writer.checkUsable();
        if (!this.isOpen) throw new TelltaleError('CLOSED', `${what}: the transaction is over; begin another.`);
        step();
      });
    } catch (error) {
      const path = pathOf(this.parts.database);
      const reason = eventLogError(explain(error, path), `${what} in ${path}`);
      this.writer.fail(reason);
      throw reason;
    }
  }
}

/**
 * Checks a record batch and copies it: the caller may reuse its buffer as soon as `append` resolves.
 * @throws BATCH_TOO_LARGE, CORRUPT_BATCH
 */
function prepare(partition: PartitionRow, batch: Buffer): Appended {
  if (batch.length > MAX_BATCH_BYTES) {
    const message = `A record batch for ${partition.topic} has ${batch.length} bytes, and ${MAX_BATCH_BYTES} are allowed`;
    throw new TelltaleError('BATCH_TOO_LARGE', `${message}: write smaller batches.`);
  }
  const { baseOffset, lastOffset, count, maxTimestamp } = batchHeader(batch, crc32c);
  if (baseOffset !== 0 || lastOffset < 0 || count === 0) {
    const message = `A record batch for ${partition.topic} must begin at offset 0 and hold a record.`;
    throw new TelltaleError('CORRUPT_BATCH', message);
  }
  if (partition.cleanup !== 'delete') return { partition, length: lastOffset + 1, pieces: split(partition, batch) };
  const whole = {
    delta: 0,
    lastDelta: lastOffset,
    maxTimestamp,
    key: null,
    tombstone: false,
    bytes: Buffer.from(batch),
  };
  return { partition, length: lastOffset + 1, pieces: [whole] };
}

function appendedAt(piece: Piece, now: number): Piece {
  return { ...piece, maxTimestamp: now, bytes: withAppendTime(piece.bytes, now, crc32c) };
}

/** One batch per record: a compacted topic keeps records by key. */
function split(partition: PartitionRow, batch: Buffer): Piece[] {
  return decodeBatch(batch).map(({ offset, timestamp, key, value, headers }) => {
    if (key === null) {
      const message = `A record for the compacted topic ${partition.topic} has no key: give it one.`;
      throw new TelltaleError('CORRUPT_BATCH', message);
    }
    const bytes = encodeRecords([{ key, value, headers, timestamp }], crc32c);
    const tombstone = value === null;
    return { delta: offset, lastDelta: offset, maxTimestamp: timestamp, key: Buffer.from(key), tombstone, bytes };
  });
}

/**
 * Explains a failed commit. If the disk was full, or another program kept its lock, certainly nothing was written. After any
 * other failure of COMMIT itself, such as a sync, a crash now could still make the transaction appear; the first write of a
 * new writer settles it.
 */
function commitError(error: unknown, path: string): unknown {
  if (isTelltaleError(error)) return error;
  const code = errnoOf(error);
  if (error instanceof FailedCommit && code !== 'SQLITE_FULL' && !isLocked(error)) {
    const message = `It is unknown whether the transaction was committed to ${path} (${code}): open a new writer and read the log.`;
    return new TelltaleError('COMMIT_OUTCOME_UNKNOWN', message, { cause: error });
  }
  const cause = eventLogError(error, `The transaction was not written to ${path}`);
  return new TelltaleError('TRANSACTION_ABORTED', cause.message, { cause });
}
