import { ByteSum } from './byte-sum';
import type { Checkpoint, Identity } from './checkpoint';
import type { Hashing } from './content';
import { LastBytes } from './content';
import { combineCrc, formatCrc, parseCrc, type CrcAlgorithm } from './crc-combine';
import type { SourceObject } from './plan';
import { resumptionOf } from './plan';

/**
 * Decides whether an object begins with the bytes that were read before. Only `disproved` starts a new generation. A
 * `fingerprintMatch` is weaker than a proof: it shows only that the last bytes before, up to 64 KiB, are the same.
 */
export interface Verification {
  readonly outcome: 'proven' | 'fingerprintMatch' | 'disproved';
  /** What decided: the store's checksum of the whole, the bytes before, or all bytes that were read before. */
  readonly by: 'checksum' | 'fingerprint' | 'content';
}

/** The bytes that a proof needs, digested. */
export interface Evidence {
  /** CRC of [checkpoint.size, object.size) by the algorithm of the object's checksum, and its length. */
  readonly suffix: { readonly crc: bigint; readonly length: number };
  /** SHA-256 (base64) of the up to 64 KiB before `checkpoint.size`. */
  readonly fingerprint: string;
}

/**
 * The store's checksum of the whole object must be the CRC of the bytes read before, combined with that of the suffix.
 * Without a usable checksum, the 64 KiB before decide.
 */
export function verify(checkpoint: Checkpoint, object: SourceObject, evidence: Evidence): Verification {
  if (checkpoint.position.size === 0) return { outcome: 'proven', by: 'checksum' };
  const outcome = verifyByChecksum(checkpoint, object, evidence.suffix);
  if (outcome !== 'unknown') return { outcome, by: 'checksum' };
  const isSame = evidence.fingerprint === checkpoint.identity.fingerprint;
  return { outcome: isSame ? 'fingerprintMatch' : 'disproved', by: 'fingerprint' };
}

/**
 * By the linearity of CRCs alone. Unknown when the store keeps no checksum, when the checkpoint keeps none of that algorithm,
 * or when the object was not as long as announced.
 */
function verifyByChecksum(
  checkpoint: Checkpoint,
  { checksum, size }: SourceObject,
  suffix: Evidence['suffix'],
): 'proven' | 'disproved' | 'unknown' {
  if (checksum === undefined || checkpoint.position.size + suffix.length !== size) return 'unknown';
  const prefix = crcOf(checkpoint, checksum.algorithm);
  if (prefix === null) return 'unknown';
  const whole = combineCrc(checksum.algorithm, parseCrc(prefix), suffix.crc, suffix.length);
  return formatCrc(checksum.algorithm, whole) === checksum.value ? 'proven' : 'disproved';
}

/** The checkpoint's CRC of [0, size) by an algorithm. */
function crcOf({ identity: { crc64, crc32 } }: Checkpoint, algorithm: CrcAlgorithm): string | null {
  if (algorithm === 'CRC64NVME') return crc64;
  return crc32?.algorithm === algorithm ? crc32.value : null;
}

/** Gathers the evidence from a ranged read that starts at `resumptionOf(checkpoint).from`. */
export interface Proof {
  /** The next bytes of the object. Kept until about 1 MiB have come, never changed. */
  push(chunk: Buffer): void;
  /** True when all bytes that the fingerprint needs were pushed. */
  readonly knowsFingerprint: boolean;
  /** After the end of the object; earlier, the fingerprint decides. */
  verify(): Verification;
}

/** Holds about 1 MiB, however long the suffix is. */
export function createProof(checkpoint: Checkpoint, object: SourceObject, hashing: Hashing): Proof {
  const before = new LastBytes();
  const suffix = ByteSum.ofOne(object.checksum?.algorithm ?? 'CRC64NVME', hashing);
  let position = resumptionOf(checkpoint).from;

  return {
    push(chunk) {
      const known = Math.max(0, checkpoint.position.size - position);
      before.push(chunk.subarray(0, known));
      suffix.push(chunk.subarray(known));
      position += chunk.length;
    },
    get knowsFingerprint() {
      return position >= checkpoint.position.size;
    },
    verify: () =>
      verify(checkpoint, object, {
        suffix: { crc: suffix.digest(), length: suffix.length },
        fingerprint: before.fingerprint(hashing),
      }),
  };
}

/** Proves by rereading: the checkpoint's CRC64NVME covers every byte read before. */
export interface Reproof {
  /** The next bytes of the content, from its first on; those after the bytes read before are skipped. */
  push(chunk: Buffer): void;
  /** True when all bytes read before were pushed. */
  readonly isComplete: boolean;
  /** The outcome, and the CRC of the bytes read before by the algorithm of the object's checksum, if that is not CRC64NVME. */
  verify(): { readonly outcome: 'proven' | 'disproved'; readonly crc32: Identity['crc32'] };
}

/**
 * Holds about 1 MiB.
 * @param checkpoint its `crc64` must be known
 */
export function createReproof(checkpoint: Checkpoint, object: SourceObject, hashing: Hashing): Reproof {
  const crc64 = ByteSum.ofOne('CRC64NVME', hashing);
  const algorithm = object.checksum?.algorithm ?? 'CRC64NVME';
  const crc32 = algorithm === 'CRC64NVME' ? null : { algorithm, running: ByteSum.ofOne(algorithm, hashing) };
  let position = 0;

  return {
    push(chunk) {
      const known = chunk.subarray(0, Math.max(0, checkpoint.position.size - position));
      crc64.push(known);
      crc32?.running.push(known);
      position += chunk.length;
    },
    get isComplete() {
      return position >= checkpoint.position.size;
    },
    verify() {
      const { position: read, identity } = checkpoint;
      const same = crc64.length === read.size && formatCrc('CRC64NVME', crc64.digest()) === identity.crc64;
      const second =
        crc32 === null
          ? checkpoint.identity.crc32
          : { algorithm: crc32.algorithm, value: formatCrc(crc32.algorithm, crc32.running.digest()) };
      return { outcome: same ? 'proven' : 'disproved', crc32: second };
    },
  };
}
