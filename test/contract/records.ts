import { crc32c } from '../../src/adapters/native/checksums';
import { decodeBatch, encodeRecords } from '../../src/records/record-batch';
import type { EventLog, EventWriter } from '../../src/ports/event-log';

/** A record as cases write and compare it. */
export interface Row {
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
  readonly headers: readonly (readonly [string, string])[];
}

export type ReadRow = Row & { readonly offset: number };

/** How long a read may wait for records that must come, including the asynchronous markers of a real broker. */
const WAIT_MS = 20_000;

export const timestamp = Date.UTC(2026, 10, 20, 12);

export function row(value: string | null, key: string | null = 'k'): Row {
  return { key, value, timestamp, headers: [] };
}

export function batchOf(...rows: readonly Row[]): Buffer {
  const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text));
  return encodeRecords(
    rows.map(({ key, value, timestamp, headers }) => ({
      key: bytes(key),
      value: bytes(value),
      timestamp,
      headers: headers.map(([name, text]) => [name, Buffer.from(text)] as const),
    })),
    crc32c,
  );
}

export function rowsOf(batch: Buffer, from = 0): ReadRow[] {
  return decodeBatch(batch, from, crc32c).map(({ offset, timestamp, key, value, headers }) => ({
    offset,
    timestamp,
    key: key?.toString() ?? null,
    value: value?.toString() ?? null,
    headers: headers.map(([name, bytes]) => [name, bytes.toString()] as const),
  }));
}

/** Opens a writer that declares the topics which it writes. */
export function openWriter(log: EventLog, id: string, ...writes: string[]): Promise<EventWriter> {
  return log.openWriter({ id, reads: [], writes });
}

export function valuesOf(rows: readonly Row[]): (string | null)[] {
  return rows.map(({ value }) => value);
}

/** Appends each value as a batch of its own, in one committed transaction. */
export async function write(writer: EventWriter, topic: string, partition: number, ...values: string[]): Promise<void> {
  const transaction = writer.begin();
  for (const value of values) await transaction.append(topic, partition, batchOf(row(value)));
  await transaction.commit();
}

/** Reads from an offset on, up to the first record for which `isLast` holds. */
export async function readUntil(
  log: EventLog,
  topic: string,
  partition: number,
  isLast: (read: ReadRow, count: number) => boolean,
  from = 0,
): Promise<ReadRow[]> {
  const reader = log.openReader(topic, partition, from);
  const rows: ReadRow[] = [];
  try {
    for (;;) {
      const { batches, from: first, next } = await reader.fetch(64 * 1024, WAIT_MS);
      if (next === first) throw new Error(`no record came: ${topic}/${partition} has ${JSON.stringify(rows)}`);
      for (const read of batches.flatMap((batch) => rowsOf(batch, first))) {
        rows.push(read);
        if (isLast(read, rows.length)) return rows;
      }
    }
  } finally {
    await reader.close();
  }
}

export function readCount(log: EventLog, topic: string, partition: number, count: number): Promise<ReadRow[]> {
  return readUntil(log, topic, partition, (_read, read) => read === count);
}

let marks = 0;

/**
 * All values of a partition up to a mark, which it commits now and leaves out: a value that is not before the mark is not
 * visible. So a test can say that a value is invisible, without waiting.
 */
export async function readAll(log: EventLog, topic: string, partition: number): Promise<(string | null)[]> {
  const mark = `mark-${++marks}`;
  const writer = await openWriter(log, `marker-${topic}-${partition}`, topic);
  const transaction = writer.begin();
  await transaction.append(topic, partition, batchOf(row(mark, mark)));
  await transaction.commit();
  await writer.close();
  const rows = await readUntil(log, topic, partition, ({ value }) => value === mark);
  return valuesOf(rows).filter((value) => value?.startsWith('mark-') !== true);
}
