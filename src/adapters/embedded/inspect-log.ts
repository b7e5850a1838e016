import { statSync } from 'node:fs';
import Database from 'libsql';

import { errnoOf } from '../../errno';
import { isTelltaleError } from '../../errors';
import { exists } from '../../exists';
import { systemClock } from '../../ports/clock';
import { decodeBatch, faultIn, faultOf, type DecodedRecord } from '../../records/record-batch';
import { describeDamage } from '../../stream/continue-from';
import { crc32c } from '../native/checksums';
import { CommitWatch } from './commit-watch';
import { LockWait } from './lock-wait';
import type { SqliteDatabase } from './sqlite-database';
import { bytesOrNull, eventLogError, numberField, openDatabase, pathOf, textField } from './sqlite-database';
import { ReaderParts, SqliteReader } from './sqlite-reader';
import { SqliteTopics, type PartitionRow } from './sqlite-topics';

const FETCH_BYTES = 4 * 1024 * 1024;

/** The readable part of an event log, and its damage. */
export interface Inspection {
  /** The damage; none when the whole event log can be read. */
  readonly problems: readonly string[];
  /** When a program wrote to it last, by its files, epoch milliseconds; null when there is no such file. */
  readonly lastUsed: number | null;
  /** By topic, the wanted records that could be read, in order. */
  readonly records: ReadonlyMap<string, readonly DecodedRecord[]>;
  /** Topics of which every record could be read. */
  readonly complete: ReadonlySet<string>;
}

/**
 * Checks the structure of an event log and each of its record batches, and keeps the records that are wanted. It reads
 * as much as can be read of any file, and repairs nothing.
 * @throws DISK_FULL, DATA_FOLDER, EVENT_LOG when a fault of the machine or another program keeps it from being read: that is not damage
 */
export async function inspectLog(
  path: string,
  isWanted: (topic: string, record: DecodedRecord) => boolean,
): Promise<Inspection> {
  const found: Found = { path, problems: [], records: new Map(), complete: new Set() };
  const lastUsed = lastWrite(path);
  if (!exists(path)) return { ...found, problems: [`there is no ${path}`], lastUsed: null };
  const database = openAnyway(path, found);
  try {
    if (database !== null) await readAll(database, isWanted, found);
  } finally {
    database?.close();
  }
  const { problems, records, complete } = found;
  return { problems, records, complete, lastUsed };
}

interface Found {
  readonly path: string;
  readonly problems: string[];
  readonly records: Map<string, DecodedRecord[]>;
  readonly complete: Set<string>;
}

function lastWrite(path: string): number | null {
  const times = [path, `${path}-wal`].filter(exists).map((file) => statSync(file).mtimeMs);
  return times.length === 0 ? null : Math.max(...times);
}

/** A database that cannot be opened in order may have tables that can be read. */
function openAnyway(path: string, { problems }: Found): SqliteDatabase | null {
  try {
    return openDatabase(path);
  } catch (error) {
    refuseFault(error, path);
    problems.push(messageOf(error));
  }
  try {
    return new Database(path);
  } catch {
    return null;
  }
}

async function readAll(
  database: SqliteDatabase,
  isWanted: (topic: string, record: DecodedRecord) => boolean,
  found: Found,
): Promise<void> {
  attempt(found, () => {
    const answers = database.prepare('PRAGMA integrity_check(10)').all();
    for (const answer of answers) {
      const problem = textField(answer, 'integrity_check');
      if (problem !== 'ok') found.problems.push(problem.replaceAll('\n', ' '));
    }
  });
  const topics = attempt(found, () => new SqliteTopics(database));
  const partitions = attempt(found, () => topics?.all()) ?? [];
  if (topics === undefined) return;
  const failed = new Map<number, PartitionRow>();
  const read = new Map<number, readonly DecodedRecord[]>();
  for (const partition of partitions) {
    const kept: DecodedRecord[] = [];
    const keep = (record: DecodedRecord): void => {
      if (isWanted(partition.topic, record)) kept.push(record);
    };
    if (!(await readPartition(database, topics, partition, keep, found))) failed.set(partition.id, partition);
    read.set(partition.id, kept);
  }
  const scanned = failed.size === 0 ? new Map<number, DecodedRecord[]>() : scanTable(database, failed, isWanted);
  for (const { id, topic } of partitions) {
    const [indexed, all] = [read.get(id) ?? [], scanned.get(id) ?? []];
    found.records.set(topic, [...(found.records.get(topic) ?? []), ...(all.length > indexed.length ? all : indexed)]);
  }
  const incomplete = new Set([...failed.values()].map(({ topic }) => topic));
  for (const { topic } of partitions) if (!incomplete.has(topic)) found.complete.add(topic);
}

