import { setImmediate } from 'node:timers/promises';

import { follow, type RetentionClock } from './retention-clock';
import type { LockWait } from './lock-wait';
import type { SqliteDatabase } from './sqlite-database';
import { bytesField, inTransaction, numberField, numberOrNull } from './sqlite-database';
import type { PartitionRow, SqliteTopics } from './sqlite-topics';

/** The most rows to delete in one transaction, so that no writer waits for long. */
const STEP_ROWS = 16;

/** The most records of keys to check in one transaction. */
const STEP_KEYS = 256;

/** Delete a record only after the older ones of its key: else an old value would become the newest. */
const IS_OLDEST_OF_KEY = `NOT EXISTS
  (SELECT 1 FROM batch AS older
   WHERE older.partition = batch.partition AND older.key = batch.key AND older.last_offset < batch.last_offset)`;

const NO_BYTES = Buffer.alloc(0);

/** How long a lagging reader has to see that a key was deleted: Kafka's `delete.retention.ms`. */
const KEEP_TOMBSTONES_MS = 24 * 60 * 60 * 1000;

/** Where compaction of a partition continues; null: at its first key. */
type KeyCursor = KeyRow | null;

interface KeyRow {
  readonly id: number;
  readonly key: Buffer;
  readonly lastOffset: number;
  readonly maxTimestamp: number;
}

/** Deletes old records, and compacts topics that have a compaction lag. */
export class SqliteRetention {
  private readonly selectOldest;
  private readonly deleteUpTo;
  private readonly moveStart;
  private readonly deleteOld;
  private readonly deleteTombstones;
  private readonly selectKeys;
  private readonly deleteRow;
  private readonly selectClock;
  private readonly deleteClock;
  private readonly insertClock;

  constructor(
    private readonly database: SqliteDatabase,
    private readonly topics: SqliteTopics,
    private readonly lock: LockWait,
  ) {
    this.selectOldest = database.prepare(`
      SELECT last_offset, max_timestamp FROM batch WHERE partition = ? ORDER BY last_offset LIMIT ${STEP_ROWS}`);
    this.deleteUpTo = database.prepare('DELETE FROM batch WHERE partition = ? AND last_offset <= ?');
    this.moveStart = database.prepare('UPDATE partition SET start_offset = ? WHERE id = ?');
    this.deleteOld = database.prepare(`
      DELETE FROM batch WHERE id IN
        (SELECT id FROM batch WHERE partition = ? AND max_timestamp < ? AND ${IS_OLDEST_OF_KEY} LIMIT ${STEP_ROWS})`);
    this.deleteTombstones = database.prepare(`
      DELETE FROM batch WHERE id IN
        (SELECT id FROM batch
         WHERE partition = ? AND tombstone AND max_timestamp < ? AND ${IS_OLDEST_OF_KEY} LIMIT ${STEP_ROWS})`);
    this.selectKeys = database.prepare(`
      SELECT id, key, last_offset, max_timestamp FROM batch
      WHERE partition = ? AND key IS NOT NULL AND (key, last_offset) > (?, ?)
      ORDER BY key, last_offset LIMIT ${STEP_KEYS}`);
    this.deleteRow = database.prepare('DELETE FROM batch WHERE id = ?');
    this.selectClock = database.prepare('SELECT time, ahead_since FROM retention_clock');
    this.deleteClock = database.prepare('DELETE FROM retention_clock');
    this.insertClock = database.prepare('INSERT INTO retention_clock VALUES (?, ?)');
  }

  /** Does a bounded part of the work at once. @param machineTime epoch milliseconds */
  step(machineTime: number): void {
    const now = this.timeAt(machineTime);
    for (const partition of this.topics.all()) {
      this.compact(partition, now, null);
      this.stepPartition(partition, now);
    }
  }

  /** Does all of the work, and yields after each part; ends early when the signal is aborted. */
  async run(machineTime: number, signal: AbortSignal): Promise<void> {
    const free = <T>(step: () => T): Promise<T> => this.lock.during('Cannot delete old records', step);
    const now = await free(() => this.timeAt(machineTime));
    for (const partition of await free(() => this.topics.all())) {
      let cursor = await free(() => this.compact(partition, now, null));
      while (cursor !== null) {
        await setImmediate();
        if (signal.aborted) return;
        const from = cursor;
        cursor = await free(() => this.compact(partition, now, from));
      }
      let rows = STEP_ROWS;
      while (rows === STEP_ROWS) {
        await setImmediate();
        if (signal.aborted) return;
        rows = await free(() => this.stepPartition(partition, now));
      }
    }
  }

  private timeAt(machineTime: number): number {
    return inTransaction(this.database, () => {
      const row = this.selectClock.get();
      const known = row === undefined ? { time: machineTime, aheadSince: null } : clockIn(row);
      const clock = follow(known, machineTime);
      this.deleteClock.run();
      this.insertClock.run(clock.time, clock.aheadSince);
      return clock.time;
    });
  }

  /** @returns the number of deleted rows */
  private stepPartition(partition: PartitionRow, now: number): number {
    return inTransaction(this.database, () => {
      const before = now - partition.retentionMs;
      const tombstonesBefore = now - partition.compactionLagMs - KEEP_TOMBSTONES_MS;
      if (partition.cleanup === 'delete') return this.deleteHead(partition, before);
      // Readers of compacted topics expect gaps: rows may be deleted in any order, and the start stays.
      const old = partition.cleanup === 'compact,delete' ? this.deleteOld.run(partition.id, before).changes : 0;
      return Math.max(old, this.deleteTombstones.run(partition.id, tombstonesBefore).changes);
    });
  }

  /**
   * Deletes each record that a newer one of its key replaced, once both are older than the compaction lag: until then a
   * reader finds the value that the key had.
   * @returns where to continue; null after the last key
   */
  private compact(partition: PartitionRow, now: number, from: KeyCursor): KeyCursor {
    if (partition.compactionLagMs === 0) return null;
    const before = now - partition.compactionLagMs;
    return inTransaction(this.database, () => {
      const rows = this.selectKeys.all(partition.id, from?.key ?? NO_BYTES, from?.lastOffset ?? -1).map(keyRow);
      let last = from;
      for (const row of rows) {
        const replaced = last?.key.equals(row.key) === true ? last : null;
        if (replaced !== null && Math.max(replaced.maxTimestamp, row.maxTimestamp) < before) {
          this.deleteRow.run(replaced.id);
        }
        last = row;
      }
      return rows.length < STEP_KEYS ? null : last;
    });
  }

  /** Deletes from the oldest batch up to the first young one: the kept part has no gaps. */
  private deleteHead(partition: PartitionRow, before: number): number {
    let last = -1;
    let rows = 0;
    for (const row of this.selectOldest.all(partition.id)) {
      if (numberField(row, 'max_timestamp') >= before) break;
      last = numberField(row, 'last_offset');
      rows++;
    }
    if (rows === 0) return 0;
    this.deleteUpTo.run(partition.id, last);
    this.moveStart.run(last + 1, partition.id);
    return rows;
  }
}

function clockIn(row: unknown): RetentionClock {
  return { time: numberField(row, 'time'), aheadSince: numberOrNull(row, 'ahead_since') };
}

function keyRow(row: unknown): KeyRow {
  return {
    id: numberField(row, 'id'),
    key: bytesField(row, 'key'),
    lastOffset: numberField(row, 'last_offset'),
    maxTimestamp: numberField(row, 'max_timestamp'),
  };
}
