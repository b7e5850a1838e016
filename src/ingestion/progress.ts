import { TelltaleError } from '../errors';
import { nextGeneration as nextReading } from '../lines/line-parser';
import {
  initialReadingState,
  isTrimmedReadingState,
  trimReadingState,
  withOpenCut,
  withoutEarlier,
  type ReadingState,
} from '../lines/reading-state';
import type { SketchBlock } from '../lines/repeats/sketch';
import type { ScannedBatch } from '../lines/scanner';
import {
  isRetried,
  type Checkpoint,
  type ContentEncoding,
  type Identity,
  type LedgerSums,
  type Position,
  type QuarantineReason,
} from './checkpoint';
import type { RangeDigest } from './content';
import { EMPTY_CRC, EMPTY_FINGERPRINT, WINDOW_BYTES } from './content';
import { combineCrc, formatCrc, parseCrc, type CrcAlgorithm } from './crc-combine';
import { UNVERSIONED, type SourceObject } from './plan';

/**
 * How a checkpoint advances. One reading is: `planRead`; `firstCheckpoint`, `reopened`, `accept` or `nextGeneration`, as the
 * plan says; then `advance` for every batch of the scanner, each published with the checkpoint after it; `atEndOfContent` at
 * the last byte. Reading can continue from the checkpoint of any of these steps.
 */

/** The fate of bytes [from, to) of a generation: a scanned batch without its lines. */
export type ScannedStep = Omit<ScannedBatch, 'batch'>;

/** The bytes after the last terminated line of an object. */
export interface HeldTail {
  /** The first up to 64 KiB of them. */
  readonly held: Buffer;
  readonly reading: ReadingState;
}

const noSums: LedgerSums = { published: 0, dropped: 0, skipped: 0 };

/** Before the first byte of generation 0. The source keeps origin and topic from now on (`stable-partition`). */
export function firstCheckpoint(
  source: string,
  origin: string,
  object: SourceObject,
  encoding: ContentEncoding,
  topic: string,
): Checkpoint {
  return {
    source,
    origin,
    topic,
    position: { generation: 0, ...noBytes, possibleGap: 0, pendingGap: null },
    identity: nothingReadOf(object, encoding),
    format: initialReadingState,
    quarantine: null,
    ended: null,
  };
}

/**
 * Before the first byte of the same generation, of which nothing was read: object and encoding may have changed since.
 */
export function reopened(checkpoint: Checkpoint, object: SourceObject, encoding: ContentEncoding): Checkpoint {
  return {
    ...checkpoint,
    position: { ...checkpoint.position, ...noBytes },
    identity: nothingReadOf(object, encoding),
    quarantine: null,
    ended: null,
  };
}

/**
 * Before the first byte of the next generation: the content was replaced. Without versions, content that was written and
 * replaced between the two reads is lost, so a possible gap is noted.
 */
export function nextGeneration(checkpoint: Checkpoint, object: SourceObject, encoding: ContentEncoding): Checkpoint {
  const next = restarted(checkpoint, object, encoding, { count: false });
  return (object.versionId ?? UNVERSIONED) === UNVERSIONED ? withPossibleGap(next) : next;
}

/**
 * Before the first byte of a requested generation.
 * @param how.count count its lines again; otherwise lines read before are marked (`repeated-lines`)
 */
export function restarted(
  checkpoint: Checkpoint,
  object: SourceObject,
  encoding: ContentEncoding,
  how: { readonly count: boolean },
): Checkpoint {
  const { generation, pendingGap, possibleGap } = checkpoint.position;
  const format = nextReading(checkpoint.format);
  return {
    ...checkpoint,
    position: {
      generation: generation + 1,
      ...noBytes,
      possibleGap,
      pendingGap: pendingGap === null ? null : 0,
    },
    identity: nothingReadOf(object, encoding),
    format: how.count ? withoutEarlier(format) : format,
    quarantine: null,
    ended: null,
  };
}

/** Content after the bytes read so far may have been lost. */
export function withPossibleGap(checkpoint: Checkpoint): Checkpoint {
  const { possibleGap, pendingGap, size } = checkpoint.position;
  const gap = { possibleGap: possibleGap + 1, pendingGap: pendingGap ?? size };
  return { ...checkpoint, position: { ...checkpoint.position, ...gap } };
}

