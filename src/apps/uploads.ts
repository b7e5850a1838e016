import { schedule } from 'node-cron';
import { createUploader } from '../adapters/embedded/uploader';
import type { Config } from '../config';
import type { Io } from '../io';
import type { ObservedStore } from './compose';

export interface Uploads {
  /** Uploads what is still to be uploaded, and waits until it is announced. */
  drain(): Promise<void>;
}

/** Uploads what the hosts wrote, on a schedule: what cron and `scripts/upload-logs.sh` do on a host. */
export function startUploads(
  config: Config,
  hostsFolder: string,
  { store, announced }: ObservedStore,
  io: Io,
): Uploads {
  const { bucket, prefix } = config.objectStore;
  const uploader = createUploader({ hostsFolder, store, bucket, prefix, log: io.log });
  const upload = async (): Promise<void> => {
    try {
      await uploader.uploadChanged();
    } catch (error) {
      io.log.warn('uploading failed, the schedule tries again', { error });
    }
  };
  const task = schedule(config.upload.schedule, upload);
  return {
    drain: async () => {
      await task.destroy();
      await upload();
      await announced();
    },
  };
}
