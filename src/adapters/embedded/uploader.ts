import { realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { Trace } from '../../trace';
import type { ObjectStore } from '../../ports/object-store';
import { planFiles, type ContentFacts, type Known, type Part } from '../../ingestion/rotation/lineages';
import { lookInto, openLog, pathOfOpen, startAlike, type LookedAt, type Refused } from './found-files';
import { LineageFile, noteKey } from './lineage-file';

export interface UploaderOptions {
  /** Contains one folder per host with that host's log files. */
  readonly hostsFolder: string;
  /** Where it remembers, across restarts, which files it uploaded. */
  readonly memory: string;
  readonly store: ObjectStore;
  readonly bucket: string;
  /** Keys are `<prefix>/<host>/<file>`. */
  readonly prefix: string;
  readonly trace: Trace;
  /** Once aborted, a run ends after the file that it uploads. */
  readonly stop: AbortSignal;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Resolves when the objects that were put are read, or after some time: a store without versions forgets a replaced one. */
  readonly awaitRead: () => Promise<void>;
}

/** Does the work of `scripts/upload-logs.sh` for a folder of hosts and any object store. */
export interface Uploader {
  /**
   * Uploads every log that changed since its last upload. A log that was rotated is uploaded to its end under its key before
   * the new file; a file that is known is never a new log, under any name. A file or folder that cannot be uploaded is logged
   * once per fault, does not stop the others, and is tried again by the next call. Runs never overlap: a call during a run
   * waits for the next run, which all waiting calls share.
   * @returns the number of files that the run uploaded
   */
  uploadChanged(): Promise<{ uploaded: number }>;
  /** True when the last run could not upload a file, or read a folder, for a reason that may pass. */
  hasFailed(): boolean;
}

/** A part as of its last upload. */
const uploadedSchema = z.object({ size: z.number(), mtimeNs: z.string(), ctimeNs: z.string(), path: z.string() });
type Uploaded = z.infer<typeof uploadedSchema>;

/** A compressed file is not uploaded: the checksum of the object would not continue the one before. */
const UPLOADED_CONTENT: ContentFacts = {
  isReplaced: () => false,
  startsAlike: startAlike,
  successorOf: () => undefined,
  canUnpack: () => false,
};

/** A service writes to a rotated file until it opens the new one: the new one waits until the old one is quiet this long. */
const SETTLE_MS = 2_000;
/** But not longer than this. */
const MAX_WAIT_MS = 60_000;

export function createUploader(options: UploaderOptions): Uploader {
  let running: Promise<{ uploaded: number }> | null = null;
  let waiting: Promise<{ uploaded: number }> | null = null;
  const runs = new UploadRuns(options);
  const start = (): Promise<{ uploaded: number }> => {
    waiting = null;
    running = runs.run().finally(() => {
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
    hasFailed: () => runs.hasFailed,
  };
}

/** A file or folder that cannot be uploaded. */
type Faulty = Omit<Refused, 'error'> & { readonly error: unknown };

class UploadRuns {
  private readonly memory: LineageFile<Uploaded>;
  private known: Known;
  /** Logs that the store was asked for since the start. */
  private readonly checked = new Set<string>();
  private readonly uploads: Map<string, Uploaded>;
  /** Since when a part waits for the one before it. */
  private readonly waitingSince = new Map<string, number>();
  /** Path → its fault in the last run; files that were left out in the last run. */
  private faults: ReadonlyMap<string, string> = new Map();
  private leftOut: ReadonlySet<string> = new Set();

  constructor(private readonly options: UploaderOptions) {
    this.memory = new LineageFile(options.memory, uploadedSchema);
    const { notes, lineages, passed } = this.memory.read();
    this.known = { lineages, passed };
    this.uploads = new Map(notes);
  }

  /** See {@link Uploader.hasFailed}. */
  hasFailed = false;

  async run(): Promise<{ uploaded: number }> {
    this.hasFailed = true;
    const faulty: Faulty[] = [];
    const root = await realpath(this.options.hostsFolder).catch(() => this.options.hostsFolder);
    const files = await this.lookTwice(root, faulty);
    const plan = planFiles(this.known, files, UPLOADED_CONTENT);
    this.known = plan;
    this.reportLeftOut(plan.leftOut);
    // Remembered before it is uploaded: after a crash, the file is known under any name.
    this.save(faulty);
    const byFile = new Map(files.map((file) => [file.file, file]));
    let uploaded = 0;
    for (const [log, parts] of plan.lineages) {
      if (this.options.stop.aborted) break;
      try {
        uploaded += await this.uploadLog(log, parts, byFile);
      } catch (error) {
        faulty.push({ path: log, reason: 'failed', error });
      }
    }
    this.save(faulty);
    this.reportFaults(faulty);
    this.hasFailed = faulty.some(({ reason }) => reason === 'failed');
    return { uploaded };
  }

  /** A file that is renamed between two readings of a folder shows in neither: then a third one finds it. */
  private async lookTwice(root: string, faulty: Faulty[]): Promise<readonly LookedAt[]> {
    const files = await filesOfHosts(root, faulty);
    const seen = new Set(files.map(({ file }) => file));
    const isMissing = [...this.known.lineages.values()].flat().some(({ file }) => !seen.has(file));
    if (!isMissing) return files;
    faulty.length = 0;
    return filesOfHosts(root, faulty);
  }

  private async uploadLog(log: string, parts: readonly Part[], byFile: ReadonlyMap<string, LookedAt>): Promise<number> {
    await this.checkStore(log, parts);
    let uploaded = 0;
    const last = parts.findLastIndex(({ id }) => this.uploads.has(noteKey(log, id)));
    let isReplaced = false;
    for (const [i, part] of parts.entries()) {
      const found = byFile.get(part.file);
      const note = this.uploads.get(noteKey(log, part.id));
      const isChanged = found !== undefined && (note === undefined || hasChanged(note, found, i < last));
      // An older part that grew replaces the newer ones under their key: these follow again.
      if (found === undefined || (i < last && note === undefined) || !(isChanged || isReplaced)) continue;
      if (i > 0 && note === undefined && this.mustWait(log, parts[i - 1], part)) break;
      if (i > 0 && i !== last) await this.options.awaitRead();
      const wasPut = await this.put(log, part, found, parts.length === 1 && note === undefined);
      if (wasPut === null) break;
      // A store with versions does not know that content was lost before it was put.
      if (note === undefined && part.gap !== null) {
        this.options.trace('possibleGap', { reason: part.gap, path: part.path });
      }
      if (wasPut) uploaded += 1;
      isReplaced ||= i < last;
    }
    return uploaded;
  }

  /** Forgets uploads of a log that the store does not have: it is another store, or was emptied by hand. */
  private async checkStore(log: string, parts: readonly Part[]): Promise<void> {
    const { store, bucket } = this.options;
    if (this.checked.has(log)) return;
    if ((await store.head(bucket, this.keyOf(log))) === null) {
      for (const { id } of parts) this.uploads.delete(noteKey(log, id));
    }
    this.checked.add(log);
  }

  private mustWait(log: string, before: Part | undefined, part: Part): boolean {
    const now = this.options.now();
    const key = noteKey(log, part.id);
    const since = this.waitingSince.get(key) ?? now;
    this.waitingSince.set(key, since);
    const isQuiet = before === undefined || now - before.mtimeMs >= SETTLE_MS;
    if (!isQuiet && now - since < MAX_WAIT_MS) return true;
    this.waitingSince.delete(key);
    return false;
  }

  /** @returns false when the store has it; null when another file has its path now: the next run finds it */
  private async put(log: string, part: Part, found: LookedAt, isNew: boolean): Promise<boolean | null> {
    const { store, bucket } = this.options;
    const key = this.keyOf(log);
    // Remembers the file before the upload: bytes appended meanwhile make it differ at the next run.
    const opened = await openLog(found, found.path.slice(0, found.path.lastIndexOf('/')));
    if (opened === null) return null;
    try {
      const { size, mtimeNs, ctimeNs, path } = opened.file;
      const isStored = isNew && (await this.isStored(key, opened.file));
      if (!isStored) await store.putFile(bucket, key, pathOfOpen(opened.handle));
      const uploaded = { size, mtimeNs: String(mtimeNs), ctimeNs: String(ctimeNs), path };
      this.uploads.set(noteKey(log, part.id), uploaded);
      return !isStored;
    } finally {
      await opened.handle.close();
    }
  }

  /** Without memory only the store shows it: an object written after the file's last change contains it. */
  private async isStored(key: string, { size, ctimeNs, mtimeNs }: LookedAt): Promise<boolean> {
    const object = await this.options.store.head(this.options.bucket, key);
    const changed = ctimeNs > mtimeNs ? ctimeNs : mtimeNs;
    return object !== null && object.size === size && object.lastModified >= Number(changed / 1_000_000n);
  }

  private keyOf(log: string): string {
    const [host = '', file = ''] = log.split('/').slice(-2);
    return [this.options.prefix, host, file].filter((part) => part !== '').join('/');
  }

  private save(faulty: Faulty[]): void {
    const kept = new Set([...this.known.lineages].flatMap(([log, parts]) => parts.map(({ id }) => noteKey(log, id))));
    for (const key of this.uploads.keys()) if (!kept.has(key)) this.uploads.delete(key);
    try {
      this.memory.write({ ...this.known, host: null, notes: this.uploads });
    } catch (error) {
      const { memory } = this.options;
      if (!faulty.some(({ path }) => path === memory)) faulty.push({ path: memory, reason: 'failed', error });
    }
  }

  private reportLeftOut(leftOut: ReturnType<typeof planFiles>['leftOut']): void {
    for (const { path, reason } of leftOut) {
      if (!this.leftOut.has(path)) this.options.trace('fileLeftOut', { reason, path });
    }
    this.leftOut = new Set(leftOut.map(({ path }) => path));
  }

  private reportFaults(faulty: readonly Faulty[]): void {
    for (const { path, reason, error } of faulty) {
      if (this.faults.get(path) !== String(error)) this.options.trace('notUploaded', { reason, path, error });
    }
    this.faults = new Map(faulty.map(({ path, error }) => [path, String(error)]));
  }
}

/** Renaming changes the ctime of a file, and not its content. Of an old part only new bytes count. */
function hasChanged(note: Uploaded, { size, mtimeNs, ctimeNs, path }: LookedAt, isOld: boolean): boolean {
  if (isOld) return size > note.size;
  if (note.size !== size || note.mtimeNs !== String(mtimeNs)) return true;
  return note.path === path && note.ctimeNs !== String(ctimeNs);
}

/** Regular files directly in each host's folder, in order. None when the folder does not exist yet. */
async function filesOfHosts(root: string, faulty: Faulty[]): Promise<readonly LookedAt[]> {
  const files: LookedAt[] = [];
  const hosts = await lookInto(root);
  faulty.push(...hosts.refused);
  for (const host of hosts.folders) {
    try {
      const found = await lookInto(join(root, basename(host)));
      files.push(...found.files);
      faulty.push(...found.refused);
    } catch (error) {
      faulty.push({ path: host, reason: 'failed', error });
    }
  }
  return files;
}
