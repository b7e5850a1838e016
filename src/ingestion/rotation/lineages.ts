import { isComplete, readLogPath, type LogName } from './log-names';

/**
 * Which files on a host are the content of which log. A log is a path, and its *lineage* is the files that were its content, in
 * order: the rotated ones, then the present one. So every line of a file belongs to exactly one log, under any names that
 * rotation gives the file: a file that is known is never a new one. The planner sees names and sizes only; it does no I/O.
 */

/** A regular file. */
export interface FoundFile {
  readonly path: string;
  /** Identifies the file under any name: inode and birth time. */
  readonly file: string;
  readonly size: number;
  /** Epoch milliseconds. */
  readonly mtimeMs: number;
  /** `named`: by its path; `matched`: by a folder or glob; `beside`: it is in the folder of such a file. */
  readonly asked: 'named' | 'matched' | 'beside';
}

/** A file that is or was the content of a log. */
export interface Part {
  /** Unique in its lineage, and stays when the content moves to a copy. */
  readonly id: string;
  readonly file: string;
  /** Its last known path. */
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  /** Content before it may be missing. */
  readonly gap: GapReason | null;
  /** The file was compressed by rotation: its content is what it holds. */
  readonly compressed: boolean;
}

/** Path of a log → its parts, oldest first. */
export type Lineages = ReadonlyMap<string, readonly Part[]>;

/** Why a file is not read as a log of its own. */
export type LeftOutReason = Exclude<LogName['never'], null> | 'rotated' | 'same-file';

/**
 * Why content may be missing: a file was replaced, truncated, compressed or removed before it was certain that all of it was
 * read.
 */
export type GapReason = 'replaced' | 'truncated' | 'compressed' | 'removed';

/** What the planner remembers. */
export interface Known {
  readonly lineages: Lineages;
  /** Rotated files that are in no lineage: they were there before their log was, and stay left out. */
  readonly passed: ReadonlySet<string>;
}

export interface Plan extends Known {
  /** Files that are in no lineage, and whose content may never have been read. */
  readonly leftOut: readonly { readonly path: string; readonly reason: LeftOutReason }[];
}

/** Facts about content, which are asked only where names, sizes and times do not suffice. */
export interface ContentFacts {
  /** True for a file that holds other content than before, although it did not become shorter. */
  readonly isReplaced: (file: string) => boolean;
  /** True when the two files have the same first bytes, as far as both have any. */
  readonly startsAlike: (path: string, other: string) => boolean;
  /** The compressed file that holds the content of a part that is gone, and perhaps more; see `maybeSuccessors`. */
  readonly successorOf: (log: string, part: Part) => FoundFile | undefined;
  /** True for a compressed file whose content can be read. */
  readonly canUnpack: (path: string) => boolean;
}

/**
 * @param known the plan before
 * @param found all regular files in the folders of the logs
 */
