import { resolve } from 'node:path';
import type { Config } from '../config';
import { CounterRegistry } from '../counters';
import { TelltaleError } from '../errors';
import { exists } from '../exists';
import type { Io } from '../io';
import { openEventLog, openMail, openWatched, type WatchedPaths } from './compose';
import { HealthMonitor } from './health-monitor';
import { checkEventLog } from './check-event-log';
import { launchConsumer } from './consumer';
import type { DataFolder } from './data-folder';
import { startLiveTable } from './live-table';
import { inDataFolder } from './local';
import { launchProducer } from './producer';
import { onSchedule } from './schedule';
import { untilStopped } from './until-stopped';
import { launchWeb } from './view';

/**
 * `telltale watch`: follows files where they are, and runs the whole system in one process.
 * @param watched.paths files, folders and globs
 * @param once end when the present content is read
 */
export function runWatch(config: Config, watched: WatchedPaths, once: boolean, io: Io): Promise<number> {
  const paths = watched.paths.map((path) => resolve(path));
  const read = new AbortController();
  const stop = AbortSignal.any([io.stop, read.signal]);
  return inDataFolder(config, io, async (data) => {
    refuseOtherData(data);
    const counters = new CounterRegistry();
    // First: it marks the data folder as one of this command.
    const observed = await openWatched(config, data, { ...watched, paths }, { io, counters });
    if (!exists(data.watch)) {
      const message = `Cannot write ${data.watch}: check the disk, and the permissions of its folder.`;
      throw new TelltaleError('DATA_FOLDER', message);
    }
    const log = await openEventLog(config, data);
    return untilStopped({ ...io, stop }, log, async (onFailure) => {
      const mailbox = await openMail(data);
      const health = new HealthMonitor();
      const web = await launchWeb(config, log, { mailbox, counters, health }, io);
      const table = startLiveTable(io, web.views);
      const shown = { ...io, log: table.log };
      const parts = { log, mailbox, counters, health, sends: true };
      const endCheck = checkEventLog(config, data, parts, shown.log);
      const consumer = await launchConsumer(config, parts, 'live', shown, onFailure);
      const sources = { log, store: observed.store, counters, health };
      const producer = await launchProducer(config, data, sources, shown, onFailure);
      health.started(log, shown.log);
      const scan = async (): Promise<void> => {
        try {
          await observed.scan();
        } catch (error) {
          shown.log.warn('checking the files failed, the schedule tries again', { error });
        }
      };
      const scans = onSchedule(config.upload.schedule, scan, shown.log);
      table.say(`status   ${web.url}`);
      table.say(`mailbox  ${web.url}mail  (files: ${data.mail})`);
      table.say(`logs     ${paths.join(' ')}  (host ${watched.host})`);
      table.say('Ctrl-C stops');
      if (once) {
        void producer
          .awaitIdle()
          .then(() => read.abort())
          .catch((error: unknown) => onFailure('watch', error instanceof Error ? error : new Error(String(error))));
      }
      return async () => {
        endCheck();
        health.close();
        await scans.destroy();
        await scan();
        await io.shutdown.step('changes are not announced', 0.05, observed.announced);
        await producer.drain();
        await consumer.drain();
        await io.shutdown.step('the pages are not closed', 0.5, () => web.close());
        table.stop();
      };
    });
  });
}

/** Sources of other programs would count as deleted. */
function refuseOtherData({ root, watch, events }: DataFolder): void {
  if (exists(watch) || !exists(events)) return;
  const message = `The data folder ${root} belongs to another command than telltale watch: choose another one with --data.`;
  throw new TelltaleError('DATA_FOLDER', message);
}
