import { nextGeneration as nextReading } from '../lines/line-parser';
import { initialReadingState, withoutEarlier } from '../lines/reading-state';
import type { Checkpoint, ContentEncoding, Identity, LedgerSums, Position } from './checkpoint';
import { EMPTY_CRC, EMPTY_FINGERPRINT } from './content';
import { formatCrc } from './crc-combine';
import { UNVERSIONED, type SourceObject } from './plan';
import { objectIdentity, type ScannedStep } from './progress';

/** The checkpoints at which a generation begins, and the possible gaps between generations. */

export const noSums: LedgerSums = { published: 0, dropped: 0, skipped: 0 };

const noBytes = { offset: 0, size: 0, held: '', heldSince: null, sums: noSums } satisfies Partial<Position>;

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