export function planFiles(before: Known, found: readonly FoundFile[], content: ContentFacts): Plan {
  const known = before.lineages;
  const files = [...found].sort((a, b) => (a.path < b.path ? -1 : 1));
  const byPath = new Map(files.map((file) => [file.path, file]));
  const byFile = pathsByFile(files, known);
  const owned = new Set([...known.values()].flatMap((parts) => parts.map(({ file }) => file)));
  const out = new Set([...owned, ...before.passed]);
  const rotated = rotatedByBase(files, out, (never) => never === null);
  const paths = new Set(byPath.keys());
  const complete = files.filter(({ path }) => isCompressed(path) && isComplete(path, paths));
  const compressed = rotatedByBase(complete, out, (never) => never === 'compressed');
  const lineages = new Map<string, readonly Part[]>();
  for (const path of [...known.keys()].sort()) {
    const here = byPath.get(path);
    const next = continued(known.get(path) ?? [], {
      path,
      here: here === undefined || owned.has(here.file) ? null : here,
      rotated: rotated.get(path) ?? [],
      compressed: compressed.get(path) ?? [],
      byFile,
      content,
    });
    if (next.length > 0) lineages.set(path, next);
  }
  const taken = new Set([...owned, ...[...lineages.values()].flatMap((parts) => parts.map(({ file }) => file))]);
  const wanted = new Set(files.filter(({ asked }) => asked !== 'beside').map(({ path }) => path));
  const leftOut: Plan['leftOut'][number][] = [];
  for (const file of files) {
    if (file.asked === 'beside') continue;
    if (taken.has(file.file)) {
      // A hard link. While a log is rotated, both names are there for a moment.
      if (byFile.get(file.file) !== file && readLogPath(file.path).base === null) {
        leftOut.push({ path: file.path, reason: 'same-file' });
      }
      continue;
    }
    const { reason, base } = reasonToLeaveOut(file, (path) => byPath.has(path) || known.has(path), wanted);
    if (reason === null) {
      taken.add(file.file);
      lineages.set(file.path, [partOf(file, [], null)]);
    } else if (base === null || !known.has(base)) {
      leftOut.push({ path: file.path, reason });
    }
  }
  // Not passed: a copy of a log that is not truncated yet, files of a log whose next file is not there yet, and compressed files
  // that are still being written.
  const isAwaited = ({ path }: FoundFile): boolean => {
    if (isCompressed(path) && !isComplete(path, paths)) return true;
    const base = readLogPath(path).base ?? '';
    const log = byPath.get(base);
    if (log === undefined) return lineages.has(base);
    return owned.has(log.file) && content.startsAlike(path, log.path);
  };
  const others = files.filter((file) => !taken.has(file.file) && (before.passed.has(file.file) || !isAwaited(file)));
  return { lineages, leftOut, passed: new Set(others.map(({ file }) => file)) };
}

interface Surroundings {
  readonly path: string;
  /** The file at the path of the log, if it is in no lineage yet. */
  readonly here: FoundFile | null;
  /** Rotated files of the log that are in no lineage, oldest first. */
  readonly rotated: readonly FoundFile[];
  /** The same, compressed. */
  readonly compressed: readonly FoundFile[];
  readonly byFile: ReadonlyMap<string, FoundFile>;
  readonly content: ContentFacts;
}

function continued(
  known: readonly Part[],
  { path, here, rotated, compressed, byFile, content }: Surroundings,
): readonly Part[] {
  const last = known.at(-1);
  if (last === undefined) return [];
  const present = byFile.get(last.file);
  const find = (part: Part): FoundFile | undefined => byFile.get(part.file) ?? content.successorOf(path, part);
  const { before, gap } = kept(known.slice(0, -1), find);
  const newer = rotated.filter(({ mtimeMs }) => mtimeMs > last.mtimeMs);
  // The copies of a log lie beside it; a log that was renamed has none.
  const copies = present?.path === path ? newer : [];
  const isCut = present !== undefined && (content.isReplaced(last.file) || isTruncated(last, present, copies, content));
  const added = here === null ? [] : [here];
  const missed = oldestFirst([...newer, ...compressed.filter(({ mtimeMs }) => mtimeMs > last.mtimeMs)]);
  if (present !== undefined && !isCut) {
    const parts = [...before, moved(last, present, gap)];
    // Rotated files appear beside an unchanged log while it is copied (copytruncate): it is truncated in a moment.
    return present.path === path ? parts : withFiles(parts, [...missed, ...added], null, content);
  }
  // The old content continues in its copy, or in a compressed file.
  const copy = (isCut ? newer.find(({ size }) => size >= last.size) : undefined) ?? content.successorOf(path, last);
  const files = [...missed.filter(({ file }) => file !== copy?.file), ...(isCut ? [present] : []), ...added];
  if (copy !== undefined) return withFiles([...before, moved(last, copy, gap)], files, null, content);
  // A log that was deleted keeps its name while there are rotated files of it.
  const isForgotten = before.length === 0 && rotated.length === 0 && compressed.length === 0;
  if (files.length === 0) return isForgotten ? [] : [...before, last];
  return withFiles(before, files, isCut ? 'truncated' : 'replaced', content, known);
}

/** A copy beside the log is larger than it, or begins with other bytes: the log was truncated after it was copied. */
function isTruncated(last: Part, present: FoundFile, copies: readonly FoundFile[], content: ContentFacts): boolean {
  if (present.size < last.size) return true;
  return copies.some(({ path, size }) => size > present.size || (size > 0 && !content.startsAlike(path, present.path)));
}

