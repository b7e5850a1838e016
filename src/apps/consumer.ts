import { startConsumer } from '../../actors/consumer';
import type { Mailbox } from '../adapters/embedded/mailbox';
import type { Config } from '../config';
import { CounterRegistry, type Counters } from '../counters';
import type { Io } from '../io';
import { startSystem } from '../kit';
import { systemClock } from '../ports/clock';
import type { EventLog } from '../ports/event-log';
import type { Site } from '../stream/pipeline';
import { consumerOptions, lockDataFolder, openEventLog, openMail } from './compose';
import { checkEventLog } from './check-event-log';
import { HealthMonitor } from './health-monitor';
import { openDataFolder, warnOfNewEventLog, warnOfOpenFolder } from './data-folder';
import { refreshAlerts } from './refresh-alerts';
import { suppressSentMails } from './sent-before';
import { untilStopped, type OnFailure } from './until-stopped';
import { launchWeb } from './view';

export interface RunningConsumer {
  /** Folds all input to its end and sends every mail (`local --once`). */
  finish(): Promise<void>;
  drain(): Promise<void>;
}

const FINISH_MS = 24 * 60 * 60_000;
const HELD_RETRY_MS = 60_000;

/** `telltale consumer`: lines -> windows -> incidents -> mails. */
export async function runConsumer(config: Config, io: Io): Promise<number> {
  const data = openDataFolder(config.dataDir);
  warnOfOpenFolder(data, io.log);
  warnOfNewEventLog(data, config.eventLog, io.log);
  const lock = await lockDataFolder(config, data, 'consumer');
  try {
    const log = await openEventLog(config, data);
    return await untilStopped(io, log, async (onFailure) => {
      const mailbox = await openMail(data);
      const counters = new CounterRegistry();
      const health = new HealthMonitor();
      const web = await launchWeb(config, log, { mailbox, counters, health }, io);
      const parts = { log, mailbox, counters, health, sends: true };
      const endCheck = checkEventLog(config, data, parts, io.log);
      await suppressSentMails(config, data, log, io.log, systemClock.now());
      const consumer = await launchConsumer(config, parts, 'live', io, onFailure);
      health.started(log, io.log);
      io.log.info('consumer is ready', { status: web.url, mails: data.mail });
      return async () => {
        endCheck();
        health.close();
        await consumer.drain();
        await io.shutdown.step('the pages are not closed', 0.5, () => web.close());
      };
    });
  } finally {
    lock.release();
  }
}

/** Starts the consumer's actors. */
export async function launchConsumer(
  config: Config,
  parts: {
    readonly log: EventLog;
    readonly mailbox: Mailbox;
    readonly counters: Counters;
    /** Null when a job that must be reset is a failure (`local --once`). */
    readonly health: HealthMonitor | null;
    readonly sends: boolean;
  },
  mode: Site['mode'],
  io: Io,
  onFailure: OnFailure,
): Promise<RunningConsumer> {
  const { health } = parts;
  const system = startSystem({ name: 'consumer', log: io.log, onCrash: (crash) => health?.crashed(crash) });
  const { close, ...options } = await consumerOptions(config, parts, mode);
  const consumer = await startConsumer(system, {
    ...options,
    onFailure,
    hold: health === null ? null : { retryMs: HELD_RETRY_MS, report: (held) => health.held(held) },
  });
  const stopRefreshing =
    parts.sends && mode === 'live' ? refreshAlerts(config, { ...parts, clock: systemClock }, io) : () => undefined;
  return {
    finish: () => consumer.finish(FINISH_MS),
    drain: async () => {
      stopRefreshing();
      await io.shutdown.step('lines and messages that were read are not all written', 0.6, (withinMs) =>
        consumer.drain(withinMs),
      );
      const error = await io.shutdown.step('the consumer still works', 0.3, (withinMs) => system.stop(withinMs * 0.9));
      if (error !== undefined) io.log.warn('stopped before all was drained', { error });
      close();
    },
  };
}
