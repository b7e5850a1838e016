import type { Checkpoint } from './checkpoint';
import type { Hashing } from './content';
import { formatCrc64, LastBytes, parseCrc64, RunningCrc64 } from './content';
import { combineCrc64 } from './crc-combine';
import type { SourceObject } from './plan';
import { resumptionOf } from './plan';

/**
 * Does an object begin with the bytes that were read before? `proven` and `fingerprint` say yes, and how it is known;
 * only `disproved` starts a new generation.
 */
export interface Judgement {
  readonly outcome: 'proven' | 'fingerprint' | 'disproved';
  /** For the log. */
  readonly reason: string;
}

/** What a proof needs to have read of an object. */
export interface Evidence {
  /** CRC64NVME of [checkpoint.size, object.size), and its length. */
  readonly suffix: { readonly crc64: bigint; readonly length: number };
  /** SHA-256 (base64) of the up to 64 KiB before `checkpoint.size`. */
  readonly fingerprint: string;
}

/**
 * The checksum that the store keeps of the whole object must be that of what was read, combined with that of the suffix.
 * Where that says nothing, the 64 KiB before decide.
 */
export function judge(checkpoint: Checkpoint, object: SourceObject, evidence: Evidence): Judgement {
  if (checkpoint.size === 0) return { outcome: 'proven', reason: 'nothing was read before' };
  switch (judgeByChecksum(checkpoint, object, evidence.suffix)) {
    case 'proven':
      return { outcome: 'proven', reason: 'its checksum is that of what was read and what follows' };
    case 'disproved':
      return { outcome: 'disproved', reason: 'its checksum is not that of what was read and what follows' };
    case 'unknown':
      // A prefix that is short enough to be read again against our own CRC would be proven here.
      return evidence.fingerprint === checkpoint.fingerprint
        ? { outcome: 'fingerprint', reason: 'no checksum to prove it by; the bytes before are the same' }
        : { outcome: 'disproved', reason: 'the bytes before are not those that were read' };
  }
}

/**
 * By the linearity of CRCs alone. Unknown when the store keeps no checksum, another one than CRC64NVME (the only one kept
 * of what was read), or when the object turned out not to be as long as it was said to be.
 */
function judgeByChecksum(
  checkpoint: Checkpoint,
  object: SourceObject,
  suffix: Evidence['suffix'],
): 'proven' | 'disproved' | 'unknown' {
  if (object.checksum?.algorithm !== 'CRC64NVME' || checkpoint.size + suffix.length !== object.size) return 'unknown';
  const whole = combineCrc64(parseCrc64(checkpoint.crc64), suffix.crc64, suffix.length);
  return formatCrc64(whole) === object.checksum.value ? 'proven' : 'disproved';
}

/** Gathers the evidence from a ranged read that starts at `resumptionOf(checkpoint).from`. */
export interface Proof {
  /** The next bytes of the object. Kept until about 1 MiB have come, never changed. */
  push(chunk: Buffer): void;
  /** To be asked when the object was read to its end. */
  judge(object: SourceObject): Judgement;
}

/** Holds about 1 MiB, however long the suffix is. */
export function createProof(checkpoint: Checkpoint, hashing: Hashing): Proof {
  const before = new LastBytes();
  const suffix = new RunningCrc64(hashing);
  let position = resumptionOf(checkpoint).from;

  return {
    push(chunk) {
      const known = Math.min(chunk.length, Math.max(0, checkpoint.size - position));
      if (known > 0) before.push(chunk.subarray(0, known));
      if (known < chunk.length) suffix.push(chunk.subarray(known));
      position += chunk.length;
    },
    judge: (object) => judge(checkpoint, object, { suffix: suffix.digest(), fingerprint: before.fingerprint(hashing) }),
  };
}
