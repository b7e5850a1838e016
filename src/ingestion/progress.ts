import { TelltaleError } from '../errors';
import { nextGeneration as nextReading } from '../lines/line-parser';
import { initialReadingState, type ReadingState } from '../lines/reading-state';
import type { ScannedBatch } from '../lines/scanner';
import type { Checkpoint, ContentEncoding, LedgerSums, QuarantineReason } from './checkpoint';
import type { Extent } from './content';
import { EMPTY_CRC, EMPTY_FINGERPRINT, WINDOW_BYTES } from './content';
import { combineCrc, formatCrc, parseCrc, type CrcAlgorithm } from './crc-combine';
import { UNVERSIONED, type SourceObject } from './plan';

/**
 * How a checkpoint moves on. One reading is: `planRead`; `firstCheckpoint`, `reopened`, `accept` or `nextGeneration` as it
 * says; then `advance` for every batch that the scanner hands out, each published with the checkpoint behind it; at the content's
 * last byte `finished`. A checkpoint of any of these steps is enough to go on from.
 */

/** What became of bytes [from, to) of a generation: a scanned batch without its lines. */
export type ScannedStep = Omit<ScannedBatch, 'batch'>;

/** What is left behind the last terminated line of an object. */
export interface HeldTail {
  /** The first up to 64 KiB of it. */
  readonly held: Buffer;
  readonly reading: ReadingState;
}

const noSums: LedgerSums = { published: 0, dropped: 0, skipped: 0 };

/** Before the first byte of generation 0. The origin stays with the source from now on (rule 4). */
export function firstCheckpoint(
  source: string,
  origin: string,
  object: SourceObject,
  encoding: ContentEncoding,
): Checkpoint {
  return {
    v: 2,
    source,
    origin,
    generation: 0,
    ...beforeFirstByteOf(object, encoding),
    reading: initialReadingState,
    possibleGap: 0,
    unsaidGap: null,
  };
}

/**
 * Before the first byte of the same generation, of which nothing was read: the object may be another one, and of another
 * encoding, than when it was seen last.
 */
export function reopened(checkpoint: Checkpoint, object: SourceObject, encoding: ContentEncoding): Checkpoint {
  return { ...checkpoint, ...beforeFirstByteOf(object, encoding) };
}

/**
 * Before the first byte of the next generation: the content was replaced. Without versions nobody knows what was written
 * and replaced between the two reads (rule 8).
 */
export function nextGeneration(checkpoint: Checkpoint, object: SourceObject, encoding: ContentEncoding): Checkpoint {
  const next = restarted(checkpoint, object, encoding, { count: false });
  return (object.versionId ?? UNVERSIONED) === UNVERSIONED ? withPossibleGap(next) : next;
}

/**
 * Before the first byte of a generation that was asked for.
 * @param how.count count its lines once more; otherwise those that were read before are marked (rule 7)
 */
export function restarted(
  checkpoint: Checkpoint,
  object: SourceObject,
  encoding: ContentEncoding,
  how: { readonly count: boolean },
): Checkpoint {
  const reading = nextReading(checkpoint.reading);
  return {
    ...checkpoint,
    generation: checkpoint.generation + 1,
    ...beforeFirstByteOf(object, encoding),
    reading: how.count ? { ...reading, earlier: null } : reading,
    unsaidGap: checkpoint.unsaidGap === null ? null : 0,
  };
}

/** Content may have been lost behind what was read. */
export function withPossibleGap(checkpoint: Checkpoint): Checkpoint {
  const { possibleGap, unsaidGap, size } = checkpoint;
  return { ...checkpoint, possibleGap: possibleGap + 1, unsaidGap: unsaidGap ?? size };
}

/** Is the first record of a step the first behind a possible gap? What was held before the gap is not. */
export function isBehindGap({ unsaidGap }: Checkpoint, step: ScannedStep): boolean {
  return unsaidGap !== null && step.to > unsaidGap;
}

/**
 * The object begins with what was read, and this is how it is known: the checkpoint speaks of this object now.
 * @param crc32 of what was read, where the proof has found it anew
 */
export function accept(
  checkpoint: Checkpoint,
  object: SourceObject,
  proof: Checkpoint['proof'],
  crc32: Checkpoint['crc32'] = checkpoint.crc32,
): Checkpoint {
  return { ...checkpoint, ...identityOf(object), whole: false, proof, crc32 };
}

