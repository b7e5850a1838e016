import type { QuarantineReason } from '../ingestion/checkpoint';
import { unreadAdvice, type UnreadReason } from '../lines/encoding';
import { TelltaleError } from '../errors';

/** A file that `replay` or `local --once` skipped. */
export interface Unreadable {
  /** The path that the user gave. */
  readonly path: string;
  /** Text that follows the path. */
  readonly why: string;
}

const whys: Readonly<Record<Exclude<QuarantineReason, UnreadReason>, string>> = {
  'gzip-corrupt': ': the gzip is corrupt: write it again',
  'gzip-truncated': ': the gzip is truncated: write it again, or append the rest',
  'gzip-ratio':
    ': the gzip holds more than ingest.maxGzipRatio times its compressed size: it may be a bomb; if not, raise that',
  'zstd-corrupt': ': the zstd is corrupt: write it again',
  'zstd-truncated': ': the zstd is truncated: write it again, or append the rest',
  'zstd-ratio':
    ': the zstd holds more than ingest.maxGzipRatio times its compressed size: it may be a bomb; if not, raise that',
  'zstd-window': ': the zstd needs too much memory: compress it without --ultra and --long',
  archived: ' is archived: restore it first',
  'customer-key': ' is encrypted with a key that only its owner has (SSE-C): upload it without',
  'kms-key': ' is encrypted with a key that cannot be used: enable the key',
  refused: ' cannot be read from the store: check it',
  denied: ' may not be read by this user: check its permissions',
};

export function unreadable(path: string, reason: QuarantineReason): Unreadable {
  return { path, why: isUnread(reason) ? ` is ${unreadAdvice(reason)}` : whys[reason] };
}

function isUnread(reason: QuarantineReason): reason is UnreadReason {
  return !(reason in whys);
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
