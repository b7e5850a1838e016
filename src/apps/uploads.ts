import { createUploader } from '../adapters/embedded/uploader';
import type { Config } from '../config';
import type { Counters } from '../counters';
import type { Io } from '../io';
import { systemClock } from '../ports/clock';
import { createTrace } from '../trace';
import type { ObservedStore } from './compose';
import { onSchedule } from './schedule';

export interface Uploads {
  /** Uploads the rest, and waits until every upload is announced. */
  drain(): Promise<void>;
}

/** Share of the remaining time of the shutdown. */
const UPLOAD_SHARE = 0.2;

/** Uploads the hosts' files on a schedule, as cron and `scripts/upload-logs.sh` do on a host. */
export function startUploads(
  config: Config,
  { hostsFolder, memory }: { readonly hostsFolder: string; readonly memory: string },
  { store, announced }: ObservedStore,
  {
    io,
    counters,
    awaitRead = announced,
  }: { readonly io: Io; readonly counters: Counters; readonly awaitRead?: () => Promise<void> },
): Uploads {
  const { bucket, prefix } = config.objectStore;
  const stop = new AbortController();
  const uploader = createUploader({
    hostsFolder,
    memory,
    store,
    bucket,
    prefix,
    stop: stop.signal,
    trace: createTrace(io.log, counters, 'upload'),
    now: () => systemClock.now(),
    awaitRead,
  });
  const upload = async (): Promise<void> => {
    try {
      await uploader.uploadChanged();
    } catch (error) {
      io.log.warn('uploading failed, the schedule tries again', { error });
    }
  };
  const task = onSchedule(config.upload.schedule, upload, io.log);
  return {
    drain: async () => {
      await task.destroy();
      const { shutdown } = io;
      // The uploader stops after a file: only a single file that takes longer is given up.
      const timer = setTimeout(() => stop.abort(), shutdown.remainingMs * UPLOAD_SHARE);
      await shutdown.step('a file is not uploaded to its end', 2 * UPLOAD_SHARE, upload);
      clearTimeout(timer);
      if (stop.signal.aborted || uploader.hasFailed()) shutdown.leave('files that are not uploaded');
      stop.abort();
      await shutdown.step('uploads are not announced', 0.05, announced);
    },
  };
}
