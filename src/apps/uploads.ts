import { schedule } from 'node-cron';
import { createUploader } from '../adapters/embedded/uploader';
import type { Config } from '../config';
import type { Io } from '../io';
import type { ObservedStore } from './compose';

export interface Uploads {
  /** Uploads the rest, and waits until it is announced. */
  drain(): Promise<void>;
}

/** Uploads the hosts' files on a schedule, as cron and `scripts/upload-logs.sh` do on a host. */
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
