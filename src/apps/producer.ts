import { setFlagsFromString } from 'node:v8';
import { startProducer } from '../../actors/producer';
import { listenForSignals } from '../adapters/embedded/signal-socket';
import { producerAt } from '../adapters/embedded/signal-socket-path';
import type { Config } from '../config';
import { CounterRegistry, type Counters } from '../counters';
import type { FailedSource } from '../ingestion/ingest/work-queue';
import { isTelltaleError } from '../errors';
import type { Io } from '../io';
import { startSystem, tell } from '../kit';
import type { EventLog } from '../ports/event-log';
import type { ObjectStore } from '../ports/object-store';
import { createTrace } from '../trace';
import { metricsAnswerTo } from '../web/answers';
import { startWeb, type WebServer } from '../web/server';
import { lockDataFolder, openEventLog, openStore, producerOptions } from './compose';
import { checkEventLog } from './check-event-log';
import { HealthMonitor } from './health-monitor';
import { openDataFolder, warnOfNewEventLog, warnOfOpenFolder, type DataFolder } from './data-folder';
import { onSchedule } from './schedule';
import { signalTaker } from './signal-taker';
import { untilStopped } from './until-stopped';

export interface RunningProducer {
  /** Resolves when every object of the bucket is read and committed, with those that could not be read. */
  awaitIdle(timeoutMs?: number): Promise<readonly FailedSource[]>;
  /** Stops source to sink. */
  drain(): Promise<void>;
}

/** How long a drain still reads waiting sources before it stops reading. */
const IDLE_AT_DRAIN_MS = 3_000;
const IDLE_MS = 24 * 60 * 60_000;

/**
 * V8 lets a heap grow to several times its used size before it collects. A hundred thousand sources use some 100 MiB all
 * the time: with this setting they fit in 256 MiB.
 */
const SMALL_HEAP = '--heap-growing-percent=15';

/** `telltale producer`: object arrivals -> new lines -> event log. */
export async function runProducer(config: Config, io: Io): Promise<number> {
  setFlagsFromString(SMALL_HEAP);
  const data = openDataFolder(config.dataDir);
  warnOfOpenFolder(data, io.log);
  warnOfNewEventLog(data, config.eventLog, io.log);
  const lock = await lockDataFolder(config, data, 'producer');
  try {
    const log = await openEventLog(config, data);
    return await untilStopped(io, log, async (onFailure) => {
      const { store } = await openStore(config, data, io);
      const counters = new CounterRegistry();
      const health = new HealthMonitor();
      const web = await launchMetrics(config, counters, health, io);
      const endCheck = checkEventLog(config, data, { health, counters }, io.log);
      const producer = await launchProducer(config, data, { log, store, counters, health }, io, onFailure);
      health.started(log, io.log);
      const { bucket } = config.objectStore;
      const { socket } = producerAt(data.root, config.producer.socket);
      io.log.info('producer is ready', { bucket, socket, metrics: web?.url ?? null });
      return async () => {
        endCheck();
        health.close();
        await producer.drain();
        await io.shutdown.step('the metrics are not closed', 0.5, async () => web?.close());
      };
    });
  } finally {
    lock.release();
  }
}

/**
 * Serves the producer's metrics. While another program has their port, the producer reads without them.
 */
async function launchMetrics(
  config: Config,
  counters: CounterRegistry,
  health: HealthMonitor,
  io: Io,
): Promise<WebServer | null> {
  const source = { problems: () => health.notReady(), deaths: () => health.notAlive() };
  try {
    return await startWeb({
      ...config.producer.web,
      section: 'producer.web',
      answer: (path) => metricsAnswerTo(path, counters.samples(), source),
      log: io.log,
    });
  } catch (error) {
    if (!isTelltaleError(error, 'PORT_IN_USE')) throw error;
    io.log.warn('metrics are not served', { error });
    return null;
  }
}

/** Starts the producer's actors with what drives them: the signal socket and the reconciliation schedule. */
export async function launchProducer(
  config: Config,
  data: DataFolder,
  parts: {
    readonly log: EventLog;
    readonly store: ObjectStore;
    readonly counters: Counters;
    /** Null in a program without pages (`local --once`). */
    readonly health: HealthMonitor | null;
    readonly forceFlushAfterMs?: number;
  },
  io: Io,
  onFailure: (what: string, error: Error) => void,
): Promise<RunningProducer> {
  const system = startSystem({
    name: 'producer',
    log: io.log,
    onCrash: (crash) => parts.health?.crashed(crash),
  });
  const options = await producerOptions(config, parts);
  const producer = startProducer(system, { ...options, ...parts, onFailure });
  const { bucket, includes } = options;
  const trace = createTrace(io.log, parts.counters, 'producer');
  const accept = signalTaker({
    ...{ bucket, includes, trace },
    arrived: (signal) => tell(producer.ref, { type: 'objectArrived', signal }),
    list: () => tell(producer.ref, { type: 'reconcile' }),
  });
  const { socket: path } = producerAt(data.root, config.producer.socket);
  const socket = await listenForSignals({ path, mode: config.producer.socket === null ? 0o600 : 0o660, accept });
  const reconciliation = onSchedule(config.ingest.reconcile, () => tell(producer.ref, { type: 'reconcile' }), io.log);
  return {
    awaitIdle: (timeoutMs = IDLE_MS) => {
      // A signal may be lost: the bucket decides (`signals-are-hints`).
      tell(producer.ref, { type: 'reconcile' });
      return producer.awaitIdle(timeoutMs);
    },
    drain: async () => {
      await reconciliation.destroy();
      await socket.close();
      const { shutdown } = io;
      await producer.awaitIdle(Math.min(IDLE_AT_DRAIN_MS, shutdown.remainingMs / 4)).catch((error: unknown) => {
        io.log.info('not everything was read; the next start continues here', { error });
        shutdown.leave('sources that are not read to their end');
      });
      // A store or event log without an answer blocks its actors: uncommitted bytes are read again.
      const errors = [
        await shutdown.step('lines that were read are not all written', 0.3, (withinMs) => producer.drain(withinMs)),
        await shutdown.step('the producer still works', 0.2, (withinMs) => system.stop(withinMs * 0.9)),
      ];
      for (const error of errors) if (error !== undefined) io.log.warn('stopped before all was drained', { error });
    },
  };
}
