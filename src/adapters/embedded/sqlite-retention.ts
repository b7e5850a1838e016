import { setImmediate } from 'node:timers/promises';

import type { SqliteDatabase } from './sqlite-database';
import { inTransaction, numberField } from './sqlite-database';
import type { PartitionRow, SqliteTopics } from './sqlite-topics';

/** At most so many rows go in one transaction, so that no writer waits for long. */
const STEP_ROWS = 16;

/** How long a reader that lags has to see that a key was deleted: Kafka's `delete.retention.ms`. */
const KEEP_TOMBSTONES_MS = 24 * 60 * 60 * 1000;

/** Deletes what is old enough. */
export class SqliteRetention {
  private readonly selectOldest;
  private readonly deleteUpTo;
  private readonly moveStart;
  private readonly deleteOld;
  private readonly deleteTombstones;

  constructor(
    private readonly database: SqliteDatabase,
    private readonly topics: SqliteTopics,
  ) {
    this.selectOldest = database.prepare(`
      SELECT last_offset, max_timestamp FROM batch WHERE partition = ? ORDER BY last_offset LIMIT ${STEP_ROWS}`);
    this.deleteUpTo = database.prepare('DELETE FROM batch WHERE partition = ? AND last_offset <= ?');
    this.moveStart = database.prepare('UPDATE partition SET start_offset = ? WHERE id = ?');
    this.deleteOld = database.prepare(`
      DELETE FROM batch WHERE id IN
        (SELECT id FROM batch WHERE partition = ? AND max_timestamp < ? LIMIT ${STEP_ROWS})`);
    this.deleteTombstones = database.prepare(`
      DELETE FROM batch WHERE id IN
        (SELECT id FROM batch WHERE partition = ? AND tombstone AND max_timestamp < ? LIMIT ${STEP_ROWS})`);
  }

  /** A bounded part of the work, at once. */
  step(now: number): void {
    for (const partition of this.topics.all()) this.stepPartition(partition, now);
  }

  /** All of the work, giving way to others after each part; ends early when the signal is aborted. */
  async run(now: number, signal: AbortSignal): Promise<void> {
    for (const partition of this.topics.all()) {
      let rows = STEP_ROWS;
      while (rows === STEP_ROWS) {
        await setImmediate();
        if (signal.aborted) return;
        rows = this.stepPartition(partition, now);
      }
    }
  }

  /** @returns how many rows went */
  private stepPartition(partition: PartitionRow, now: number): number {
    return inTransaction(this.database, () => {
      const before = now - partition.retentionMs;
      if (partition.cleanup === 'delete') return this.deleteHead(partition, before);
      // Rows may go in any order where readers expect gaps; the start stays, as it does when a key is compacted.
      const old = partition.cleanup === 'compact,delete' ? this.deleteOld.run(partition.id, before).changes : 0;
      return Math.max(old, this.deleteTombstones.run(partition.id, now - KEEP_TOMBSTONES_MS).changes);
    });
  }

  /** From the oldest on, up to the first batch that is young enough: what is kept has no gaps. */
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
