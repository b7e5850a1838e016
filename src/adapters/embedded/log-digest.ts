import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { openCrc64NvmeStream } from '../native/checksums';
import type { OpenLog } from './found-files';

/** The content of a log up to a size. It is extended as the log grows, so that no byte is read twice for it. */
export const logDigest = z.object({
  size: z.number(),
  /** CRC-64/NVME, 16 hexadecimal digits. */
  crc: z.string(),
  mtimeNs: z.string(),
  /** Hash of the last 64 KiB before `size`: they are compared before new bytes are added. */
  window: z.string(),
});
export type LogDigest = z.infer<typeof logDigest>;

const WINDOW_BYTES = 64 * 1024;
const PIECE_BYTES = 1 << 20;

/**
 * @param combine the CRC of two parts, from the CRC of the first, the CRC of the second, and its length
 * @returns `replaced` when the file does not continue the content before
 */
export async function digestLog(
  { handle, file }: OpenLog,
  before: LogDigest | null,
  combine: (first: string, second: bigint, length: number) => string,
): Promise<LogDigest | 'replaced'> {
  const { size } = file;
  const mtimeNs = String(file.mtimeNs);
  if (before === null) {
    const { crc, end } = await crcOf(handle, 0, size);
    return { size: end, crc: hex(crc), mtimeNs, window: await windowOf(handle, end) };
  }
  if (size < before.size || (await windowOf(handle, before.size)) !== before.window) return 'replaced';
  if (size === before.size) {
    // The same end: a rewrite of earlier bytes shows in the time of the last write.
    if (mtimeNs === before.mtimeNs) return before;
    const { crc } = await crcOf(handle, 0, size);
    return hex(crc) === before.crc ? { ...before, mtimeNs } : 'replaced';
  }
  const { crc, end } = await crcOf(handle, before.size, size);
  return { size: end, crc: combine(before.crc, crc, end - before.size), mtimeNs, window: await windowOf(handle, end) };
}

async function crcOf(handle: FileHandle, from: number, to: number): Promise<{ crc: bigint; end: number }> {
  const stream = await openCrc64NvmeStream();
  const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(PIECE_BYTES, to - from)));
  let end = from;
  while (end < to) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, to - end), end);
    if (bytesRead === 0) break;
    stream.update(buffer.subarray(0, bytesRead));
    end += bytesRead;
  }
  return { crc: stream.digest(), end };
}

async function windowOf(handle: FileHandle, size: number): Promise<string> {
  const buffer = Buffer.alloc(Math.min(WINDOW_BYTES, size));
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, size - buffer.length);
  return createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('base64');
}

function hex(crc: bigint): string {
  return crc.toString(16).padStart(16, '0');
}
