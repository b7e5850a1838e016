import type { Crc64 } from '../byte-sum';
import type { Checkpoint, Identity, Position } from '../checkpoint';
import { endedRecognition, isAllUnderstood, type Recognition } from '../../lines/recognition';

/** A checkpoint's claims, without fields that only reading needs: small, so that a hundred thousand fit in memory. */
export interface Claim
  extends
    Pick<Checkpoint, 'source' | 'origin' | 'topic' | 'quarantine' | 'ended'>,
    Pick<Position, 'generation' | 'offset' | 'size' | 'sums' | 'possibleGap'>,
    Pick<Identity, 'encoding' | 'etag' | 'versionId' | 'objectSize' | 'whole' | 'crc64' | 'crc32'> {
  /** Length and CRC64NVME of the unterminated last line's part that the checkpoint holds. */
  readonly held: { readonly length: number; readonly crc64: bigint };
  /** For its generation; null when all of its lines were understood, and none is doubtful. */
  readonly recognition: Recognition | null;
}

export function claimOf(
  { source, origin, topic, position, identity, format, quarantine, ended }: Checkpoint,
  crc64: Crc64,
): Claim {
  const { generation, offset, size, sums, possibleGap } = position;
  const { encoding, etag, versionId, objectSize, whole, crc32 } = identity;
  const held = Buffer.from(position.held, 'base64');
  const recognition = endedRecognition(format.recognition);
  return {
    ...{ source, origin, topic, quarantine, ended },
    ...{ generation, offset, size, sums, possibleGap },
    ...{ encoding, etag, versionId, objectSize, whole, crc64: identity.crc64, crc32 },
    held: { length: held.length, crc64: crc64(held) },
    recognition: isAllUnderstood(recognition) ? null : recognition,
  };
}
