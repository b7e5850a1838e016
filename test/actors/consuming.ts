import { Level } from '../../src/lines/line-batch';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { openMailbox, type Mailbox } from '../../src/adapters/embedded/mailbox';
import { openSqliteEventLog } from '../../src/adapters/embedded/sqlite-event-log';
import { crc32c } from '../../src/adapters/native/checksums';
import { createCounting, type CountingState } from '../../src/pipelines/level-alerts/counting/counting';
import type { OutputRecord, Job } from '../../src/stream/job';
import { encodeLines } from '../../src/lines/log-records';
import { decodeBatch, encodeRecords, type DecodedRecord } from '../../src/records/record-batch';
import { initialReadingState } from '../../src/lines/reading-state';
import { createScanner } from '../../src/lines/scanner';
import { topicsOf } from '../../src/apps/topics';
import { loadConfig } from '../../src/config';
import { pipelines } from '../../src/pipelines';
import { systemClock } from '../../src/ports/clock';
import type { EventLog } from '../../src/ports/event-log';
import { startTestSystem, type TestSystem } from './kit/harness';
import { HOUR } from './producing';

/** A new event log in a folder, with one partition a topic. */
export async function openLog(folder: string): Promise<EventLog> {
  const log = await openSqliteEventLog({ path: join(folder, 'events.db'), clock: systemClock });
  await log.ensureTopics(topicsOf(loadConfig({ pipelines, set: ['eventLog.partitions=1'], env: {} }).config));
  return log;
}

/** A folder with an event log and a mailbox, and the systems of actors that run on it. */
export interface MailPlace {
  readonly log: EventLog;
  readonly mailbox: Mailbox;
  /** Starts a system of its own. Stopped by `close`, if not before. */
  startSystem(): TestSystem;
  close(): Promise<void>;
}

export async function openMailPlace(folder: string): Promise<MailPlace> {
  const log = await openLog(folder);
  const systems: TestSystem[] = [];
  return {
    log,
    mailbox: await openMailbox(folder),
    startSystem: () => {
      const started = startTestSystem();
      systems.push(started);
      return started;
    },
    close: async () => {
      for (const { system } of systems) await system.stop(10_000);
      await log.close();
    },
  };
}

export function counting(): Job<CountingState> {
  return createCounting({
    partitions: 1,
    windowMs: 60_000,
    disorderMs: 5_000,
    idleAfterMs: 15 * 60_000,
    keepWindowsMs: 48 * HOUR,
    maxWindows: 10_000,
    keepOriginsMs: 240 * HOUR,
    patternLevels: [Level.ERROR],
    engine: 'telltale/test',
  });
}

/** Appends lines to topic `logs` as the producer does: those of one source, each as its own record. */
export async function appendLines(log: EventLog, key: string, offset: number, text: string, at: number): Promise<void> {
  const lastModified = Date.parse('2026-11-21T00:00:00Z');
  const scanner = createScanner(
    {
      source: `bucket/${key}`,
      origin: key.split('/')[0] ?? '',
      generation: 0,
      lastModified,
      fileDay: null,
      zone: 'UTC',
      customFormat: null,
      maxFutureSkew: HOUR,
      maxLineBytes: 256 * 1024,
      batchBytes: 900_000,
    },
    { offset, held: Buffer.alloc(0), reading: initialReadingState },
  );
  await append(
    log,
    'logs',
    scanner.push(Buffer.from(text)).map(({ batch }) => encodeLines(batch, at, crc32c)),
  );
}

/** Appends records to the one partition of a topic. */
export async function appendOutputs(log: EventLog, topic: string, outputs: readonly OutputRecord[]): Promise<void> {
  const records = outputs.map((output) => ({ ...output, headers: [] }));
  await append(log, topic, [encodeRecords(records, crc32c)]);
}

async function append(log: EventLog, topic: string, batches: readonly Buffer[]): Promise<void> {
  const name = createHash('sha256')
    .update(`${topic}${String(performance.now())}`)
    .digest('hex');
  const writer = await log.openWriter({ id: name, reads: [], writes: [topic] });
  const transaction = writer.begin();
  for (const batch of batches) await transaction.append(topic, 0, batch);
  await transaction.commit();
  await writer.close();
}

/** Reads the one partition of a topic as it grows, until its records satisfy the condition. */
export async function untilHolds(
  log: EventLog,
  topic: string,
  condition: (records: readonly DecodedRecord[]) => boolean,
): Promise<void> {
  const records: DecodedRecord[] = [];
  const reader = log.openReader(topic, 0, 0);
  while (!condition(records)) {
    const { batches, from } = await reader.fetch(1024 * 1024, 10_000);
    for (const batch of batches) records.push(...decodeBatch(batch, from));
  }
  await reader.close();
}
