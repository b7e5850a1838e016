import { readFileSync } from 'node:fs';
import type { ConsumerOptions } from '../../actors/consumer';
import type { ProducerOptions } from '../../actors/producer';
import { acquireLock, type Lock } from '../adapters/embedded/lock';
import type { Mailbox } from '../adapters/embedded/mailbox';
import type { KafkaEventLogOptions, KafkaSasl } from '../adapters/kafka/options';
import { openSqliteEventLog } from '../adapters/embedded/sqlite-event-log';
import { crc32c } from '../adapters/native/checksums';
import { decompress } from '../adapters/native/decompress';
import { loadHashing } from '../adapters/native/hashing';
import type { Config } from '../config';
import { compileFirstGroup } from '../config/line-pattern';
import { readSettingsFile } from '../config/settings-file';
import { CounterRegistry, type Counters } from '../counters';
import { createTopicOf } from '../ingestion/line-topics';
import { createKeyFilter, type OriginRule } from '../ingestion/origin';
import type { Site } from '../stream/pipeline';
import { targetsAt } from '../stream/receivers';
import { TelltaleError } from '../errors';
import { exists } from '../exists';
import { systemClock, type Clock } from '../ports/clock';
import type { EventLog } from '../ports/event-log';
import type { ObjectStore } from '../ports/object-store';
import type { Io } from '../io';
import { createTrace } from '../trace';
import { projectFile } from '../project-file';
import type { DataFolder } from './data-folder';
import { scanOptions } from './jobs';
import { kafkaRegion } from './kafka-region';
import { partsToRun } from './parts';
import { isTargetOf, openReceivers } from './receivers';
import { lineTopicsOf, topicsOf } from './topics';

/**
 * The one place that chooses adapters: everything else is handed ports. It loads an adapter when a program opens it, so that
 * commands such as `cat` start quickly.
 */

/**
 * Takes the lock of a program on its data folder, so that no second one works on it. With Kafka there may be as many
 * consumers as there are partitions, wherever they run.
 */
export function lockDataFolder(config: Config, data: DataFolder, program: 'producer' | 'consumer'): Promise<Lock> {
  const shared = program === 'consumer' && config.eventLog.kind === 'kafka';
  return shared ? Promise.resolve({ release: () => undefined }) : acquireLock(data.root, program);
}

export async function openEventLog(config: Config, data: DataFolder): Promise<EventLog> {
  const log = await (config.eventLog.kind === 'kafka'
    ? openKafka(config)
    : openSqliteEventLog({ path: data.events, clock: systemClock }));
  await log.ensureTopics(topicsOf(config));
  return log;
}

async function openKafka(config: Config): Promise<EventLog> {
  const { openKafkaEventLog } = await import('../adapters/kafka/event-log.js');
  return openKafkaEventLog(await kafkaOptions(config));
}

/** @throws CONFIG when a certificate or key cannot be read */
export async function kafkaOptions(config: Config): Promise<KafkaEventLogOptions> {
  const { kafka } = config.eventLog;
  const { tls } = kafka;
  const pem = (key: 'ca' | 'cert' | 'key'): string | null => (tls[key] === null ? null : readPem(key, tls[key]));
  return {
    brokers: kafka.brokers,
    clientId: 'telltale',
    clock: systemClock,
    tls: tls.enabled ? { ...tls, ca: pem('ca'), cert: pem('cert'), key: pem('key') } : null,
    sasl: await kafkaSasl(config),
    replication: kafka.replication,
    requestTimeoutMs: kafka.requestTimeout,
    retryForMs: kafka.retryFor,
    transactionTimeoutMs: TRANSACTION_TIMEOUT_MS,
  };
}

function readPem(key: string, file: string): string {
  const read = readSettingsFile(file);
  if ('text' in read) return read.text;
  throw new TelltaleError('CONFIG', `eventLog.kafka.tls.${key}: ${file}: ${read.problem}`);
}

async function kafkaSasl(config: Config): Promise<KafkaSasl | null> {
  const { mechanism, username, password } = config.eventLog.kafka.sasl;
  if (mechanism === 'aws-msk-iam') {
    const region = kafkaRegion(config) ?? '';
    const { mskIamToken } = await import('../adapters/kafka/msk-iam.js');
    return { mechanism: 'oauthbearer', token: () => mskIamToken(region) };
  }
  return mechanism === null || username === null || password === null
    ? null
    : { mechanism, username, password: password.reveal() };
}

