import { dirname } from 'node:path';
import { planFiles, type FoundFile, type Known, type Part } from '../../ingestion/rotation/lineages';
import { maybeSuccessors } from '../../ingestion/rotation/successors';
import { faultAndRemedy } from '../../errno';
import { isTelltaleError, TelltaleError } from '../../errors';
import type { Trace } from '../../trace';
import { lookInto, openLog, startAlike, type LookedAt, type OpenLog } from './found-files';
import { LineageFile, noteKey } from './lineage-file';
import { canUnpack } from './log-content';
import { digestLog, digestUnpacked, logDigest, type LogDigest } from './log-digest';
import type { Watched } from './watched-files';

export interface WatchedLogsOptions {
  /** Finds the files; null for a program that only reads what another one watches. */
  readonly look: (() => Promise<Watched>) | null;
  /** Where it remembers the files of each log across restarts. */
  readonly memory: string;
  /** Null: the host that is remembered. */
  readonly host: string | null;
  /** Maximum ratio of the content of a compressed file to its size. */
  readonly maxRatio: number;
  readonly trace: Trace;
  /** True for a part that was certainly read to its end. */
  readonly isRead: (log: string, part: Part) => boolean;
}

/** The logs of a machine: which files are the content of each, and the checksums of that content. */
export class WatchedLogs {
  readonly host: string;
  private readonly memory: LineageFile<LogDigest>;
  private known: Known;
  private readonly digests: Map<string, LogDigest>;
  private files = new Map<string, LookedAt>();
  private folders: ReadonlyMap<string, string> = new Map();
  /** Those of this scan, and `reason path` of the scan before. */
  private faults: Fault[] = [];
  private reported: ReadonlySet<string> = new Set();
  /** Compressed files that cannot be read: they do not change. */
  private readonly unreadable = new Map<string, unknown>();
  private isFirst = true;
  /** Parts of which late lines were reported. */
  private readonly late = new Set<string>();

  constructor(private readonly options: WatchedLogsOptions) {
    this.memory = new LineageFile(options.memory, logDigest);
    const { notes, host, lineages, passed } = this.memory.read();
    if (options.host !== null && host !== null && host !== options.host) {
      const message = `These files were watched as host ${host}: add --host ${host}, or choose another data folder with --data.`;
      throw new TelltaleError('DATA_FOLDER', message);
    }
    this.host = options.host ?? host ?? '';
    this.known = { lineages, passed };
    this.digests = new Map(notes);
  }

  /** The paths of all logs. */
  paths(): readonly string[] {
    return [...this.known.lineages.keys()];
  }

  /** The parts of a log, oldest first; none of a path that is not a log. */
  parts(log: string): readonly Part[] {
    return this.known.lineages.get(log) ?? [];
  }

  /** The content of a part; null when its file is gone, or cannot be read. */
  content(log: string, part: Part): LogDigest | null {
    return this.files.has(part.file) ? (this.digests.get(noteKey(log, part.id)) ?? null) : null;
  }

  /** Opens the file of a part; null when another file has its path now. */
  open(part: Part): Promise<OpenLog | null> {
    const found = this.files.get(part.file);
    return found === undefined ? Promise.resolve(null) : this.openFound(found);
  }

  /** Finds the files of the known logs, and no new ones: another program watches. */
  async findKnown(): Promise<void> {
    const parts = [...this.known.lineages.values()].flat();
    for (const folder of new Set(parts.map(({ path }) => dirname(path)))) {
      const { files } = await lookInto(folder);
      for (const file of files) this.files.set(file.file, file);
    }
    this.folders = new Map([...this.files.values()].map(({ path }) => [path, dirname(path)]));
    await this.refresh();
    this.report();
  }

  /** Checks all files. */
  async scan(look: () => Promise<Watched>): Promise<void> {
    let watched = await look();
    const seen = new Set(watched.files.map(({ file }) => file));
    // A file that is renamed between two readings of a folder shows in neither: a third one finds it.
    if ([...this.known.lineages.values()].flat().some(({ file }) => !seen.has(file))) watched = await look();
    const files = [...watched.files, ...this.hidden(watched)];
    this.folders = new Map([...files.map(({ path }) => [path, dirname(path)] as const), ...watched.folders]);
    this.files = new Map(files.map((file) => [file.file, file]));
    const replaced = await this.refresh();
    const successors = await this.findSuccessors(files, replaced);
    const before = this.known;
    const plan = planFiles(before, files, {
      isReplaced: (file) => replaced.has(file),
      startsAlike: startAlike,
      successorOf: (log, { id }) => successors.get(noteKey(log, id))?.file,
      canUnpack,
    });
    this.known = plan;
    for (const [key, { file, digest }] of successors) {
      if (
        [...plan.lineages].some(([log, parts]) =>
          parts.some((part) => noteKey(log, part.id) === key && part.file === file.file),
        )
      )
        this.digests.set(key, digest);
    }
    this.faults.push(...watched.refused, ...plan.leftOut);
    if (this.isFirst) this.faults.push(...watched.unmatched.map(noMatch));
    this.isFirst = false;
    await this.refresh();
    // Remembered before it is read: after a crash, each file is known under any name.
    this.save();
    this.report();
  }

