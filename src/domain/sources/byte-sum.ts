import { EMPTY_CRC } from './content';
import { combineCrc } from './crc-combine';

/** CRC64NVME of whole bytes: hashing is handed in. */
export type Crc64 = (bytes: Buffer) => bigint;

/** Combining costs as much as summing 100 KiB or so. */
const SUM_AT_BYTES = 64 * 1024;

/** The CRC64NVME of bytes that come in pieces, for many sources at once: one that is idle holds no bytes. */
export class ByteSum {
  private pieces: Buffer[] = [];
  private pending = 0;
  private crc64 = EMPTY_CRC;
  private total = 0;

  /** Bytes that are held. */
  get held(): number {
    return this.pending;
  }

  get length(): number {
    return this.total + this.pending;
  }

  /** @param piece kept until 64 KiB have come, or until it is summed */
  push(piece: Buffer, crc64: Crc64): void {
    if (piece.length === 0) return;
    this.pieces.push(piece);
    this.pending += piece.length;
    if (this.pending >= SUM_AT_BYTES) this.sum(crc64);
  }

  /** Holds nothing from now on. */
  sum(crc64: Crc64): void {
    if (this.pending === 0) return;
    const [first, ...others] = this.pieces;
    const next = crc64(first !== undefined && others.length === 0 ? first : Buffer.concat(this.pieces));
    this.crc64 = this.total === 0 ? next : combineCrc('CRC64NVME', this.crc64, next, this.pending);
    this.total += this.pending;
    this.pieces = [];
    this.pending = 0;
  }

  /** The checksum of everything so far. */
  digest(crc64: Crc64): bigint {
    this.sum(crc64);
    return this.crc64;
  }
}
