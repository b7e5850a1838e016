import { TelltaleError } from '../../errors';
import { nextGeneration as nextReading } from '../lines/reading';
import { initialReadingState, type ReadingState } from '../lines/reading-state';
import type { ScannedBatch } from '../lines/scanner';
import type { Checkpoint, LedgerSums } from './checkpoint';
import type { Extent } from './content';
import { EMPTY_CRC64, EMPTY_FINGERPRINT, formatCrc64, parseCrc64, WINDOW_BYTES } from './content';
import { combineCrc64 } from './crc-combine';
import type { SourceObject } from './plan';

/**
 * How a checkpoint moves on. One reading is: `planRead`; `firstCheckpoint`, `accept` or `nextGeneration` as it says; then
 * `advance` for every batch that the scanner hands out, each published with the checkpoint behind it; at the object's
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

const noSums: LedgerSums = { published: 0, dropped: 0, skipped: 0, quarantined: 0 };

/** Before the first byte of generation 0. The origin stays with the source from now on (rule 4). */
export function firstCheckpoint(source: string, origin: string, object: SourceObject): Checkpoint {
  return {
    v: 1,
    source,
    origin,
    generation: 0,
    ...beforeFirstByte,
    ...identityOf(object),
    proof: 'first',
    reading: initialReadingState,
    possibleGap: 0,
  };
}

/**
 * Before the first byte of the next generation: the content was replaced. Without versions nobody knows what was written and
 * replaced between the two reads (rule 8).
 */
export function nextGeneration(checkpoint: Checkpoint, object: SourceObject): Checkpoint {
  const versioned = object.versionId !== undefined;
  return {
    ...checkpoint,
    generation: checkpoint.generation + 1,
    ...beforeFirstByte,
    ...identityOf(object),
    proof: 'first',
    reading: nextReading(checkpoint.reading),
    possibleGap: checkpoint.possibleGap + (versioned ? 0 : 1),
  };
}

/** The object begins with what was read, and this is how it is known: the checkpoint speaks of this object now. */
export function accept(checkpoint: Checkpoint, object: SourceObject, proof: 'proven' | 'fingerprint'): Checkpoint {
  return { ...checkpoint, ...identityOf(object), proof };
}

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
    ended: false,
  };
}

/**
 * Behind the last byte of an object: everything from `checkpoint.offset` on is held.
 * @param end.extent bytes [checkpoint.size, object.size), from `createTrail`'s `measure(object.size)`
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
  const tailBytes = object.size - checkpoint.offset;
  if (held.length !== Math.min(tailBytes, WINDOW_BYTES)) {
    throw broken(checkpoint, `a tail of ${held.length} bytes where ${tailBytes} are left`);
  }
  return {
    ...checkpoint,
    ...identityOf(object),
    ...cover(checkpoint, end.extent, object.size),
    held: held.toString('base64'),
    heldSince: tailBytes === 0 ? null : (checkpoint.heldSince ?? end.now),
    reading,
    ended: false,
  };
}

/** Bytes of the unterminated tail, whether the checkpoint holds all of them or only the first 64 KiB. */
export function heldBytes(checkpoint: Checkpoint): number {
  return checkpoint.size - checkpoint.offset;
}

/** Is every byte that was read in exactly one sum? size = published + dropped + skipped + quarantined + held. */
export function isBalanced(checkpoint: Checkpoint): boolean {
  const { published, dropped, skipped, quarantined } = checkpoint.sums;
  return published + dropped + skipped + quarantined + heldBytes(checkpoint) === checkpoint.size;
}

const beforeFirstByte = {
  offset: 0,
  size: 0,
  crc64: formatCrc64(EMPTY_CRC64),
  fingerprint: EMPTY_FINGERPRINT,
  held: '',
  heldSince: null,
  sums: noSums,
  ended: false,
} as const;

function identityOf(object: SourceObject): Pick<Checkpoint, 'etag' | 'versionId' | 'lastModified'> {
  return { etag: object.etag, versionId: object.versionId ?? null, lastModified: object.lastModified };
}

/** Takes the bytes up to `size` into checksum and fingerprint. */
function cover(
  checkpoint: Checkpoint,
  extent: Extent,
  size: number,
): Pick<Checkpoint, 'size' | 'crc64' | 'fingerprint'> {
  if (extent.from !== checkpoint.size || extent.to !== size) {
    throw broken(
      checkpoint,
      `bytes [${extent.from}, ${extent.to}) measured where [${checkpoint.size}, ${size}) were read`,
    );
  }
  if (extent.to === extent.from) {
    return { size, crc64: checkpoint.crc64, fingerprint: checkpoint.fingerprint };
  }
  const crc64 = combineCrc64(parseCrc64(checkpoint.crc64), extent.crc64, extent.to - extent.from);
  return { size, crc64: formatCrc64(crc64), fingerprint: extent.fingerprint };
}

function broken(checkpoint: Checkpoint, what: string): TelltaleError {
  const { source, generation, offset, size } = checkpoint;
  return new TelltaleError(
    'INTERNAL',
    `${what} cannot follow the checkpoint of ${source} (generation ${generation}, offset ${offset}, size ${size})`,
  );
}
