import { readLogName, type LogName } from './log-names';

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
}

/** Path of a log → its parts, oldest first. */
export type Lineages = ReadonlyMap<string, readonly Part[]>;

/** Why a file is not read as a log of its own. */
export type LeftOutReason = Exclude<LogName['never'], null> | 'rotated';

/** Why content may be missing: a file was replaced, truncated or compressed before it was certain that all of it was read. */
export type GapReason = 'replaced' | 'truncated' | 'compressed';

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
}

/**
 * @param known the plan before
 * @param found all regular files in the folders of the logs
 */
export function planFiles(before: Known, found: readonly FoundFile[], content: ContentFacts): Plan {
  const known = before.lineages;
  const files = [...found].sort((a, b) => (a.path < b.path ? -1 : 1));
  const byPath = new Map(files.map((file) => [file.path, file]));
  const byFile = new Map(files.map((file) => [file.file, file]));
  const owned = new Set([...known.values()].flatMap((parts) => parts.map(({ file }) => file)));
  const out = new Set([...owned, ...before.passed]);
  const rotated = rotatedByBase(files, out, (never) => never === null);
  const compressed = rotatedByBase(files, out, (never) => never === 'compressed');
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
    if (file.asked === 'beside' || taken.has(file.file)) continue;
    const { reason, base } = reasonToLeaveOut(file, (path) => byPath.has(path) || known.has(path), wanted);
    if (reason === null) {
      taken.add(file.file);
      lineages.set(file.path, [partOf(file, [], null)]);
    } else if (base === null || !known.has(base)) {
      leftOut.push({ path: file.path, reason });
    }
  }
  // Not passed: a copy of a log that is not truncated yet, and files of a log whose next file is not there yet.
  const isAwaited = ({ path }: FoundFile): boolean => {
    const base = readName(path).base ?? '';
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
  const before = known.slice(0, -1).flatMap((part) => moved(part, byFile.get(part.file)));
  const newer = rotated.filter(({ mtimeMs }) => mtimeMs > last.mtimeMs);
  // The copies of a log lie beside it; a log that was renamed has none.
  const copies = present?.path === path ? newer : [];
  const isCut = present !== undefined && (content.isReplaced(last.file) || isTruncated(last, present, copies, content));
  if (present !== undefined && !isCut) {
    const parts = [...before, ...moved(last, present)];
    // Rotated files appear beside an unchanged log while it is copied (copytruncate): it is truncated in a moment.
    if (present.path === path) return parts;
    // A file that came and was compressed between two looks. Compressing keeps the time of the last write.
    const isMissed = compressed.some(({ mtimeMs }) => mtimeMs > present.mtimeMs);
    const files = [...newer, ...(here === null ? [] : [here])];
    return withFiles(parts, files, isMissed ? 'compressed' : null);
  }
  // The old content continues in its copy.
  const copy = isCut ? newer.find(({ size }) => size >= last.size) : undefined;
  const files = [
    ...newer.filter((file) => file !== copy),
    ...(isCut ? [present] : []),
    ...(here === null ? [] : [here]),
  ];
  // A log that was deleted keeps its name while there are rotated files of it.
  const isForgotten = before.length === 0 && rotated.length === 0 && compressed.length === 0;
  if (files.length === 0) return isForgotten ? [] : [...before, last];
  const gap = isCut ? 'truncated' : 'replaced';
  if (copy === undefined) return withFiles(before, files, gap, known);
  return withFiles([...before, ...moved(last, copy)], files, null);
}

/** A copy beside the log is larger than it, or begins with other bytes: the log was truncated after it was copied. */
function isTruncated(last: Part, present: FoundFile, copies: readonly FoundFile[], content: ContentFacts): boolean {
  if (present.size < last.size) return true;
  return copies.some(({ path, size }) => size > present.size || (size > 0 && !content.startsAlike(path, present.path)));
}

function moved(part: Part, found: FoundFile | undefined): readonly Part[] {
  if (found === undefined) return [];
  const { file, path, size, mtimeMs } = found;
  return [{ ...part, file, path, size, mtimeMs }];
}

/** @param gap before the first of the files */
function withFiles(
  parts: readonly Part[],
  files: readonly FoundFile[],
  gap: GapReason | null,
  before: readonly Part[] = [],
): readonly Part[] {
  return files.reduce<readonly Part[]>(
    (all, file, i) => [...all, partOf(file, [...before, ...all], i === 0 ? gap : null)],
    parts,
  );
}

/** @param before parts whose ids are in use: a truncated file is another part */
function partOf({ file, path, size, mtimeMs }: FoundFile, before: readonly Part[], gap: GapReason | null): Part {
  const numbers = before.map(({ id }) => id).filter((id) => id === file || id.startsWith(`${file}~`));
  const last = Math.max(...numbers.map((id) => Number(id.slice(file.length + 1) || '0')));
  return { id: numbers.length === 0 ? file : `${file}~${last + 1}`, file, path, size, mtimeMs, gap };
}

/** The rotated files that are in no lineage, oldest first, by the path of their log. */
function rotatedByBase(
  files: readonly FoundFile[],
  owned: ReadonlySet<string>,
  isWanted: (never: LogName['never']) => boolean,
): Map<string, readonly FoundFile[]> {
  const byBase = new Map<string, FoundFile[]>();
  for (const file of files) {
    const { never, base } = readName(file.path);
    if (base === null || !isWanted(never) || owned.has(file.file)) continue;
    byBase.set(base, [...(byBase.get(base) ?? []), file]);
  }
  for (const rotated of byBase.values()) rotated.sort((a, b) => a.mtimeMs - b.mtimeMs || (a.path < b.path ? 1 : -1));
  return byBase;
}

/** @param base the path of the log that the file belongs to by its name */
function reasonToLeaveOut(
  { path, asked }: FoundFile,
  isLog: (path: string) => boolean,
  wanted: ReadonlySet<string>,
): { readonly reason: LeftOutReason | null; readonly base: string | null } {
  const { never, base, mayStandAlone } = readName(path);
  const isRotated = base !== null && isLog(base);
  // A shell that expands a glob names the rotated files, too.
  if (asked === 'named') return { reason: isRotated && wanted.has(base) ? (never ?? 'rotated') : null, base };
  if (never !== null) return { reason: never, base };
  return { reason: isRotated || !mayStandAlone ? 'rotated' : null, base };
}

function readName(path: string): LogName {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const name = readLogName(path.slice(folder.length));
  return { ...name, base: name.base === null ? null : folder + name.base };
}