/** A transaction takes about a second; one that is still open after this belongs to a program that died. */
const TRANSACTION_TIMEOUT_MS = 60_000;

/**
 * The object store that the configuration names.
 * @throws CONFIG when it is S3 and its region is unknown
 */
export async function openStore(config: Config, data: DataFolder, io: Io): Promise<ObservedStore> {
  if (config.objectStore.kind === 'folder' && exists(data.watch)) {
    return openWatched(config, data, null, { io, counters: new CounterRegistry() });
  }
  if (config.objectStore.kind === 'folder') return openFolder(config, data, io, systemClock);
  // The SDK warns about Node 20 at every start. Telltale supports Node 20 on purpose.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const { createS3Store } = await import('../adapters/aws/s3-store.js');
  const store = createS3Store({ clock: systemClock, ...config.objectStore.s3, ...S3_LIMITS });
  await store.checkRegion();
  // S3 itself announces uploads.
  return { store, announced: settled };
}

/** Together shorter than a log-reader's deadline, so that the reader reports S3's own error. */
const S3_LIMITS = { maxAttempts: 5, requestTimeoutMs: 10_000, stallMs: 30_000 };

function settled(): Promise<void> {
  return Promise.resolve();
}

/**
 * A folder as object store. It announces uploads as S3 does: an event to the Lambda handler, which
 * sends the command that the local runner checks as SSM would, which hands the signal to the producer's socket.
 * @param clock says LastModified
 */
export async function openFolder(config: Config, data: DataFolder, io: Io, clock: Clock): Promise<ObservedStore> {
  const { openFolderStore } = await import('../adapters/embedded/folder-store.js');
  const { onEvent, announced } = await announceTo(config, data, io);
  const { versioning } = config.objectStore.folder;
  return { store: await openFolderStore({ folder: data.store, clock, versioning, onEvent }), announced };
}

/** What `telltale watch` reads, and how it names it. */
export interface WatchedPaths {
  readonly paths: readonly string[];
  readonly host: string;
}

/**
 * Log files where they are as object store.
 * @param watched null for a program that reads only what another one watches
 */
export async function openWatched(
  config: Config,
  data: DataFolder,
  watched: WatchedPaths | null,
  { io, counters }: { readonly io: Io; readonly counters: Counters },
): Promise<ObservedStore & { readonly scan: () => Promise<void> }> {
  const [{ WatchStore }, { lookAtPaths }, { objectCreatedEvent }] = await Promise.all([
    import('../adapters/embedded/watch-store.js'),
    import('../adapters/embedded/watched-files.js'),
    import('../adapters/embedded/s3-event.js'),
  ]);
  const { bucket, prefix } = config.objectStore;
  const { onEvent, announced } = await announceTo(config, data, io);
  let sequencer = BigInt(systemClock.now()) << 16n;
  const store = new WatchStore({
    look: watched === null ? null : () => lookAtPaths(watched.paths),
    memory: data.watch,
    prefix,
    host: watched?.host ?? null,
    maxRatio: config.ingest.maxGzipRatio,
    trace: createTrace(io.log, counters, 'watch'),
    now: () => systemClock.now(),
    onChange: ({ key, size, etag, lastModified }) => {
      sequencer += 1n;
      onEvent(objectCreatedEvent({ bucket, key, size, etag, at: lastModified, sequencer }));
    },
  });
  await store.open();
  return { store, announced, scan: () => store.scan() };
}

async function announceTo(
  config: Config,
  data: DataFolder,
  io: Io,
): Promise<{ readonly onEvent: (event: unknown) => void; readonly announced: () => Promise<void> }> {
  const [{ createHandler }, { createLocalCommandRunner }, { sendSignal }, { producerAt }] = await Promise.all([
    import('../../lambda/handler.js'),
    import('../adapters/embedded/local-command-runner.js'),
    import('../adapters/embedded/signal-client.js'),
    import('../adapters/embedded/signal-socket-path.js'),
  ]);
  const runner = createLocalCommandRunner({
    document: readJson('conf/ssm-document.json'),
    deliver: (payload) => sendSignal(producerAt(data.root, config.producer.socket), payload),
  });
  // On one machine every upload is announced every few seconds: nothing to tell the user.
  const handler = createHandler(runner, {
    warn: (message, fields) => io.log.warn(message, { ...fields }),
    info: (message, fields) => io.log.debug(message, { ...fields }),
  });
  const announcing = new Set<Promise<void>>();
  const onEvent = (event: unknown): void => {
    const announced = handler(event)
      .catch((error: unknown) => io.log.debug('signal not delivered, reconciliation will find the object', { error }))
      .then(() => void announcing.delete(announced));
    announcing.add(announced);
  };
  return {
    onEvent,
    announced: async () => {
      await Promise.all(announcing);
    },
  };
}

