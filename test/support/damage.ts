import { join } from 'node:path';
import Database from 'libsql';

/** A stored record batch of an embedded event log. */
export interface StoredBatch {
  readonly id: number;
  readonly topic: string;
  readonly partition: number;
  readonly lastOffset: number;
  readonly bytes: Buffer;
}

/** Runs `use` on the database of the event log in a folder, beside the programs. */
export function inDatabase<T>(folder: string, use: (database: Database.Database) => T): T {
  const database = new Database(join(folder, 'events.db'));
  try {
    return use(database);
  } finally {
    database.close();
  }
}

/** All batches, in order of topic, partition and offset. */
export function storedBatches(folder: string): StoredBatch[] {
  return inDatabase(folder, (database) => {
    const rows: unknown[] = database
      .prepare(
        `SELECT batch.id, topic, number AS partition, last_offset AS lastOffset, bytes
         FROM batch JOIN partition ON partition.id = batch.partition ORDER BY topic, number, last_offset`,
      )
      .all();
    // The driver gives an ArrayBuffer.
    return rows.map((row) => {
      const stored = row as Omit<StoredBatch, 'bytes'> & { readonly bytes: ArrayBuffer };
      return { ...stored, bytes: Buffer.from(stored.bytes) };
    });
  });
}

/** Changes bits of one byte of a stored batch, as a failing disk does. */
export function flipByte(folder: string, { id, bytes }: StoredBatch, at: number, bits = 0x01): void {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(at) ^ bits, at);
  storeBytes(folder, id, changed);
}

export function storeBytes(folder: string, id: number, bytes: Buffer): void {
  inDatabase(folder, (database) => {
    database.prepare('UPDATE batch SET bytes = ? WHERE id = ?').run(bytes, id);
  });
}
