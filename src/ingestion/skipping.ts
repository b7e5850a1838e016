import { withOpenCut } from '../lines/reading-state';
import type { Checkpoint } from './checkpoint';
import { EMPTY_CRC, type RangeDigest } from './content';
import { formatCrc } from './crc-combine';
import { noSums } from './generations';
import type { SourceObject } from './plan';
import { covering } from './progress';

/** `since: now`: checkpoints after content that was there at the first start, and is skipped. */

/** `since: now`: the end of the skipped bytes. */
export interface SkipEnd {
  /** The up to 64 KiB before it. */
  readonly before: Buffer;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** `since: now`: all of an object is skipped unread: only the store's checksum is known of it. */
export function skipped(
  start: Checkpoint,
  object: SourceObject,
  end: SkipEnd & { readonly fingerprint: string },
): Checkpoint {
  const { size, checksum } = object;
  const crc64 = size === 0 ? formatCrc('CRC64NVME', EMPTY_CRC) : null;
  const passed = skippedFields(start, size, end);
  return {
    ...passed,
    position: { ...passed.position, size },
    identity: {
      ...passed.identity,
      whole: true,
      crc64: checksum?.algorithm === 'CRC64NVME' ? checksum.value : crc64,
      crc32:
        checksum === undefined || checksum.algorithm === 'CRC64NVME'
          ? null
          : { ...checksum, algorithm: checksum.algorithm },
      fingerprint: end.fingerprint,
    },
  };
}

/**
 * `since: now`: skips the beginning of an object, which was there at the first start. The rest was appended since, and is still
 * to be read.
 * @param range of the beginning
 * @throws INTERNAL when the range does not follow the checkpoint
 */
export function skippedTo(start: Checkpoint, range: RangeDigest, end: SkipEnd): Checkpoint {
  return covering(skippedFields(start, range.to, end), range, range.to);
}

/** Skips the content up to the last line end before `size`, and holds a line that began before it. */
function skippedFields(start: Checkpoint, size: number, end: SkipEnd): Checkpoint {
  const lineEnd = end.before.lastIndexOf(LINE_FEED);
  const begun = size - end.before.length + lineEnd + 1;
  // Skip a line that began over 64 KiB before the end.
  const offset = lineEnd === -1 && end.before.length < size ? size : begun;
  const held = end.before.subarray(end.before.length - (size - offset));
  return {
    ...start,
    position: {
      ...start.position,
      offset,
      held: held.toString('base64'),
      heldSince: held.length === 0 ? null : end.now,
      sums: { ...noSums, skipped: offset },
    },
    format: withOpenCut(start.format, offset > begun ? 'head' : null),
  };
}

const LINE_FEED = 10;
