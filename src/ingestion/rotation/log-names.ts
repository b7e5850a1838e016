/**
 * What the name of a file says about it. `scripts/upload-logs.sh` has the same rules.
 *
 * A rotated file is the old content of a log, its *base*: `app.log.1`, `app.1.log`, `app.log-20261121`, `app.2026-11-21.log` and
 * `app.log.old` have the base `app.log`.
 */
export interface LogName {
  /** Not a log that a service writes, whichever files are beside it. */
  readonly never: 'compressed' | 'scratch' | 'hidden' | null;
  /** The name of the log whose rotated file it may be; of a compressed file, too. */
  readonly base: string | null;
  /** Without its base it is a log of its own: a service writes files with dates, or a number before the extension. */
  readonly mayStandAlone: boolean;
}

const DATE = String.raw`[-.](?:19|20)(?:\d{6}|\d\d-\d\d(?:-\d\d)?)(?:[-._T]\d+)*`;
const DATED_END = new RegExp(`${DATE}$`);
const NUMBERED_END = /(?:\.\d{1,3}|\.old)$/;
const INSIDE = new RegExp(String.raw`(?:\.\d{1,3}|${DATE})(\.[A-Za-z][A-Za-z0-9]{0,9})$`);
const COMPRESSED = /\.(?:gz|bz2|xz|zst|lz4|lzma|Z|zip|tgz)$/;
/** What editors, and programs that write a file before they rename it, leave behind. */
const SCRATCH = /(?:\.(?:sw[a-px]|tmp|bak|part)|~)$/;
/** The longest name of the usual file systems: bounds the work of matching. */
const MAX_NAME = 255;

/** @param name of a file, without its folder */
export function readLogName(name: string): LogName {
  if (name.length > MAX_NAME) return { never: null, base: null, mayStandAlone: true };
  const compressed = COMPRESSED.exec(name);
  const plain = compressed === null ? name : name.slice(0, compressed.index);
  // `app.log.gz` beside `app.log` may be its old content, too.
  const { base, mayStandAlone } = baseOf(plain) ?? {
    base: compressed === null ? null : plain,
    mayStandAlone: true,
  };
  return { never: reasonOf(name, compressed !== null), base, mayStandAlone };
}

/** The same for a path: the base is a path in the same folder. */
export function readLogPath(path: string): LogName {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const name = readLogName(path.slice(folder.length));
  return { ...name, base: name.base === null ? null : folder + name.base };
}

/** False while the file that is being compressed is there, too: the compressed one is still being written. */
export function isComplete(compressed: string, paths: ReadonlySet<string>): boolean {
  return !paths.has(compressed.replace(COMPRESSED, ''));
}

function reasonOf(name: string, isCompressed: boolean): LogName['never'] {
  if (SCRATCH.test(name)) return 'scratch';
  if (name.startsWith('.')) return 'hidden';
  return isCompressed ? 'compressed' : null;
}

function baseOf(name: string): Pick<LogName, 'base' | 'mayStandAlone'> | null {
  const inside = INSIDE.exec(name);
  const end = inside ?? DATED_END.exec(name) ?? NUMBERED_END.exec(name);
  if (end === null || end.index === 0) return null;
  const base = name.slice(0, end.index) + (inside?.[1] ?? '');
  return { base, mayStandAlone: inside !== null || DATED_END.test(name) };
}