/** True when the first record of a step is the first after a possible gap. A line held before the gap is not. */
export function isAfterGap({ position: { pendingGap } }: Checkpoint, step: ScannedStep): boolean {
  return pendingGap !== null && step.to > pendingGap;
}

/** The next record reports the pending gap. */
export function withReportedGap(checkpoint: Checkpoint): Checkpoint {
  return { ...checkpoint, position: { ...checkpoint.position, pendingGap: null } };
}

/** The whole object counts as read, although it was skipped. */
export function asWhole(checkpoint: Checkpoint): Checkpoint {
  return { ...checkpoint, identity: { ...checkpoint.identity, whole: true } };
}

/**
 * The object begins with the bytes read before: the checkpoint now belongs to it.
 * @param proof how that is known
 * @param found found by the proof: the CRC of the bytes read before, the object's encoding
 */
export function accept(
  checkpoint: Checkpoint,
  object: SourceObject,
  proof: Identity['proof'],
  found: Partial<Pick<Identity, 'crc32' | 'encoding'>> = {},
): Checkpoint {
  const { identity } = checkpoint;
  return { ...checkpoint, identity: { ...identity, ...objectIdentity(object), whole: false, proof, ...found } };
}

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

/**
 * After one scanned step.
 * @param range bytes [checkpoint.size, step.to), from a range digester's `measure(step.to)`
 * @throws INTERNAL when step or range do not follow the checkpoint, or the step's bytes do not add up
 */
export function advance(checkpoint: Checkpoint, step: ScannedStep, range: RangeDigest): Checkpoint {
  const { offset, size, heldSince, sums } = checkpoint.position;
  if (step.from !== offset || step.publishedBytes + step.droppedBytes !== step.to - step.from) {
    throw broken(
      checkpoint,
      `a step [${step.from}, ${step.to}) with ${step.publishedBytes} bytes published and ${step.droppedBytes} dropped`,
    );
  }
  const covered = covering(checkpoint, range, Math.max(size, step.to));
  // A held tail may be published in part, when the limit of a line's length was lowered meanwhile.
  const held = Buffer.from(checkpoint.position.held, 'base64').subarray(step.to - offset);
  return {
    ...covered,
    position: {
      ...covered.position,
      offset: step.to,
      held: held.toString('base64'),
      heldSince: step.to < covered.position.size ? heldSince : null,
      sums: {
        ...sums,
        published: sums.published + step.publishedBytes,
        dropped: sums.dropped + step.droppedBytes,
      },
    },
    format: step.reading,
    quarantine: null,
    ended: null,
  };
}

/**
 * After the last byte of an object: everything from `checkpoint.offset` on is held.
 * @param end.range bytes [checkpoint.size, length of the content), from a range digester's `measure`
 * @param end.tail the bytes left in the scanner
 * @param end.now epoch milliseconds
 * @throws INTERNAL when range or tail do not follow the checkpoint
 */
export function atEndOfContent(
  checkpoint: Checkpoint,
  object: SourceObject,
  end: { readonly range: RangeDigest; readonly tail: HeldTail; readonly now: number },
): Checkpoint {
  const { held, reading } = end.tail;
  const tailBytes = end.range.to - checkpoint.position.offset;
  if (held.length !== Math.min(tailBytes, WINDOW_BYTES)) {
    throw broken(checkpoint, `a tail of ${held.length} bytes where ${tailBytes} are left`);
  }
  const covered = covering(checkpoint, end.range, end.range.to);
  return {
    ...covered,
    position: {
      ...covered.position,
      held: held.toString('base64'),
      heldSince: tailBytes === 0 ? null : (checkpoint.position.heldSince ?? end.now),
    },
    identity: { ...covered.identity, ...objectIdentity(object), whole: true },
    format: reading,
    quarantine: null,
    ended: null,
  };
}

/**
 * The end of a tail that the checkpoint holds only in part: the held bytes were published, the others are dropped
 * (`bytes-are-conserved`).
 */
export function withoutTail(checkpoint: Checkpoint): Checkpoint {
  const lost = heldBytes(checkpoint);
  if (lost === 0) return checkpoint;
  const { position } = checkpoint;
  const sums = { ...position.sums, dropped: position.sums.dropped + lost };
  return {
    ...checkpoint,
    position: { ...position, offset: position.size, held: '', heldSince: null, sums },
    format: withOpenCut(checkpoint.format, 'head'),
  };
}

