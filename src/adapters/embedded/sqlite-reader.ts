import { TelltaleError } from '../../errors';
import type { Clock } from '../../ports/clock';
import type { EventReader, FetchedBatches, UnreadableBatch } from '../../ports/event-log';
import { faultOf } from '../../records/record-batch';
import { crc32c } from '../native/checksums';
import type { CommitWatch } from './commit-watch';
import type { LockWait } from './lock-wait';
import type { SqliteDatabase } from './sqlite-database';
import { bytesOrNull, damaged, eventLogError, inSnapshot, isDamage, numberField, pathOf } from './sqlite-database';
import type { PartitionRow, SqliteTopics } from './sqlite-topics';

export interface ReaderStart {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Shared by the readers of one event log. */
export class ReaderParts {
  readonly selectBatch;
  readonly selectPlace;

  constructor(
    readonly database: SqliteDatabase,
    readonly topics: SqliteTopics,
    readonly watch: CommitWatch,
    readonly clock: Clock,
    /** Aborted when the event log is closed. */
    readonly closed: AbortSignal,
    readonly lock: LockWait,
  ) {
    const next = 'FROM batch WHERE partition = ? AND last_offset >= ? ORDER BY last_offset LIMIT 1';
    this.selectBatch = database.prepare(`SELECT last_offset, key, bytes ${next}`);
    // Reads the index alone: it finds the place of a row that is damaged.
    this.selectPlace = database.prepare(`SELECT last_offset ${next}`);
  }
}

/** Reads one partition of record batches; the tables hold committed ones only. */
export class SqliteReader implements EventReader {
  private readonly name: string;
  private readonly closing = new AbortController();
  private readonly closed: AbortSignal;
  private position: number;

  constructor(
    private readonly start: ReaderStart,
    private readonly parts: ReaderParts,
  ) {
    this.name = `${start.topic}/${start.partition}`;
    this.closed = AbortSignal.any([this.closing.signal, parts.closed]);
    this.position = start.offset;
  }

  async fetch(maxBytes: number, waitMs: number): Promise<FetchedBatches> {
    const atOnce = await this.take(maxBytes);
    if (hasMoved(atOnce) || waitMs <= 0) return atOnce;

    const returning = new AbortController();
    const signal = AbortSignal.any([returning.signal, this.closed]);
    const over = this.parts.clock.sleep(waitMs, signal).then(() => 'over' as const);
    try {
      for (;;) {
        // Starts to wait before it looks, so that it misses no commit in between.
        const commit = this.parts.watch.nextCommit(signal);
        const fetched = await this.take(maxBytes);
        if (hasMoved(fetched)) return fetched;
        if ((await Promise.race([commit, over])) === 'over') return await this.take(maxBytes);
      }
    } finally {
      returning.abort();
    }
  }

  close(): Promise<void> {
    this.closing.abort();
    return Promise.resolve();
  }

  /** Takes the batches that exist now, and moves the reader after them. */
  private async take(maxBytes: number): Promise<FetchedBatches> {
    const what = `Cannot read ${this.name}`;
    try {
      return await this.parts.lock.during(what, () => this.takeNow(maxBytes));
    } catch (error) {
      throw eventLogError(error, `${what} in ${pathOf(this.parts.database)}`);
    }
  }

  private takeNow(maxBytes: number): FetchedBatches {
    if (this.closed.aborted) {
      throw new TelltaleError('CLOSED', `The reader of ${this.name} is closed: open a new one.`);
    }
    const partition = this.parts.topics.partition(this.start.topic, this.start.partition);
    const fetched = inSnapshot(this.parts.database, () => this.select(partition, maxBytes));
    this.position = fetched.next;
    return fetched;
  }

  private select(partition: PartitionRow, maxBytes: number): FetchedBatches {
    const { start, end } = this.parts.topics.offsets(partition);
    const from = this.position;
    if (from < start) {
      const message = `Offset ${from} of ${this.name} was deleted by retention: the first kept is ${start}.`;
      throw new TelltaleError('OFFSET_OUT_OF_RANGE', message);
    }
    const batches: Buffer[] = [];
    const unreadable: UnreadableBatch[] = [];
    let next = from;
    for (let bytes = 0; bytes < maxBytes;) {
      const row = this.rowAt(partition, next);
      if (row === undefined) {
        // Compaction has removed the rest up to the end.
        next = Math.max(next, end);
        break;
      }
      // From the column, never from the bytes: a damaged batch must not stop the reader.
      const lastOffset = numberField(row, 'last_offset');
      if (lastOffset < next) throw damaged(`The index of ${this.name} is damaged at offset ${next}`);
      const batch = bytesOrNull(row, 'bytes');
      const problem = batch === null ? 'its row is damaged' : faultOf(batch, lastOffset, crc32c);
      if (problem !== null) {
        const key = bytesOrNull(row, 'key');
        // A row with a key holds one record.
        unreadable.push({ from: key === null ? next : lastOffset, next: lastOffset + 1, problem, key });
      } else if (batch !== null) {
        batches.push(batch);
      }
      bytes += batch?.length ?? 1;
      next = lastOffset + 1;
    }
    return { batches, unreadable, from, next, end };
  }

  /** The first row that ends at `offset` or later; its place alone when a page of the row is damaged. */
  private rowAt({ id }: PartitionRow, offset: number): unknown {
    try {
      return this.parts.selectBatch.get(id, offset);
    } catch (error) {
      if (!isDamage(error)) throw error;
      return this.parts.selectPlace.get(id, offset);
    }
  }
}

function hasMoved({ from, next }: FetchedBatches): boolean {
  return next > from;
}
