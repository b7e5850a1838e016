import type { CrcAlgorithm } from './crc-combine';

/** Fingerprints cover, and held tails hold, at most this many bytes. */
export const WINDOW_BYTES = 64 * 1024;

/** Any of the CRCs of no bytes. */
export const EMPTY_CRC = 0n;

/** SHA-256 of no bytes, base64. */
export const EMPTY_FINGERPRINT = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

/** The hash functions. Callers pass them in, because this folder is pure. */
export interface Hashing {
  crc(algorithm: CrcAlgorithm, bytes: Buffer): bigint;
  /** SHA-256, base64. */
  sha256(bytes: Buffer): string;
}

/** The checksums of bytes [from, to) of a generation. */
export interface RangeDigest {
  readonly from: number;
  readonly to: number;
  /** CRC64NVME of exactly these bytes. */
  readonly crc64: bigint;
  /** Their CRC by the second algorithm that the checkpoint keeps; null when it keeps none. */
  readonly crc32: bigint | null;
  /** SHA-256 (base64) of the up to 64 KiB before `to`. */
  readonly fingerprint: string;
}

/** The last up to 64 KiB of bytes that come in pieces: a fingerprint covers these. Keeps a copy, so it pins no piece. */
export class LastBytes {
  private bytes = Buffer.alloc(0);

  push(piece: Buffer): void {
    if (piece.length === 0) return;
    const kept = piece.length >= WINDOW_BYTES ? piece : Buffer.concat([this.bytes, piece]);
    this.bytes = Buffer.from(kept.subarray(-WINDOW_BYTES));
  }

  /** The bytes; the next piece does not change them. */
  get kept(): Buffer {
    return this.bytes;
  }

  fingerprint(hashing: Hashing): string {
    return hashing.sha256(this.bytes);
  }
}
