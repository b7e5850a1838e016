import { combineCrc64 } from './crc-combine';

/** Fingerprints cover, and held tails hold, at most this many bytes. */
export const WINDOW_BYTES = 64 * 1024;

/** CRC64NVME of no bytes. */
export const EMPTY_CRC64 = 0n;

/** SHA-256 of no bytes, base64. */
export const EMPTY_FINGERPRINT = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

/** Hashing is handed in: the domain only says of what. */
export interface Hashing {
  /** CRC64NVME. */
  crc64(bytes: Buffer): bigint;
  /** SHA-256, base64. */
  sha256(bytes: Buffer): string;
}

/** What was measured of bytes [from, to) of a generation. */
export interface Extent {
  readonly from: number;
  readonly to: number;
  /** CRC64NVME of exactly these bytes. */
  readonly crc64: bigint;
  /** SHA-256 (base64) of the up to 64 KiB before `to`. */
  readonly fingerprint: string;
}

/** A CRC64NVME as a checkpoint keeps it: 16 hexadecimal digits. */
export function formatCrc64(crc64: bigint): string {
  return crc64.toString(16).padStart(16, '0');
}

export function parseCrc64(text: string): bigint {
  return BigInt(`0x${text}`);
}

/** The last up to 64 KiB of bytes that come in pieces: what a fingerprint covers. Keeps a copy, so it pins no piece. */
export class LastBytes {
  private bytes = Buffer.alloc(0);

  push(piece: Buffer): void {
    const kept = piece.length >= WINDOW_BYTES ? piece : Buffer.concat([this.bytes, piece]);
    this.bytes = Buffer.from(kept.subarray(-WINDOW_BYTES));
  }

  fingerprint(hashing: Hashing): string {
    return hashing.sha256(this.bytes);
  }
}

/** The CRC64NVME of bytes that come in pieces, in bounded memory. */
export class RunningCrc64 {
  /** Combining costs as much as summing 100 KiB or so: it is done once a mebibyte. */
  private static readonly pieceBytes = 1024 * 1024;

  private crc64 = EMPTY_CRC64;
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private total = 0;

  constructor(private readonly hashing: Hashing) {}

  push(piece: Buffer): void {
    this.pending.push(piece);
    this.pendingBytes += piece.length;
    if (this.pendingBytes >= RunningCrc64.pieceBytes) this.sum();
  }

  /** The checksum of everything so far; more may follow. */
  digest(): { crc64: bigint; length: number } {
    this.sum();
    return { crc64: this.crc64, length: this.total };
  }

  private sum(): void {
    this.crc64 = combineCrc64(this.crc64, this.hashing.crc64(Buffer.concat(this.pending)), this.pendingBytes);
    this.total += this.pendingBytes;
    this.pending = [];
    this.pendingBytes = 0;
  }
}