/** A newer object cannot be read: the bytes read before stay, and reading continues with the next object. */
export function quarantined(checkpoint: Checkpoint, object: SourceObject, reason: QuarantineReason): Checkpoint {
  const { etag, versionId, lastModified, size } = object;
  const quarantine = { etag, versionId: versionId ?? null, lastModified, size, reason };
  return { ...checkpoint, quarantine, ended: null };
}

/**
 * The object was deleted. Its checkpoint stays, and with it a quarantine: the object may be created again.
 * @param now epoch milliseconds
 */
export function ended(checkpoint: Checkpoint, now: number): Checkpoint {
  const { quarantine } = checkpoint;
  return {
    ...checkpoint,
    quarantine: quarantine !== null && isRetried(quarantine.reason) ? null : quarantine,
    ended: now,
  };
}

/** A smaller checkpoint, for a source that has not changed for long, and the blocks of its sketch that belong to it. */
export function trimmed(checkpoint: Checkpoint): {
  readonly checkpoint: Checkpoint;
  readonly blocks: readonly SketchBlock[];
} {
  const { reading, blocks } = trimReadingState(checkpoint.format);
  return { checkpoint: { ...checkpoint, format: reading }, blocks };
}

/** True when {@link trimmed} would change nothing. */
export function isTrimmed({ format }: Checkpoint): boolean {
  return isTrimmedReadingState(format);
}

/** Bytes of the unterminated tail, whether the checkpoint holds all of them or only the first 64 KiB. */
export function heldBytes({ position: { size, offset } }: Checkpoint): number {
  return size - offset;
}

/** True when every byte read is in exactly one sum: size = published + dropped + skipped + held (`bytes-are-conserved`). */
export function isBalanced(checkpoint: Checkpoint): boolean {
  const { sums, size } = checkpoint.position;
  return sums.published + sums.dropped + sums.skipped + heldBytes(checkpoint) === size;
}

const noBytes = { offset: 0, size: 0, held: '', heldSince: null, sums: noSums } satisfies Partial<Position>;

function nothingReadOf(object: SourceObject, encoding: ContentEncoding): Identity {
  const algorithm = encoding === 'plain' ? object.checksum?.algorithm : undefined;
  return {
    ...objectIdentity(object),
    encoding,
    whole: false,
    crc64: formatCrc('CRC64NVME', EMPTY_CRC),
    crc32:
      algorithm === undefined || algorithm === 'CRC64NVME'
        ? null
        : { algorithm, value: formatCrc(algorithm, EMPTY_CRC) },
    fingerprint: EMPTY_FINGERPRINT,
    proof: 'first',
  };
}

function objectIdentity(object: SourceObject): Pick<Identity, 'etag' | 'versionId' | 'lastModified' | 'objectSize'> {
  const { etag, versionId = null, lastModified, size } = object;
  return { etag, versionId, lastModified, objectSize: size };
}

/** Adds the bytes up to `size` to checksums and fingerprint. */
function covering(checkpoint: Checkpoint, range: RangeDigest, size: number): Checkpoint {
  const { position, identity } = checkpoint;
  if (range.from !== position.size || range.to !== size) {
    throw broken(checkpoint, `bytes [${range.from}, ${range.to}) measured where [${position.size}, ${size}) were read`);
  }
  const { crc64, crc32 } = identity;
  const length = range.to - range.from;
  if (length === 0) return checkpoint;
  const combined = (algorithm: CrcAlgorithm, before: string, after: bigint): string =>
    formatCrc(algorithm, combineCrc(algorithm, parseCrc(before), after, length));
  return {
    ...checkpoint,
    position: { ...position, size },
    identity: {
      ...identity,
      crc64: crc64 === null ? null : combined('CRC64NVME', crc64, range.crc64),
      crc32:
        crc32 === null || range.crc32 === null
          ? null
          : { algorithm: crc32.algorithm, value: combined(crc32.algorithm, crc32.value, range.crc32) },
      fingerprint: range.fingerprint,
    },
  };
}

function broken(checkpoint: Checkpoint, what: string): TelltaleError {
  const { source, position } = checkpoint;
  const { generation, offset, size } = position;
  return new TelltaleError(
    'INTERNAL',
    `${what} cannot follow the checkpoint of ${source} (generation ${generation}, offset ${offset}, size ${size})`,
  );
}
