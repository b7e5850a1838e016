import type { FoundFile, Known, Part } from './lineages';
import { isComplete, readLogPath } from './log-names';

/** A compressed file that may hold the content of a part that is gone. */
export interface MaybeSuccessor {
  readonly log: string;
  readonly part: Part;
  readonly file: FoundFile;
}

/** Compressing sets the time of the last write that the file had, but some programs to whole seconds. */
const MTIME_UNIT_MS = 1000;

/**
 * The pairs whose content must be compared before the next plan: a part that is gone or was replaced, and a compressed file of
 * its log that is new. Oldest files first.
 *
 * @param isReplaced true for a file that holds other content than before
 * @param isRead true for a part that was certainly read to its end
 */
export function maybeSuccessors(
  { lineages, passed }: Known,
  found: readonly FoundFile[],
  isReplaced: (file: string) => boolean,
  isRead: (log: string, part: Part) => boolean,
): readonly MaybeSuccessor[] {
  const byFile = new Map(found.map((file) => [file.file, file]));
  const paths = new Set(found.map(({ path }) => path));
  const owned = new Set([...lineages.values()].flatMap((parts) => parts.map(({ file }) => file)));
  const fresh = found
    .filter(({ file }) => !owned.has(file) && !passed.has(file))
    .filter(({ path }) => readLogPath(path).never === 'compressed' && isComplete(path, paths))
    .sort((a, b) => a.mtimeMs - b.mtimeMs);
  return [...lineages].flatMap(([log, parts]) => {
    const files = fresh.filter(({ path }) => readLogPath(path).base === log);
    const newest = parts.at(-1)?.mtimeMs ?? 0;
    return parts.flatMap((part) => {
      const present = byFile.get(part.file);
      if (present !== undefined && present.size >= part.size && !isReplaced(part.file)) return [];
      return files
        .filter(({ mtimeMs }) => mtimeMs >= Math.floor(part.mtimeMs / MTIME_UNIT_MS) * MTIME_UNIT_MS)
        .filter(({ mtimeMs }) => mtimeMs > newest || !isRead(log, part))
        .map((file) => ({ log, part, file }));
    });
  });
}
