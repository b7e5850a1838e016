import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { LastBytes } from '../../ingestion/content';
import { combineCrc, formatCrc, parseCrc } from '../../ingestion/crc-combine';
import { openCrc64NvmeStream } from '../native/checksums';
import type { DecompressionLimits } from '../native/limits';
import type { OpenLog } from './found-files';
import { bytesOf, unpackedBytesOf } from './log-content';

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

/** @returns `replaced` when the file does not continue the content before */
export async function digestLog({ handle, file }: OpenLog, before: LogDigest | null): Promise<LogDigest | 'replaced'> {
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
  const whole = combineCrc('CRC64NVME', parseCrc(before.crc), crc, end - before.size);
  return { size: end, crc: formatCrc('CRC64NVME', whole), mtimeNs, window: await windowOf(handle, end) };
}

/**
 * The content of a compressed file.
 * @param before the content that it must begin with
 * @returns `replaced` when it begins with other bytes
 * @throws as `unpackedBytesOf`
 */
export async function digestUnpacked(
  { handle, file }: OpenLog,
  before: LogDigest | null,
  limits: DecompressionLimits,
): Promise<LogDigest | 'replaced'> {
  const mtimeNs = String(file.mtimeNs);
  // A compressed file is never written again.
  if (before?.mtimeNs === mtimeNs) return before;
  const prefix = before?.size ?? 0;
  const [whole, start, last] = [await openCrc64NvmeStream(), await openCrc64NvmeStream(), new LastBytes()];
  let size = 0;
  for await (const piece of unpackedBytesOf(handle, { from: 0, to: Infinity }, limits)) {
    if (size < prefix) start.update(piece.subarray(0, prefix - size));
    const isPassed = size < prefix && size + piece.length >= prefix;
    whole.update(piece);
    last.push(piece);
    size += piece.length;
    if (isPassed && hex(start.digest()) !== before?.crc) return 'replaced';
  }
  if (size < prefix) return 'replaced';
  return { size, crc: hex(whole.digest()), mtimeNs, window: windowHash(last.kept) };
}

async function crcOf(handle: FileHandle, from: number, to: number): Promise<{ crc: bigint; end: number }> {
  const stream = await openCrc64NvmeStream();
  let end = from;
  for await (const piece of bytesOf(handle, from, to)) {
    stream.update(piece);
    end += piece.length;
  }
  return { crc: stream.digest(), end };
}

async function windowOf(handle: FileHandle, size: number): Promise<string> {
  const buffer = Buffer.alloc(Math.min(WINDOW_BYTES, size));
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, size - buffer.length);
  return windowHash(buffer.subarray(0, bytesRead));
}

function windowHash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64');
}

function hex(crc: bigint): string {
  return crc.toString(16).padStart(16, '0');
}