  /** Files of the last scan in folders that cannot be read now: they are not gone. */
  private hidden({ files, refused }: Watched): readonly LookedAt[] {
    const seen = new Set(files.map(({ file }) => file));
    const unread = new Set(refused.filter(({ reason }) => reason === 'failed').map(({ path }) => path));
    return [...this.files.values()].filter(({ path, file }) => unread.has(dirname(path)) && !seen.has(file));
  }

  /** For each part that is gone, the compressed file that continues its content. */
  private async findSuccessors(
    found: readonly FoundFile[],
    replaced: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, { readonly file: LookedAt; readonly digest: LogDigest }>> {
    const successors = new Map<string, { file: LookedAt; digest: LogDigest }>();
    const pairs = maybeSuccessors(this.known, found, (file) => replaced.has(file), this.options.isRead);
    for (const { log, part, file } of pairs) {
      const key = noteKey(log, part.id);
      const [before, looked] = [this.digests.get(key), this.files.get(file.file)];
      if (before === undefined || looked === undefined || successors.has(key)) continue;
      const digest = await this.digest(looked, before, true);
      if (digest !== null && digest !== 'replaced') successors.set(key, { file: looked, digest });
    }
    return successors;
  }

  /** Adds new bytes to the digests. @returns files with other content than before */
  private async refresh(): Promise<ReadonlySet<string>> {
    const replaced = new Set<string>();
    for (const [log, parts] of this.known.lineages) {
      for (const part of parts) {
        const found = this.files.get(part.file);
        if (found === undefined) continue;
        const key = noteKey(log, part.id);
        const before = this.digests.get(key) ?? null;
        const digest = await this.digest(found, before, part.compressed);
        if (digest === 'replaced') replaced.add(part.file);
        else if (digest !== null) this.digests.set(key, digest);
        if (digest !== null && digest !== 'replaced' && before !== null && digest.size > before.size)
          this.grown(log, part);
      }
    }
    return replaced;
  }

  /** Lines that are written to a rotated file after the next one was read are not read. */
  private grown(log: string, part: Part): void {
    const key = noteKey(log, part.id);
    if (this.late.has(key) || !this.options.isRead(log, part)) return;
    this.late.add(key);
    this.options.trace('possibleGap', { reason: 'late', path: part.path, log });
  }

  private async digest(
    found: LookedAt,
    before: LogDigest | null,
    isCompressed: boolean,
  ): Promise<LogDigest | 'replaced' | null> {
    const { path, file } = found;
    const fail = (error: unknown): null => {
      this.faults.push({ path, reason: 'failed', error });
      return null;
    };
    if (isCompressed && this.unreadable.has(file)) return fail(this.unreadable.get(file));
    try {
      const opened = await this.openFound(found);
      if (opened === null) return null;
      try {
        return isCompressed ? await digestUnpacked(opened, before, this.options) : await digestLog(opened, before);
      } finally {
        await opened.handle.close();
      }
    } catch (error) {
      if (isCompressed && isTelltaleError(error)) this.unreadable.set(file, error);
      return fail(error);
    }
  }

  private openFound(found: LookedAt): Promise<OpenLog | null> {
    return openLog(found, this.folders.get(found.path) ?? '');
  }

  private report(): void {
    const faults = new Map(this.faults.map((fault) => [`${fault.reason} ${fault.path}`, fault]));
    for (const [name, { path, reason, error }] of faults) {
      if (this.reported.has(name)) continue;
      if (error === undefined) this.options.trace('fileLeftOut', { reason, path });
      else this.options.trace('fileNotRead', { reason, path, error: explained(path, error) });
    }
    this.reported = new Set(faults.keys());
    this.faults = [];
    for (const file of this.unreadable.keys()) if (!this.files.has(file)) this.unreadable.delete(file);
  }

  private save(): void {
    const kept = new Set([...this.known.lineages].flatMap(([log, parts]) => parts.map(({ id }) => noteKey(log, id))));
    for (const key of this.digests.keys()) if (!kept.has(key)) this.digests.delete(key);
    for (const key of this.late) if (!kept.has(key)) this.late.delete(key);
    try {
      this.memory.write({ ...this.known, host: this.host, notes: this.digests });
    } catch (error) {
      this.faults.push({ path: this.options.memory, reason: 'failed', error });
    }
  }
}

function noMatch(path: string): Fault {
  const message = `No file matches ${path} yet: check the path. A file that comes is read.`;
  return { path, reason: 'no-match', error: new TelltaleError('FILE_NOT_FOUND', message) };
}

function explained(path: string, error: unknown): unknown {
  if (isTelltaleError(error)) return error;
  const message = `Cannot read ${path}${faultAndRemedy(error, 'check its permissions')}`;
  return new TelltaleError('FILE_UNREADABLE', message, { cause: error });
}

/** A file that is left out, or cannot be read. */
interface Fault {
  readonly path: string;
  readonly reason: string;
  readonly error?: unknown;
}
