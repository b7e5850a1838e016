import { TelltaleError } from '../errors';
import type { Checkpoint } from './checkpoint';
import type { RangeDigest, Hashing } from './content';
import { LastBytes } from './content';
import { resumptionOf } from './plan';

/** Digests the bytes of a ranged read for each step that the scanner makes of them. Holds the bytes since the last step. */
export interface RangeDigester {
  /**
   * The next bytes of the ranged read.
   * @returns the part of them that the scanner has not seen yet
   */
  push(chunk: Buffer): Buffer;
  /**
   * Digests the bytes since the last call, up to `to`: at first [checkpoint.size, to). An empty range, with the fingerprint
   * before it, when `to` is smaller.
   * @throws INTERNAL when bytes up to `to` were not pushed
   */
  measure(to: number): RangeDigest;
  /** The position after all pushed bytes. */
  readonly position: number;
}

/** @param checkpoint the read starts at `resumptionOf(checkpoint).from` */
export function createRangeDigester(checkpoint: Checkpoint, hashing: Hashing): RangeDigester {
  const { from, scanFrom } = resumptionOf(checkpoint);
  const before = new LastBytes();
  let pending: Buffer[] = [];
  let measured = checkpoint.position.size;
  let position = from;

  return {
    get position() {
      return Math.max(position, checkpoint.position.size);
    },

    push(chunk) {
      const known = Math.min(chunk.length, Math.max(0, checkpoint.position.size - position));
      if (known > 0) before.push(chunk.subarray(0, known));
      if (known < chunk.length) pending.push(chunk.subarray(known));
      const seen = Math.min(chunk.length, Math.max(0, scanFrom - position));
      position += chunk.length;
      return chunk.subarray(seen);
    },

    measure(to) {
      const start = measured;
      const end = Math.max(start, to);
      if (end > Math.max(position, checkpoint.position.size)) {
        throw new TelltaleError(
          'INTERNAL',
          `Cannot digest the bytes of ${checkpoint.source} up to ${to}: the read ended at ${position}.`,
        );
      }
      const bytes = Buffer.concat(pending);
      const step = bytes.subarray(0, end - start);
      before.push(step);
      pending = step.length < bytes.length ? [bytes.subarray(step.length)] : [];
      measured = end;
      const second = checkpoint.identity.crc32 === null ? null : hashing.crc(checkpoint.identity.crc32.algorithm, step);
      const crc64 = hashing.crc('CRC64NVME', step);
      return { from: start, to: end, crc64, crc32: second, fingerprint: before.fingerprint(hashing) };
    },
  };
}
