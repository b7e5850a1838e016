import { createHash } from 'node:crypto';
import type { Hashing } from '../../ingestion/content';
import { crc32, crc32c, loadCrc64Nvme } from './checksums';

/** The checksums and digests that identify content. */
export async function loadHashing(): Promise<Hashing> {
  const crc64 = await loadCrc64Nvme();
  return {
    crc: (algorithm, bytes) => {
      switch (algorithm) {
        case 'CRC64NVME':
          return crc64(bytes);
        case 'CRC32C':
          return BigInt(crc32c(bytes));
        case 'CRC32':
          return BigInt(crc32(bytes));
      }
    },
    sha256: (bytes) => createHash('sha256').update(bytes).digest('base64'),
  };
}
