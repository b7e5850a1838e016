import { createUploader } from '../adapters/embedded/uploader';
import type { Config } from '../config';
import type { Counters } from '../counters';
import type { Io } from '../io';
import { createTrace } from '../trace';
import type { ObservedStore } from './compose';
import { onSchedule } from './schedule';

export interface Uploads {
  /** Uploads the rest, and waits until every upload is announced. */
  drain(): Promise<void>;
}

/** Uploads the hosts' files on a schedule, as cron and `scripts/upload-logs.sh` do on a host. */
export function startUploads(
  config: Config,
  hostsFolder: string,
  { store, announced }: ObservedStore,
  { io, counters }: { readonly io: Io; readonly counters: Counters },
): Uploads {
  const { bucket, prefix } = config.objectStore;
  const uploader = createUploader({
    hostsFolder,
    store,
    bucket,
    prefix,
    trace: createTrace(io.log, counters, 'upload'),
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
      await upload();
      await announced();
    },
  };
}