/** The parts that are still there. One that is gone leaves a gap, unless the reader of the parts before it notices that. */
function kept(
  parts: readonly Part[],
  find: (part: Part) => FoundFile | undefined,
): { readonly before: readonly Part[]; readonly gap: GapReason | null } {
  const before: Part[] = [];
  let gap: GapReason | null = null;
  for (const part of parts) {
    const found = find(part);
    if (found !== undefined) before.push(moved(part, found, gap));
    gap = found === undefined && before.length > 0 ? 'removed' : null;
  }
  return { before, gap };
}

/** One path for each file: of several (hard links), the known one. */
function pathsByFile(files: readonly FoundFile[], known: Lineages): ReadonlyMap<string, FoundFile> {
  const paths = new Set([...known.values()].flatMap((parts) => parts.map(({ path }) => path)));
  const byFile = new Map<string, FoundFile>();
  for (const file of files) if (!byFile.has(file.file) || paths.has(file.path)) byFile.set(file.file, file);
  return byFile;
}

/** @param gap before the part */
function moved(part: Part, { file, path, size, mtimeMs }: FoundFile, gap: GapReason | null): Part {
  const compressed = part.compressed || (file !== part.file && isCompressed(path));
  return { ...part, file, path, size, mtimeMs, compressed, gap: part.gap ?? gap };
}

/**
 * Adds files that were not seen before. A compressed one that cannot be read leaves a gap.
 * @param gap before the first of the files
 */
function withFiles(
  parts: readonly Part[],
  files: readonly FoundFile[],
  gap: GapReason | null,
  { canUnpack }: Pick<ContentFacts, 'canUnpack'>,
  before: readonly Part[] = [],
): readonly Part[] {
  const all = [...parts];
  let next = gap;
  for (const file of files) {
    if (isCompressed(file.path) && !canUnpack(file.path)) {
      next ??= 'compressed';
    } else {
      all.push({ ...partOf(file, [...before, ...all], next), compressed: isCompressed(file.path) });
      next = null;
    }
  }
  return all;
}

function isCompressed(path: string): boolean {
  return readLogPath(path).never === 'compressed';
}

/** @param before parts whose ids are in use: a truncated file is another part */
function partOf({ file, path, size, mtimeMs }: FoundFile, before: readonly Part[], gap: GapReason | null): Part {
  const numbers = before.map(({ id }) => id).filter((id) => id === file || id.startsWith(`${file}~`));
  const last = Math.max(...numbers.map((id) => Number(id.slice(file.length + 1) || '0')));
  const id = numbers.length === 0 ? file : `${file}~${last + 1}`;
  return { id, file, path, size, mtimeMs, gap, compressed: false };
}

function oldestFirst(files: readonly FoundFile[]): readonly FoundFile[] {
  return [...files].sort((a, b) => a.mtimeMs - b.mtimeMs || (a.path < b.path ? 1 : -1));
}

/** The rotated files that are in no lineage, oldest first, by the path of their log. */
function rotatedByBase(
  files: readonly FoundFile[],
  owned: ReadonlySet<string>,
  isWanted: (never: LogName['never']) => boolean,
): ReadonlyMap<string, readonly FoundFile[]> {
  const byBase = new Map<string, FoundFile[]>();
  for (const file of files) {
    const { never, base } = readLogPath(file.path);
    if (base === null || !isWanted(never) || owned.has(file.file)) continue;
    byBase.set(base, [...(byBase.get(base) ?? []), file]);
  }
  return new Map([...byBase].map(([base, rotated]) => [base, oldestFirst(rotated)]));
}

/** @param base the path of the log that the file belongs to by its name */
function reasonToLeaveOut(
  { path, asked }: FoundFile,
  isLog: (path: string) => boolean,
  wanted: ReadonlySet<string>,
): { readonly reason: LeftOutReason | null; readonly base: string | null } {
  const { never, base, mayStandAlone } = readLogPath(path);
  const isRotated = base !== null && isLog(base);
  // A shell that expands a glob names the rotated files, too.
  if (asked === 'named') return { reason: isRotated && wanted.has(base) ? (never ?? 'rotated') : null, base };
  if (never !== null) return { reason: never, base };
  return { reason: isRotated || !mayStandAlone ? 'rotated' : null, base };
}
