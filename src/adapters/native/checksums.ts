import { crc32 as nativeCrc32, crc32c as nativeCrc32c } from '@node-rs/crc32';
import { createCRC64 } from 'hash-wasm';

/** The polynomial of CRC64NVME (NVM Express NVM Command Set Specification 1.0d, 5.2.1.3.4), reflected. */
const CRC64_NVME = '9a6c9329ac4bc9b5';

/** A CRC64NVME over bytes that arrive in pieces. */
export interface Crc64NvmeStream {
  update(bytes: Buffer): void;
  /** The checksum of all bytes; the stream accepts no more. */
  digest(): bigint;
}

/** CRC32 (ISO-HDLC, as in zip and gzip), which the AWS SDK for JavaScript sends: an unsigned 32-bit number. */
export function crc32(bytes: Buffer): number {
  return nativeCrc32(bytes);
}

/** CRC32C (Castagnoli), as Kafka's record batches carry it: an unsigned 32-bit number. */
export function crc32c(bytes: Buffer): number {
  return nativeCrc32c(bytes);
}

/**
 * Loads CRC64NVME for whole buffers. All calls share one WebAssembly instance: each call is synchronous, so calls never
 * mix.
 */
export async function loadCrc64Nvme(): Promise<(bytes: Buffer) => bigint> {
  const hasher = await createCRC64(CRC64_NVME);
  return (bytes) => {
    hasher.init();
    hasher.update(bytes);
    return BigInt(`0x${hasher.digest('hex')}`);
  };
}

/** A CRC64NVME over a stream, with a separate instance. */
export async function openCrc64NvmeStream(): Promise<Crc64NvmeStream> {
  const hasher = await createCRC64(CRC64_NVME);
  hasher.init();
  return {
    update: (bytes) => {
      hasher.update(bytes);
    },
    digest: () => BigInt(`0x${hasher.digest('hex')}`),
  };
}
