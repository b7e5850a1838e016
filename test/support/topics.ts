import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteEventLog } from '../../src/adapters/embedded/sqlite-event-log';
import { parseWindowRecord } from '../../src/pipelines/level-alerts/counting/parse-window-record';
import type { WindowRecord } from '../../src/pipelines/level-alerts/counting/window-record';
import { lineAt, LineFlag, type LineBatch } from '../../src/lines/line-batch';
import { decodeLines } from '../../src/lines/log-records';
import { decodeBatch, type DecodedRecord } from '../../src/records/record-batch';
import { systemClock } from '../../src/ports/clock';
import type { EventLog } from '../../src/ports/event-log';

const PARTITIONS = 10;

/** Opens the event log of a data folder that a program is using, uses it, and closes it. */
export async function withEventLog<T>(dataFolder: string, use: (log: EventLog) => Promise<T>): Promise<T> {
  const log = await openSqliteEventLog({ path: join(dataFolder, 'events.db'), clock: systemClock });
  try {
    return await use(log);
  } finally {
    await log.close();
  }
}

async function* batchesOf(log: EventLog, topic: string, partitions = PARTITIONS): AsyncGenerator<Buffer> {
  for (let partition = 0; partition < partitions; partition++) {
    const { start, end } = await log.offsets(topic, partition);
    const reader = log.openReader(topic, partition, start);
    for (let next = start; next < end;) {
      const fetched = await reader.fetch(1024 * 1024, 0);
      yield* fetched.batches;
      next = fetched.next;
    }
    await reader.close();
  }
}

/** All records of a topic, partition after partition, in order. */
export async function readRecords(log: EventLog, topic: string, partitions = PARTITIONS): Promise<DecodedRecord[]> {
  const records: DecodedRecord[] = [];
  for await (const batch of batchesOf(log, topic, partitions)) records.push(...decodeBatch(batch));
  return records;
}

/** The lines of each source in a topic, as {@link lineName} writes them, in order. */
export async function readLines(log: EventLog, topic = 'logs'): Promise<Record<string, string[]>> {
  const lines: Record<string, string[]> = {};
  for await (const bytes of batchesOf(log, topic)) {
    for (const { batch } of decodeLines(bytes, 0)) {
      const ofSource = (lines[batch.source] ??= []);
      for (let i = 0; i < batch.count; i++) ofSource.push(lineName(batch, i));
    }
  }
  return lines;
}

/**
 * `generation:offset text`, followed by rare flags: `0:7 half a line {CUT_TAIL}`. Omits the gap flag, which describes
 * how the line was read, not the line.
 */
function lineName(batch: LineBatch, i: number): string {
  const flags = (batch.flags[i] ?? 0) & ~LineFlag.GAP;
  const marks = Object.entries(LineFlag).flatMap(([name, bit]) => ((flags & bit) === 0 ? [] : [` {${name}}`]));
  return `${batch.generation}:${batch.offsets[i] ?? NaN} ${lineAt(batch, i).toString('utf8')}${marks.join('')}`;
}

/** The latest revision of each window, by origin and start. */
export async function readWindows(log: EventLog, partitions = PARTITIONS): Promise<Map<string, WindowRecord>> {
  const windows = new Map<string, WindowRecord>();
  for await (const batch of batchesOf(log, 'windows', partitions)) {
    for (const { key, value } of decodeBatch(batch)) {
      const window = key === null || value === null ? null : parseWindowRecord(key, value);
      if (window !== null) windows.set(`${window.origin} ${window.windowStart}`, window);
    }
  }
  return windows;
}

/** Waits until the windows are as expected: checks again whenever one of them changes. */
export async function untilWindows(log: EventLog, isTrue: (windows: WindowRecord[]) => boolean): Promise<void> {
  const stop = new AbortController();
  const woken = Array.from({ length: PARTITIONS }, async (_, partition) => {
    const { end } = await log.offsets('windows', partition);
    const reader = log.openReader('windows', partition, end);
    while (!stop.signal.aborted) {
      await reader.fetch(1024 * 1024, 100);
      if (isTrue([...(await readWindows(log)).values()])) stop.abort();
    }
    await reader.close();
  });
  await Promise.all(woken);
}

/** Number of terminated lines in a folder of host folders, and the end of the last one in each file. */
export function terminatedLines(hostsFolder: string): { lines: number; ends: Map<string, number> } {
  const ends = new Map<string, number>();
  let lines = 0;
  for (const [source, bytes] of filesBySource(hostsFolder)) {
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines += 1;
    ends.set(source, bytes.lastIndexOf(10) + 1);
  }
  return { lines, ends };
}

function* filesBySource(hostsFolder: string): Generator<[source: string, bytes: Buffer]> {
  for (const host of readdirSync(hostsFolder)) {
    for (const file of readdirSync(join(hostsFolder, host))) {
      yield [`telltale-logs/logs/${host}/${file}`, readFileSync(join(hostsFolder, host, file))];
    }
  }
}

/**
 * Compares topic `logs` with the files of append-only hosts, byte by byte.
 * @returns one sentence per difference: none when the topic holds every terminated line of every file exactly once and
 *   in order
 */
export async function compareLogsWithFiles(log: EventLog, hostsFolder: string): Promise<string[]> {
  const files = new Map([...filesBySource(hostsFolder)].map(([source, bytes]) => [source, { bytes, next: 0 }]));
  const problems: string[] = [];
  const compare = (batch: LineBatch): void => {
    const file = files.get(batch.source);
    if (file === undefined) {
      problems.push(`${batch.source} is not one of the files`);
      return;
    }
    for (let i = 0; i < batch.count && problems.length < 10; i++) {
      const offset = batch.offsets[i] ?? -1;
      const line = lineAt(batch, i);
      const end = file.next + line.length;
      const isThere = batch.generation === 0 && offset === file.next && file.bytes.subarray(offset, end).equals(line);
      if (!isThere || file.bytes[end] !== 10) {
        problems.push(`${batch.source}: ${batch.generation}:${offset} where 0:${file.next} was expected`);
      }
      file.next = end + 1;
    }
  };
  for await (const bytes of batchesOf(log, 'logs')) for (const { batch } of decodeLines(bytes, 0)) compare(batch);
  for (const [source, { bytes, next }] of files) {
    const end = bytes.lastIndexOf(10) + 1;
    if (next !== end) problems.push(`${source}: ${next} of ${end} bytes of terminated lines are in the topic`);
  }
  return problems;
}
