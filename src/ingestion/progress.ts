import { TelltaleError } from '../errors';
import { isTrimmedReadingState, trimReadingState, withOpenCut, type ReadingState } from '../lines/reading-state';
import type { SketchBlock } from '../lines/repeats/sketch';
import type { ScannedBatch } from '../lines/scanner';
import { isRetried, type Checkpoint, type Identity, type QuarantineReason } from './checkpoint';
import type { RangeDigest } from './content';
import { WINDOW_BYTES } from './content';
import { combineCrc, formatCrc, parseCrc, type CrcAlgorithm } from './crc-combine';
import { type SourceObject } from './plan';

/**
 * How a checkpoint advances. One reading is: `planRead`; `accept`, or a new start from `generations.ts`, as the plan says; then
 * `advance` for every batch of the scanner, each published with the checkpoint after it; `atEndOfContent` at the last byte.
 * Reading can continue from the checkpoint of any of these steps.
 */

/** The fate of bytes [from, to) of a generation: a scanned batch without its lines. */
export type ScannedStep = Omit<ScannedBatch, 'batch'>;

/** The bytes after the last terminated line of an object. */
export interface HeldTail {
  /** The first up to 64 KiB of them. */
  readonly held: Buffer;
  readonly reading: ReadingState;
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

/** The fields of an identity that come from the object itself. */
export function objectIdentity(
  object: SourceObject,
): Pick<Identity, 'etag' | 'versionId' | 'lastModified' | 'objectSize'> {
  const { etag, versionId = null, lastModified, size } = object;
  return { etag, versionId, lastModified, objectSize: size };
}

/**
 * Adds the bytes up to `size` to checksums and fingerprint.
 * @throws INTERNAL when the range does not follow the checkpoint
 */
export function covering(checkpoint: Checkpoint, range: RangeDigest, size: number): Checkpoint {
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