/** The readable records of partitions whose index is damaged. Reads the whole table once, as far as possible. */
function scanTable(
  database: SqliteDatabase,
  partitions: ReadonlyMap<number, PartitionRow>,
  isWanted: (topic: string, record: DecodedRecord) => boolean,
): Map<number, DecodedRecord[]> {
  const batches = new Map<number, { readonly lastOffset: number; readonly records: readonly DecodedRecord[] }[]>();
  try {
    const rows = database.prepare('SELECT partition, last_offset, bytes FROM batch NOT INDEXED').iterate();
    for (const row of rows) {
      const partition = partitions.get(numberField(row, 'partition'));
      const bytes = bytesOrNull(row, 'bytes');
      const lastOffset = numberField(row, 'last_offset');
      if (partition === undefined || bytes === null || faultOf(bytes, lastOffset, crc32c) !== null) continue;
      const records = decodeBatch(bytes).filter((record) => isWanted(partition.topic, record));
      if (records.length === 0) continue;
      const ofPartition = batches.get(partition.id) ?? [];
      batches.set(partition.id, ofPartition);
      ofPartition.push({ lastOffset, records });
    }
  } catch (error) {
    // The damage was reported when the partition was read.
    refuseFault(error, pathOf(database));
  }
  const inOrder = [...batches].map(([id, found]): [number, DecodedRecord[]] => [
    id,
    found.sort((a, b) => a.lastOffset - b.lastOffset).flatMap(({ records }) => records),
  ]);
  return new Map(inOrder);
}

/** @returns true when every record could be read */
async function readPartition(
  database: SqliteDatabase,
  topics: SqliteTopics,
  row: PartitionRow,
  keep: (record: DecodedRecord) => void,
  { path, problems }: Found,
): Promise<boolean> {
  const { topic, number: partition } = row;
  const before = problems.length;
  const closed = new AbortController();
  try {
    const { start, end } = topics.offsets(row);
    const watch = new CommitWatch(database);
    const parts = new ReaderParts(
      database,
      topics,
      watch,
      systemClock,
      closed.signal,
      new LockWait(systemClock, closed.signal),
    );
    const reader = new SqliteReader({ topic, partition, offset: start }, parts);
    let rows = 0;
    for (let next = start; next < end;) {
      const fetched = await reader.fetch(FETCH_BYTES, 0);
      rows += fetched.batches.length + fetched.unreadable.length;
      for (const place of fetched.unreadable) problems.push(describeDamage({ topic, partition, ...place }));
      for (const batch of fetched.batches) for (const record of decodeBatch(batch, fetched.from)) keep(record);
      next = fetched.next;
    }
    const missing = rowsOf(database, row) - rows;
    if (missing !== 0) problems.push(`topic "${topic}", partition ${partition}: its index and its rows differ`);
  } catch (error) {
    refuseFault(error, path);
    problems.push(`topic "${topic}", partition ${partition}: ${messageOf(error)}`);
  } finally {
    closed.abort();
  }
  return problems.length === before;
}

/** Counted without the index by which batches are read. */
function rowsOf(database: SqliteDatabase, { id }: PartitionRow): number {
  const row = database.prepare('SELECT count(*) AS rows FROM batch NOT INDEXED WHERE partition = ?').get(id);
  return numberField(row, 'rows');
}

function attempt<T>({ path, problems }: Found, step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    refuseFault(error, path);
    problems.push(messageOf(error));
    return undefined;
  }
}

/** Errors that say nothing about the content of the file: it must not be replaced for them. */
const FAULT =
  /^(E[A-Z0-9]+$|SQLITE_(BUSY|LOCKED|FULL|CANTOPEN|READONLY|NOMEM|PERM|IOERR_(?!READ|SHORT_READ|CORRUPTFS)))/;

/** @throws an error that is a fault of the machine, or says that another version wrote the file */
function refuseFault(error: unknown, path: string): void {
  const isOurs = isTelltaleError(error);
  if (isOurs && error.code === 'DATA_FOLDER' && error.cause === undefined) throw error;
  const code = errnoOf(isOurs ? error.cause : error);
  if (FAULT.test(code)) throw eventLogError(error, `Cannot read ${path}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : faultIn(error);
}
