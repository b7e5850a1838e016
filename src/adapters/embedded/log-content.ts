import type { FileHandle } from 'node:fs/promises';
import { isCompression, peek, sniff, SNIFF_BYTES, unreadError } from '../../lines/encoding';
import { decompress } from '../native/decompress';
import type { DecompressionLimits } from '../native/limits';

const PIECE_BYTES = 1 << 20;

/** The bytes [from, to) of an open file; fewer when it became shorter. */
export async function* bytesOf(handle: FileHandle, from: number, to: number): AsyncGenerator<Buffer> {
  for (let position = from; position < to;) {
    const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, to - position));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/**
 * The bytes [from, to) of what an open, compressed file holds. It is decompressed from its beginning.
 * @throws OBJECT_ENCODING when it is compressed in another way than gzip and zstd; as `decompress`
 */
export async function* unpackedBytesOf(
  handle: FileHandle,
  { from, to }: { readonly from: number; readonly to: number },
  limits: DecompressionLimits,
): AsyncGenerator<Buffer> {
  const { head, chunks } = await peek(bytesOf(handle, 0, Infinity), SNIFF_BYTES);
  const encoding = sniff(head);
  let position = 0;
  try {
    if (encoding !== 'plain' && !isCompression(encoding)) throw unreadError('The file', encoding);
    for await (const piece of encoding === 'plain' ? chunks : decompress(chunks, encoding, limits)) {
      const wanted = piece.subarray(Math.max(0, from - position), Math.max(0, to - position));
      position += piece.length;
      if (wanted.length > 0) yield wanted;
      if (position >= to) return;
    }
  } finally {
    await chunks.return();
  }
}

/** True for a file whose name says that its content can be read. */
export function canUnpack(path: string): boolean {
  return /\.(?:gz|zst)$/.test(path);
}
