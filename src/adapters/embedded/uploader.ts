import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../log';
import type { ObjectStore } from '../../ports/object-store';
import { errnoOf } from '../../errno';

export interface UploaderOptions {
  /** Contains one folder per host with that host's log files. */
  readonly hostsFolder: string;
  readonly store: ObjectStore;
  readonly bucket: string;
  /** Keys are `<prefix>/<host>/<file>`. */
  readonly prefix: string;
  readonly log: Logger;
}

/** Does the work of `scripts/upload-logs.sh` for a folder of hosts and any object store. */
export interface Uploader {
  /**
   * Uploads every file whose size or time changed since its last upload. A file that cannot be uploaded is logged, does
   * not stop the others, and is tried again by the next call. Runs never overlap: a call during a run waits for the
   * next run, which all waiting calls share.
   * @returns the number of files that the run uploaded
   */
  uploadChanged(): Promise<{ uploaded: number }>;
}

interface LogFile {
  readonly path: string;
  readonly key: string;
}

/** A file as of its last upload. */
interface Uploaded {
  readonly size: number;
  readonly mtimeMs: number;
}

export function createUploader(options: UploaderOptions): Uploader {
  const { hostsFolder, store, bucket, prefix, log } = options;
  const uploads = new Map<string, Uploaded>();
  let running: Promise<{ uploaded: number }> | null = null;
  let waiting: Promise<{ uploaded: number }> | null = null;

  const upload = async ({ path, key }: LogFile): Promise<boolean> => {
    // Remembers the file before the upload: bytes appended meanwhile make it differ at the next run.
    const { size, mtimeMs } = await stat(path);
    const last = uploads.get(path);
    const changed =
      last === undefined ? !(await isStored(key, size, mtimeMs)) : last.size !== size || last.mtimeMs !== mtimeMs;
    if (changed) await store.putFile(bucket, key, path);
    uploads.set(path, { size, mtimeMs });
    return changed;
  };

  /** After a restart only the store shows it: an object written after the file's last change contains it. */
  const isStored = async (key: string, size: number, mtimeMs: number): Promise<boolean> => {
    const object = await store.head(bucket, key);
    return object !== null && object.size === size && object.lastModified >= Math.floor(mtimeMs);
  };

  const run = async (): Promise<{ uploaded: number }> => {
    let uploaded = 0;
    for (const file of await logFilesIn(hostsFolder, prefix)) {
      try {
        if (await upload(file)) uploaded += 1;
      } catch (error) {
        log.warn('log file not uploaded', { path: file.path, error });
      }
    }
    return { uploaded };
  };

  const start = (): Promise<{ uploaded: number }> => {
    waiting = null;
    running = run().finally(() => {
      running = null;
    });
    return running;
  };

  return {
    uploadChanged() {
      if (running === null) return start();
      waiting ??= running.then(start, start);
      return waiting;
    },
  };
}

/** Regular files directly in each host's folder, in order. Empty when the folder does not exist yet. */
async function logFilesIn(hostsFolder: string, prefix: string): Promise<LogFile[]> {
  const hosts = (await entriesOf(hostsFolder)).filter((entry) => entry.isDirectory());
  const filesOfHosts = await Promise.all(
    hosts.map(async (host) => {
      const files = (await entriesOf(join(hostsFolder, host.name))).filter((entry) => entry.isFile());
      return files.map((file) => ({
        path: join(hostsFolder, host.name, file.name),
        key: [prefix, host.name, file.name].filter((part) => part !== '').join('/'),
      }));
    }),
  );
  return filesOfHosts.flat().sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