export interface ObservedStore {
  readonly store: ObjectStore;
  /** Resolves when every put so far was announced. */
  readonly announced: () => Promise<void>;
}

export async function producerOptions(
  config: Config,
  parts: { readonly log: EventLog; readonly store: ObjectStore; readonly counters: Counters },
): Promise<Omit<ProducerOptions, 'onFailure'>> {
  const { ingest, objectStore } = config;
  const originRule: OriginRule = {
    prefix: objectStore.prefix,
    named: ingest.origin === null ? null : compileFirstGroup(ingest.origin),
  };
  return {
    ...parts,
    clock: systemClock,
    crc32c,
    hashing: await loadHashing(),
    decompress: (chunks, outermost) => decompress(chunks, outermost, { maxRatio: ingest.maxGzipRatio }),
    partitions: config.eventLog.partitions,
    ...objectsToRead(config),
    originRule,
    topicOf: createTopicOf(ingest.sources),
    lineTopics: lineTopicsOf(config),
    since: sinceOf(ingest.since),
    retentionMs: config.eventLog.retention,
    concurrency: ingest.concurrency,
    credit: ingest.credit,
    maxProofBytes: ingest.maxProofBytes,
    maxReproofBytes: ingest.maxReproofBytes,
    forceFlushAfterMs: ingest.forceFlushAfter,
    scan: scanOptions(config),
  };
}

/** Which objects are read: those of the bucket that lie under the prefix, and whose keys are included. */
export function objectsToRead({
  objectStore,
  ingest,
}: Config): Pick<ProducerOptions, 'bucket' | 'prefix' | 'includes'> {
  const prefix = objectStore.prefix === '' ? '' : `${objectStore.prefix}/`;
  const fits = createKeyFilter(ingest);
  return { bucket: objectStore.bucket, prefix, includes: (key) => key.startsWith(prefix) && fits(key) };
}

function sinceOf(since: string): ProducerOptions['since'] {
  return since === 'everything' || since === 'now' ? since : { ms: Date.parse(since) };
}

export async function openMail(data: DataFolder): Promise<Mailbox> {
  const { openMailbox } = await import('../adapters/embedded/mailbox.js');
  return openMailbox(data.mail);
}

export interface ConsumerParts {
  readonly log: EventLog;
  readonly mailbox: Mailbox;
  readonly counters: Counters;
  /** False: every message goes to the folder of mails, and none to the configured receivers. */
  readonly sends: boolean;
}

/** How often `local --once` tries to send a message: a receiver that is down must not keep it running. */
const FINAL_ATTEMPTS = 5;

/** @throws CONFIG when the secret of a receiver cannot be read */
export async function consumerOptions(
  config: Config,
  { log, mailbox, counters, sends }: ConsumerParts,
  mode: Site['mode'],
): Promise<Omit<ConsumerOptions, 'onFailure' | 'hold'> & { readonly close: () => void }> {
  const { jobs, deliveries } = partsToRun(config, mode);
  const opened = await Promise.all(
    deliveries.map(async (configured) => {
      const { folder } = configured;
      const use = sends ? configured : { ...configured, receivers: [folder], receiversOf: () => [folder] };
      const delivery = await openReceivers(use, mailbox, process.env);
      return {
        ...use,
        targetsOf: (message: unknown) => targetsAt(use.receiversOf(message)),
        isConfigured: isTargetOf(use.receivers),
        maxAttempts: mode === 'live' ? Infinity : FINAL_ATTEMPTS,
        delivery,
      };
    }),
  );
  const close = (): void => {
    for (const { delivery } of opened) delivery.close();
  };
  return { log, clock: systemClock, crc32c, counters, jobs, deliveries: opened, close };
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(projectFile(path), 'utf8'));
}
