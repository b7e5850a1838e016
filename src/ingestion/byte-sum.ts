import { EMPTY_CRC, type Hashing } from './content';
import { combineCrc, type CrcAlgorithm } from './crc-combine';

/** CRC64NVME of whole bytes. */
export type Crc64 = (bytes: Buffer) => bigint;

const KIB = 1024;

/**
 * The CRC of bytes that come in pieces. Combining costs as much as summing about 100 KiB, so pieces are held until they
 * reach that size.
 */
export class ByteSum {
  private pieces: Buffer[] = [];
  private pending = 0;
  private crc = EMPTY_CRC;
  private total = 0;

  /** For one object: holds up to 1 MiB. */
  static ofOne(algorithm: CrcAlgorithm, hashing: Hashing): ByteSum {
    return new ByteSum(algorithm, (bytes) => hashing.crc(algorithm, bytes), 1024 * KIB);
  }

  /** CRC64NVME, for many sources at once: each holds up to 64 KiB, and nothing after `sum`. */
  static ofMany(crc64: Crc64): ByteSum {
    return new ByteSum('CRC64NVME', crc64, 64 * KIB);
  }

  private constructor(
    private readonly algorithm: CrcAlgorithm,
    private readonly crcOf: (bytes: Buffer) => bigint,
    private readonly sumAtBytes: number,
  ) {}

  /** Bytes that are held. */
  get held(): number {
    return this.pending;
  }

  get length(): number {
    return this.total + this.pending;
  }

  /** @param piece kept until enough have come, or until it is summed */
  push(piece: Buffer): void {
    if (piece.length === 0) return;
    this.pieces.push(piece);
    this.pending += piece.length;
    if (this.pending >= this.sumAtBytes) this.sum();
  }

  /** Holds nothing from now on. */
  sum(): void {
    if (this.pending === 0) return;
    const [first, ...others] = this.pieces;
    const next = this.crcOf(first !== undefined && others.length === 0 ? first : Buffer.concat(this.pieces));
    this.crc = this.total === 0 ? next : combineCrc(this.algorithm, this.crc, next, this.pending);
    this.total += this.pending;
    this.pieces = [];
    this.pending = 0;
  }

  /** The checksum of everything so far; more may follow. */
  digest(): bigint {
    this.sum();
    return this.crc;
  }
}
