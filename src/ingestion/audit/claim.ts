import type { Crc64 } from '../byte-sum';
import type { Checkpoint } from '../checkpoint';

/** What a checkpoint says, without what only reading on needs: small, so that a hundred thousand fit in memory. */
export interface Claim
  extends
    Pick<Checkpoint, 'source' | 'origin' | 'generation' | 'offset' | 'size' | 'encoding' | 'etag' | 'versionId'>,
    Pick<Checkpoint, 'objectSize' | 'whole' | 'crc64' | 'crc32' | 'sums' | 'possibleGap' | 'quarantine' | 'ended'> {
  /** Of the unterminated tail, what the checkpoint holds itself: its length, and its CRC64NVME. */
  readonly held: { readonly length: number; readonly crc64: bigint };
}

export function claimOf(checkpoint: Checkpoint, crc64: Crc64): Claim {
  const { source, origin, generation, offset, size, encoding, etag, versionId, objectSize } = checkpoint;
  const { whole, crc32, sums, possibleGap, quarantine, ended } = checkpoint;
  const held = Buffer.from(checkpoint.held, 'base64');
  return {
    source,
    origin,
    generation,
    offset,
    size,
    encoding,
    etag,
    versionId,
    objectSize,
    whole,
    crc64: checkpoint.crc64,
    crc32,
    sums,
    possibleGap,
    quarantine,
    ended,
    held: { length: held.length, crc64: crc64(held) },
  };
}