/** `since: now`: where passing over ends. */
export interface SkipEnd {
  /** The up to 64 KiB before it. */
  readonly before: Buffer;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** `since: now`: all of an object is passed over, unread: what is known of it is what the store says. */
export function skipped(
  start: Checkpoint,
  object: SourceObject,
  end: SkipEnd & { readonly fingerprint: string },
): Checkpoint {
  const { size, checksum } = object;
  const crc64 = size === 0 ? formatCrc('CRC64NVME', EMPTY_CRC) : null;
  return {
    ...start,
    ...passedOver(start, size, end),
    size,
    whole: true,
    crc64: checksum?.algorithm === 'CRC64NVME' ? checksum.value : crc64,
    crc32:
      checksum === undefined || checksum.algorithm === 'CRC64NVME'
        ? null
        : { ...checksum, algorithm: checksum.algorithm },
    fingerprint: end.fingerprint,
  };
}

/**
 * `since: now`: the beginning of an object is passed over, which was there at the first start; what follows was appended
 * since, and is still to be read.
 * @param extent what was measured of the beginning
 * @throws INTERNAL when the extent does not follow the checkpoint
 */
export function skippedTo(start: Checkpoint, extent: Extent, end: SkipEnd): Checkpoint {
  return { ...start, ...passedOver(start, extent.to, end), ...cover(start, extent, extent.to) };
}

/** Passed over is the content up to the last line end before `size`; a line that has begun is held. */
function passedOver(
  start: Checkpoint,
  size: number,
  end: SkipEnd,
): Pick<Checkpoint, 'offset' | 'held' | 'heldSince' | 'reading' | 'sums'> {
  const lineEnd = end.before.lastIndexOf(LINE_FEED);
  const begun = size - end.before.length + lineEnd + 1;
  // Of a line that began more than 64 KiB before the end, nothing is wanted.
  const offset = lineEnd === -1 && end.before.length < size ? size : begun;
  const held = end.before.subarray(end.before.length - (size - offset));
  return {
    offset,
    held: held.toString('base64'),
    heldSince: held.length === 0 ? null : end.now,
    reading: { ...start.reading, openCut: offset > begun ? 'head' : null },
    sums: { ...noSums, skipped: offset },
  };
}

const LINE_FEED = 10;

/**
 * Behind one scanned step.
 * @param extent bytes [checkpoint.size, step.to), from `createTrail`'s `measure(step.to)`
 * @throws INTERNAL when step or extent do not follow the checkpoint, or the step's bytes do not add up
 */
export function advance(checkpoint: Checkpoint, step: ScannedStep, extent: Extent): Checkpoint {
  const { offset } = checkpoint;
  if (step.from !== offset || step.publishedBytes + step.droppedBytes !== step.to - step.from) {
    throw broken(
      checkpoint,
      `a step [${step.from}, ${step.to}) with ${step.publishedBytes} bytes published and ${step.droppedBytes} dropped`,
    );
  }
  const covered = cover(checkpoint, extent, Math.max(checkpoint.size, step.to));
  // A tail that was held may be passed in part only, when the limit of a line's length was lowered meanwhile.
  const held = Buffer.from(checkpoint.held, 'base64').subarray(step.to - offset);
  return {
    ...checkpoint,
    ...covered,
    offset: step.to,
    held: held.toString('base64'),
    heldSince: step.to < covered.size ? checkpoint.heldSince : null,
    reading: step.reading,
    sums: {
      ...checkpoint.sums,
      published: checkpoint.sums.published + step.publishedBytes,
      dropped: checkpoint.sums.dropped + step.droppedBytes,
    },
    quarantine: null,
    ended: null,
  };
}

/**
 * Behind the last byte of an object: everything from `checkpoint.offset` on is held.
 * @param end.extent bytes [checkpoint.size, length of the content), from `createTrail`'s `measure`
 * @param end.tail what is left in the scanner
 * @param end.now epoch milliseconds
 * @throws INTERNAL when extent or tail do not follow the checkpoint
 */
export function finished(
  checkpoint: Checkpoint,
  object: SourceObject,
  end: { readonly extent: Extent; readonly tail: HeldTail; readonly now: number },
): Checkpoint {
  const { held, reading } = end.tail;
  const tailBytes = end.extent.to - checkpoint.offset;
  if (held.length !== Math.min(tailBytes, WINDOW_BYTES)) {
    throw broken(checkpoint, `a tail of ${held.length} bytes where ${tailBytes} are left`);
  }
  return {
    ...checkpoint,
    ...identityOf(object),
    ...cover(checkpoint, end.extent, end.extent.to),
    whole: true,
    held: held.toString('base64'),
    heldSince: tailBytes === 0 ? null : (checkpoint.heldSince ?? end.now),
    reading,
    quarantine: null,
    ended: null,
  };
}

/**
 * Nothing more comes to a tail of which not all is at hand any more: what the checkpoint holds of it was published, the
 * rest is lost, and the ledger says so.
 */
export function withoutTail(checkpoint: Checkpoint): Checkpoint {
  const lost = heldBytes(checkpoint);
  if (lost === 0) return checkpoint;
  return {
    ...checkpoint,
    offset: checkpoint.size,
    held: '',
    heldSince: null,
    reading: { ...checkpoint.reading, openCut: 'head' },
    sums: { ...checkpoint.sums, dropped: checkpoint.sums.dropped + lost },
  };
}

/** A newer object cannot be read: what was read before stands, and reading goes on when another one comes. */
export function quarantined(checkpoint: Checkpoint, object: SourceObject, reason: QuarantineReason): Checkpoint {
  const { etag, versionId, lastModified, size } = object;
  const quarantine = { etag, versionId: versionId ?? null, lastModified, size, reason };
  return { ...checkpoint, quarantine, ended: null };
}

/**
 * The object was deleted. Its checkpoint stays, and what it knows of one that cannot be read: it may be created again.
 * @param now epoch milliseconds
 */
export function ended(checkpoint: Checkpoint, now: number): Checkpoint {
  const { quarantine } = checkpoint;
  return { ...checkpoint, quarantine: quarantine?.reason === 'denied' ? null : quarantine, ended: now };
}

/**
 * The little that is kept of a source that nobody has written to for long. Lines of exactly its newest stamp are told
 * apart by two hashes instead of 1,024.
 */
export function slimmed(checkpoint: Checkpoint): Checkpoint {
  const { newest, earlier } = checkpoint.reading;
  const few = (mark: ReadingState['newest']): ReadingState['newest'] =>
    mark === null ? null : { ...mark, hashes: mark.hashes.slice(0, SLIM_HASHES) };
  return { ...checkpoint, reading: { ...checkpoint.reading, newest: few(newest), earlier: few(earlier) } };
}

/** Would `slimmed` change nothing? */
export function isSlim({ reading: { newest, earlier } }: Checkpoint): boolean {
  return (newest?.hashes.length ?? 0) <= SLIM_HASHES && (earlier?.hashes.length ?? 0) <= SLIM_HASHES;
}

const SLIM_HASHES = 2;

/** Bytes of the unterminated tail, whether the checkpoint holds all of them or only the first 64 KiB. */
export function heldBytes(checkpoint: Checkpoint): number {
  return checkpoint.size - checkpoint.offset;
}

/** Is every byte that was read in exactly one sum? size = published + dropped + skipped + held. */
export function isBalanced(checkpoint: Checkpoint): boolean {
  const { published, dropped, skipped } = checkpoint.sums;
  return published + dropped + skipped + heldBytes(checkpoint) === checkpoint.size;
}

type Beginning = Omit<Checkpoint, 'v' | 'source' | 'origin' | 'generation' | 'reading' | 'possibleGap' | 'unsaidGap'>;

function beforeFirstByteOf(object: SourceObject, encoding: ContentEncoding): Beginning {
  const algorithm = encoding === 'plain' ? object.checksum?.algorithm : undefined;
  return {
    ...identityOf(object),
    offset: 0,
    size: 0,
    encoding,
    whole: false,
    crc64: formatCrc('CRC64NVME', EMPTY_CRC),
    crc32:
      algorithm === undefined || algorithm === 'CRC64NVME'
        ? null
        : { algorithm, value: formatCrc(algorithm, EMPTY_CRC) },
    fingerprint: EMPTY_FINGERPRINT,
    proof: 'first',
    held: '',
    heldSince: null,
    sums: noSums,
    quarantine: null,
    ended: null,
  };
}

function identityOf(object: SourceObject): Pick<Checkpoint, 'etag' | 'versionId' | 'lastModified' | 'objectSize'> {
  const { etag, versionId = null, lastModified, size } = object;
  return { etag, versionId, lastModified, objectSize: size };
}

/** Takes the bytes up to `size` into checksums and fingerprint. */
function cover(
  checkpoint: Checkpoint,
  extent: Extent,
  size: number,
): Pick<Checkpoint, 'size' | 'crc64' | 'crc32' | 'fingerprint'> {
  if (extent.from !== checkpoint.size || extent.to !== size) {
    throw broken(
      checkpoint,
      `bytes [${extent.from}, ${extent.to}) measured where [${checkpoint.size}, ${size}) were read`,
    );
  }
  const { crc64, crc32, fingerprint } = checkpoint;
  const length = extent.to - extent.from;
  if (length === 0) return { size, crc64, crc32, fingerprint };
  const joined = (algorithm: CrcAlgorithm, before: string, after: bigint): string =>
    formatCrc(algorithm, combineCrc(algorithm, parseCrc(before), after, length));
  return {
    size,
    crc64: crc64 === null ? null : joined('CRC64NVME', crc64, extent.crc64),
    crc32:
      crc32 === null || extent.crc32 === null
        ? null
        : { algorithm: crc32.algorithm, value: joined(crc32.algorithm, crc32.value, extent.crc32) },
    fingerprint: extent.fingerprint,
  };
}

function broken(checkpoint: Checkpoint, what: string): TelltaleError {
  const { source, generation, offset, size } = checkpoint;
  return new TelltaleError(
    'INTERNAL',
    `${what} cannot follow the checkpoint of ${source} (generation ${generation}, offset ${offset}, size ${size})`,
  );
}
