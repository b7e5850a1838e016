import type { QuarantineReason } from '../ingestion/checkpoint';
import { TelltaleError } from '../errors';

/** A file that `replay` or `local --once` skipped. */
export interface Unreadable {
  /** The path that the user gave. */
  readonly path: string;
  /** Text that follows the path. */
  readonly why: string;
}

const whys: Readonly<Record<QuarantineReason, string>> = {
  'gzip-corrupt': ': the gzip is corrupt: write it again',
  'gzip-truncated': ': the gzip is truncated: write it again, or append the rest',
  'gzip-ratio':
    ': the gzip holds more than ingest.maxGzipRatio times its compressed size: it may be a bomb; if not, raise that',
  'utf-16': ' is UTF-16, which is not read: convert it to UTF-8 first, for example with iconv -f UTF-16 -t UTF-8',
  denied: ' may not be read by this user: check its permissions',
};

export function unreadable(path: string, reason: QuarantineReason): Unreadable {
  return { path, why: whys[reason] };
}

/** Maximum number of named files. */
const NAMED = 10;

/**
 * Reports skipped files after the results of all others.
 * @throws FILE_UNREADABLE with a line for each of the first skipped files, if any
 */
export function refuseUnreadable(files: readonly Unreadable[]): void {
  if (files.length === 0) return;
  const lines = files.slice(0, NAMED).map(({ path, why }) => `${path}${why}`);
  const more = files.length > NAMED ? [`and ${files.length - NAMED} more that cannot be read`] : [];
  throw new TelltaleError('FILE_UNREADABLE', [...lines, ...more].join('\n'));
}
