import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findLogFiles, reportSkipped, type LogFile } from './log-files';
import type { Config } from '../config';
import { CounterRegistry } from '../counters';
import { decisions } from '../decisions';
import type { FailedSource } from '../ingestion/ingest/work-queue';
import { sourceId } from '../ingestion/source-id';
import { endedRecognition } from '../lines/recognition';
import { TelltaleError } from '../errors';
import { exists } from '../exists';
import { escapeControls } from '../escape-controls';
import type { Io } from '../io';
import type { Logger } from '../log';
import { systemClock } from '../ports/clock';
import type { EventLog } from '../ports/event-log';
import type { Results } from '../stream/view';
import { lockDataFolder, openEventLog, openFolder, openMail, openStore } from './compose';
import { checkEventLog } from './check-event-log';
import { launchConsumer } from './consumer';
import { pluralize } from '../pluralize';
import { openDataFolder, warnOfNewEventLog, warnOfOpenFolder, type DataFolder } from './data-folder';
import { follow } from './follow';
import { HealthMonitor } from './health-monitor';
import { startGenerators } from './generator';
import { recognitionLines, recognitionObjects, type RecognizedSource } from './recognition-report';
import { latestCheckpoints } from './latest-checkpoints';
import { startLiveTable } from './live-table';
import { partsOf } from './parts';
import { launchProducer } from './producer';
import { topicsOf } from './topics';
import { unlessStopped, untilStopped, type OnFailure } from './until-stopped';
import { refuseUnreadable, unreadable, type Unreadable } from './unreadable';
import { warnOfIgnoredSettings, warnOfUnusedKeys } from './unused-keys';
import { suppressSentMails } from './sent-before';
import { startUploads } from './uploads';
import { launchWeb } from './view';

export interface LocalOptions {
  /** Files to run through the system, to their end; null to run it until it is stopped. */
  readonly once: readonly string[] | null;
  /** With `once`: keep everything in the configured data folder, not in a temporary one. */
  readonly keepData: boolean;
  /** With `once`: send to the configured receivers; otherwise every message goes to the folder of mails. */
  readonly send?: boolean;
  readonly json: boolean;
}

/** `telltale local`: the whole system in one process. */
export async function runLocal(config: Config, options: LocalOptions, io: Io): Promise<number> {
  if (options.once === null) return inDataFolder(config, io, (data) => runOn(config, data, io));
  const files = options.once;
  if (options.keepData) return inDataFolder(config, io, (data) => runOnce(config, data, files, options, io));
  const folder = await mkdtemp(join(tmpdir(), 'telltale-once-'));
  try {
    return await inDataFolder({ ...config, dataDir: folder }, io, (data) => runOnce(config, data, files, options, io));
  } finally {
    // A part may still write while it stops. Then the first attempt leaves new files behind.
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
  }
}

/** Runs a program that is producer and consumer in one, with the locks of both. */
export async function inDataFolder(
  config: Config,
  io: Io,
  run: (data: DataFolder) => Promise<number>,
): Promise<number> {
  const data = openDataFolder(config.dataDir);
  warnOfOpenFolder(data, io.log);
  warnOfNewEventLog(data, config.eventLog, io.log);
  const locks = [await lockDataFolder(config, data, 'producer')];
  try {
    locks.push(await lockDataFolder(config, data, 'consumer'));
    return await run(data);
  } finally {
    for (const lock of locks) lock.release();
  }
}

/** How long a new file waits until the rotated one is read: a store without versions forgets it when it is replaced. */
const ROTATED_READ_MS = 10_000;

