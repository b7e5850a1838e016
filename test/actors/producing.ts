import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProducer, type Producer, type ProducerOptions } from '../../actors/producer';
import { createSketchReader } from '../../actors/read-sketch';
import type { SourceReaderOptions } from '../../actors/reader/source-reader';
import { openFolderStore } from '../../src/adapters/embedded/folder-store';
import { openSqliteEventLog } from '../../src/adapters/embedded/sqlite-event-log';
import { crc32c } from '../../src/adapters/native/checksums';
import { decompress } from '../../src/adapters/native/decompress';
import { loadHashing } from '../../src/adapters/native/hashing';
import { CounterRegistry } from '../../src/counters';
import type { CounterName } from '../../src/decisions';
import { topicsOf } from '../../src/apps/topics';
import { loadConfig } from '../../src/config';
import { pipelines } from '../../src/pipelines';
import { tell, type ActorSystem } from '../../src/kit';
import { systemClock } from '../../src/ports/clock';
import type { EventLog } from '../../src/ports/event-log';
import type { ObjectStore } from '../../src/ports/object-store';
import { startTestSystem, type TestSystem } from './kit/harness';

export const BUCKET = 'bucket';
export const HOUR = 60 * 60_000;

/** LastModified of every object in these tests. */
export const UPLOADED = Date.parse('2026-11-21T00:00:00Z');

/** A folder with an event log and an object store, and its successive producers. */
export interface Place {
  readonly folder: string;
  readonly log: EventLog;
  readonly store: ObjectStore;
  readonly options: Omit<ProducerOptions, 'onFailure'> & Pick<SourceReaderOptions, 'readSketch'>;
  /** How often all producers decided so, for this reason. */
  counted(name: CounterName, reason: string): number;
  /** Advances the producers' clock. */
  advance(ms: number): void;
  /** Uploads an object, without a signal. */
  put(key: string, content: string | Buffer): Promise<void>;
  /** Starts another producer. `close` stops it. */
  start(change?: Partial<ProducerOptions>): Running;
  close(): Promise<void>;
}

export interface Running {
  readonly system: ActorSystem;
  readonly producer: Producer;
  readonly seen: TestSystem;
  /** Names of the parts that failed permanently. */
  readonly failures: string[];
  readonly errors: Error[];
  /** Signals an arrival to the producer. */
  signal(key: string): void;
  /** Uploads successive contents of an object; each is checked before the next. */
  upload(key: string, ...contents: (string | Buffer)[]): Promise<void>;
  /** Waits until every signaled object is read and committed. */
  settle(): Promise<void>;
  /** Lists the whole bucket, and waits until it is read and committed. */
  reconcile(): Promise<void>;
  /** Stops like kill -9, as far as possible within a process: without a drain. */
  kill(): Promise<void>;
}

export async function openPlace(folder: string, versioning = false): Promise<Place> {
  const log = await openSqliteEventLog({ path: join(folder, 'events.db'), clock: systemClock });
  await log.ensureTopics(topicsOf(loadConfig({ pipelines, env: {} }).config));
  const store = await openFolderStore({
    folder: join(folder, 'store'),
    versioning,
    clock: { ...systemClock, now: () => UPLOADED },
  });
  let passed = 0;
  const counters = new CounterRegistry();
  const options: Place['options'] = {
    log,
    readSketch: createSketchReader(log, 10),
    store,
    clock: { ...systemClock, now: () => systemClock.now() + passed },
    crc32c,
    counters,
    hashing: await loadHashing(),
    decompress: (chunks, outermost) => decompress(chunks, outermost, { maxRatio: 250 }),
    partitions: 10,
    bucket: BUCKET,
    prefix: '',
    originRule: { prefix: '', named: null },
    topicOf: () => 'logs',
    lineTopics: ['logs'],
    includes: () => true,
    concurrency: 4,
    credit: 4,
    maxProofBytes: 8 * 1024 * 1024,
    maxReproofBytes: 256 * 1024 * 1024,
    retentionMs: 7 * 24 * HOUR,
    forceFlushAfterMs: 24 * HOUR,
    since: 'everything',
    scan: () => ({
      zone: 'UTC',
      customFormat: null,
      maxFutureSkew: HOUR,
      maxLineBytes: 256 * 1024,
      batchBytes: 900_000,
    }),
  };
  const put: Place['put'] = async (key, content) => {
    const path = join(folder, 'upload');
    writeFileSync(path, content);
    await store.putFile(BUCKET, key, path);
  };
  const running: Running[] = [];
  return {
    folder,
    log,
    store,
    options,
    advance: (ms) => void (passed += ms),
    put,
    counted: (name, why) =>
      counters.samples().find((sample) => sample.name === name && sample.labels.reason === why)?.value ?? 0,
    start: (change = {}) => {
      const started = startOn({ ...options, ...change }, put);
      running.push(started);
      return started;
    },
    close: async () => {
      for (const one of running) await one.kill();
      await log.close();
    },
  };
}

function startOn(options: Place['options'], put: Place['put']): Running {
  const seen = startTestSystem();
  const failures: string[] = [];
  const errors: Error[] = [];
  const onFailure = (what: string, error: Error): void => {
    failures.push(what);
    errors.push(error);
  };
  const producer = startProducer(seen.system, { ...options, onFailure });
  const signal: Running['signal'] = (key) =>
    tell(producer.ref, { type: 'objectArrived', signal: { v: 1, bucket: BUCKET, key } });
  const settle: Running['settle'] = async () => {
    await producer.awaitIdle(20_000);
  };
  return {
    system: seen.system,
    producer,
    seen,
    failures,
    errors,
    signal,
    upload: async (key, ...contents) => {
      for (const content of contents) {
        await put(key, content);
        signal(key);
        await settle();
      }
    },
    settle,
    reconcile: async () => {
      // A running reconciliation may have missed later objects.
      await settle();
      tell(producer.ref, { type: 'reconcile' });
      await settle();
    },
    kill: () => seen.system.stop(20_000),
  };
}

/** The same options with smaller batches, for more steps. */
export function inBatchesOf(batchBytes: number, { scan }: Place['options']): Pick<ProducerOptions, 'scan'> {
  return { scan: (key) => ({ ...scan(key), batchBytes }) };
}

/** A line of a known format; each is one second later, from 10:00:00. */
export function info(second: number, text = `line ${second}`): string {
  const time = new Date(Date.parse('2026-11-20T10:00:00Z') + second * 1000).toISOString();
  return `${time.slice(0, 10)} ${time.slice(11, 19)}.000 [main] INFO  app.Main - ${text}`;
}