/** Generators write files, the uploader puts them, and all later parts process them, until the user stops the program. */
async function runOn(config: Config, data: DataFolder, io: Io): Promise<number> {
  if (exists(data.watch)) {
    const message = `The data folder ${data.root} belongs to telltale watch: choose another one with --data.`;
    throw new TelltaleError('DATA_FOLDER', message);
  }
  const log = await openEventLog(config, data);
  return untilStopped(io, log, async (onFailure) => {
    const mailbox = await openMail(data);
    const observed = await openStore(config, data, io);
    const counters = new CounterRegistry();
    const health = new HealthMonitor();
    const web = await launchWeb(config, log, { mailbox, counters, health }, io);
    const table = startLiveTable(io, web.views);
    const shown = { ...io, log: table.log };
    const parts = { log, mailbox, counters, health, sends: true };
    const endCheck = checkEventLog(config, data, parts, shown.log);
    await suppressSentMails(config, data, log, io.log, systemClock.now());
    const consumer = await launchConsumer(config, parts, 'live', shown, onFailure);
    const sources = { log, store: observed.store, counters, health };
    const producer = await launchProducer(config, data, sources, shown, onFailure);
    health.started(log, shown.log);
    const hosts = config.generator.folder ?? data.hosts;
    const uploads = startUploads(config, { hostsFolder: hosts, memory: data.uploads }, observed, {
      io: shown,
      counters,
      awaitRead: async () => {
        await observed.announced();
        await producer.awaitIdle(ROTATED_READ_MS).catch(() => undefined);
      },
    });
    const stopWriting = new AbortController();
    const generators = startGenerators({
      settings: config.generator,
      folder: hosts,
      clock: systemClock,
      stop: stopWriting.signal,
    }).catch((error: unknown) => onFailure('generator', error instanceof Error ? error : new Error(String(error))));
    table.say(`status   ${web.url}`);
    table.say(`mailbox  ${web.url}mail  (files: ${data.mail})`);
    const generated = pluralize(config.generator.hosts, 'generator');
    const fromWhom = config.generator.hosts === 0 ? 'no generators: put files into NAME/' : generated;
    table.say(`logs     ${hosts}  (${fromWhom})`);
    table.say('Ctrl-C stops');
    return async () => {
      stopWriting.abort();
      endCheck();
      health.close();
      await io.shutdown.step('the generators still write', 0.1, () => generators);
      await uploads.drain();
      await producer.drain();
      await consumer.drain();
      await io.shutdown.step('the pages are not closed', 0.5, () => web.close());
      table.stop();
    };
  });
}

/**
 * Sends given files through the same parts to the end: every window is complete, every mail delivered.
 * @throws FILE_UNREADABLE after the results are printed, when some files could not be read; OBJECT_STORE and nothing is
 *   printed, when anything else went wrong
 */
async function runOnce(
  config: Config,
  data: DataFolder,
  paths: readonly string[],
  { json, send = false }: Pick<LocalOptions, 'json' | 'send'>,
  io: Io,
): Promise<number> {
  const { files, closed, skipped } = await findLogFiles(paths);
  reportSkipped(skipped, io.log);
  const onFiles = onlyFiles(config);
  warnOfIgnoredSettings(config, io);
  warnOfUnusedKeys(
    onFiles,
    files.map(({ key }) => key),
    io,
  );
  const log = await openEventLog(onFiles, data);
  try {
    const before = await endsOfOutboxes(config, log);
    const { leftOut, bytes, recognized } = await unlessStopped(io, (onFailure) =>
      ingestFiles(onFiles, data, log, { files, sends: send }, io, onFailure),
    );
    const { results } = partsOf(config, 'final');
    for (const each of results) await readResults(each, before, config, log);
    const lines = results.flatMap((each) => each.lines(json, bytes));
    const printed = json ? [...recognitionObjects(recognized), ...lines] : [...lines, ...recognitionLines(recognized)];
    io.out.write(printed.map((line) => `${escapeControls(line)}\n`).join(''));
    refuseUnreadable([...closed, ...leftOut]);
    reportRefused(results);
    return 0;
  } finally {
    await log.close();
  }
}

interface Ingested {
  readonly leftOut: readonly Unreadable[];
  /** Bytes of content by topic, of everything in the data folder: the lines, too, are those of the whole folder. */
  readonly bytes: ReadonlyMap<string, number>;
  /** The files that were given. */
  readonly recognized: readonly RecognizedSource[];
}

async function ingestFiles(
  config: Config,
  data: DataFolder,
  log: EventLog,
  { files, sends }: { readonly files: readonly LogFile[]; readonly sends: boolean },
  io: Io,
  onFailure: OnFailure,
): Promise<Ingested> {
  const quiet: Io = { ...io, log: logOfOnce(io) };
  // LastModified must be the file's mtime: the store's clock says that time.
  let lastModified = 0;
  const observed = await openFolder(config, data, io, { ...systemClock, now: () => lastModified });
  const mailbox = await openMail(data);
  const counters = new CounterRegistry();
  const parts = { log, mailbox, counters, health: null, sends };
  const consumer = await launchConsumer(config, parts, 'final', quiet, onFailure);
  const producer = await launchProducer(
    config,
    data,
    { log, store: observed.store, counters, health: null, forceFlushAfterMs: 0 },
    quiet,
    onFailure,
  );
  for (const { path, key, mtime } of files) {
    lastModified = mtime;
    await observed.store.putFile(config.objectStore.bucket, key, path);
  }
  await observed.announced();
  const ingested = await whatWasIngested(config, data, { log, files, failed: await producer.awaitIdle() });
  await producer.drain();
  await consumer.finish();
  await consumer.drain();
  return ingested;
}

/** @throws OBJECT_STORE when a read failed for a reason outside the file: the results of the others are unknown */
async function whatWasIngested(
  config: Config,
  { store }: DataFolder,
  {
    log,
    files,
    failed,
  }: { readonly log: EventLog; readonly files: readonly LogFile[]; readonly failed: readonly FailedSource[] },
): Promise<Ingested> {
  const paths = new Map(files.map(({ key, path }) => [key, path]));
  const checkpoints = await latestCheckpoints(
    log,
    config.eventLog.partitions,
    ({ position: { size }, topic, quarantine, format: { recognition } }) => ({
      size,
      topic,
      recognition: endedRecognition(recognition),
      reason: quarantine?.reason ?? null,
    }),
  );
  const leftOut = failed.map(({ key, reason: why }) => {
    const reason = checkpoints.get(sourceId(config.objectStore.bucket, key))?.reason ?? null;
    const path = paths.get(key) ?? key;
    if (reason === 'denied' || reason === 'refused') {
      return {
        path,
        why: `: its copy in ${store} cannot be read (${reason}): check the disk and the permissions there`,
      };
    }
    if (reason !== null) return unreadable(path, reason);
    throw new TelltaleError('OBJECT_STORE', `${JSON.stringify(key)} could not be read: ${why}`);
  });
  const bytes = new Map<string, number>();
  for (const { topic, size } of checkpoints.values()) bytes.set(topic, (bytes.get(topic) ?? 0) + size);
  const recognized = files.flatMap(({ key, path }) => {
    const recognition = checkpoints.get(sourceId(config.objectStore.bucket, key))?.recognition;
    return recognition === undefined ? [] : [{ name: path, recognition }];
  });
  return { leftOut, bytes, recognized };
}

/**
 * Logs other events only with --verbose: the results are enough. Unreadable files are reported after the results, and an
 * error while the user stops the program is not a fault.
 */
function logOfOnce({ log, stop }: Io): Logger {
  return {
    ...log,
    info: (message, fields) => log.debug(message, fields),
    warn: (message, fields) =>
      log[stop.aborted || message === decisions.quarantined.event ? 'debug' : 'warn'](message, fields),
    error: (message, fields) => log[stop.aborted ? 'debug' : 'error'](message, fields),
  };
}

/** Keys are `<folder>/<file>`, the folder is the origin, and every key is read. */
function onlyFiles(config: Config): Config {
  return {
    ...config,
    eventLog: { ...config.eventLog, kind: 'embedded' },
    objectStore: { ...config.objectStore, kind: 'folder', prefix: '' },
    ingest: { ...config.ingest, include: ['**'], exclude: [], since: 'everything', origin: null },
    consumer: { run: null },
  };
}

/** @param before the ends of outboxes before this run */
async function readResults(
  results: Results,
  before: ReadonlyMap<string, number>,
  config: Config,
  log: EventLog,
): Promise<void> {
  for (const topic of results.topics) {
    const partitions = topicsOf(config).find(({ name }) => name === topic)?.partitions ?? 0;
    for (let partition = 0; partition < partitions; partition++) {
      await follow(log, { topic, partition, from: 0, until: 'end' }, (records) => {
        for (const { key, value, offset } of records) {
          if (key === null) continue;
          results.add({ topic, key, value, isNew: offset >= (before.get(topic) ?? 0) });
        }
      });
    }
  }
}

async function endsOfOutboxes(config: Config, log: EventLog): Promise<ReadonlyMap<string, number>> {
  const ends = new Map<string, number>();
  for (const { topic } of partsOf(config).deliveries) ends.set(topic.name, (await log.offsets(topic.name, 0)).end);
  return ends;
}

/**
 * Reports refused messages after the results are printed.
 * @throws DELIVERY_REFUSED with lines for each message, when there are any
 */
function reportRefused(results: readonly Results[]): void {
  const lines = results.flatMap((each) => each.refused?.() ?? []);
  if (lines.length > 0) throw new TelltaleError('DELIVERY_REFUSED', lines.join('\n'));
}
