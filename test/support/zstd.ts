/** Writes zstd frames (RFC 8878) whose blocks are not compressed: Node 20 has no zstd. */

export interface ZstdOptions {
  /** Writes the checksum of the content at the frame's end. */
  readonly checksum?: boolean;
  /** Size of the window; null writes the size of the content in its place (a single segment). */
  readonly windowLog?: number | null;
}

const MAX_BLOCK_BYTES = 128 * 1024;

export function zstdFrame(content: Buffer | string, options: ZstdOptions = {}): Buffer {
  const bytes = Buffer.from(content);
  const { checksum = true, windowLog = 20 } = options;
  const isSingleSegment = windowLog === null;
  const descriptor = Buffer.from([(isSingleSegment ? 0xa0 : 0) | (checksum ? 4 : 0)]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length);
  const window = isSingleSegment ? size : Buffer.from([(windowLog - 10) << 3]);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += MAX_BLOCK_BYTES) {
    const block = bytes.subarray(at, at + MAX_BLOCK_BYTES);
    pieces.push(blockHeader(block.length, 0, at + MAX_BLOCK_BYTES >= bytes.length), block);
  }
  const sum = Buffer.alloc(checksum ? 4 : 0);
  if (checksum) sum.writeUInt32LE(Number(xxh64(bytes) & 0xffffffffn));
  return Buffer.concat([MAGIC, descriptor, window, ...pieces, sum]);
}

/** A frame of one byte, `mebibytes` times 2^20: about 40 bytes for each of them. */
export function zstdBomb(mebibytes: number): Buffer {
  const blocks = Array.from({ length: mebibytes * 8 }, (_, i) =>
    Buffer.concat([blockHeader(MAX_BLOCK_BYTES, 1, i === mebibytes * 8 - 1), Buffer.from('a')]),
  );
  return Buffer.concat([MAGIC, Buffer.from([0, (20 - 10) << 3]), ...blocks]);
}

/** A frame that decoders skip. */
export function skippableFrame(bytes: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a53, 0);
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

const MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** @param type 0: the bytes follow; 1: one byte follows, which is repeated */
function blockHeader(size: number, type: 0 | 1, isLast: boolean): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (type << 1) | (isLast ? 1 : 0), 0, 3);
  return header;
}

const MASK = (1n << 64n) - 1n;
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;

const rotated = (value: bigint, bits: bigint): bigint => ((value << bits) | (value >> (64n - bits))) & MASK;
const round = (sum: bigint, input: bigint): bigint => (rotated((sum + input * P2) & MASK, 31n) * P1) & MASK;

/** XXH64 with seed 0: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md */
function xxh64(bytes: Buffer): bigint {
  let at = 0;
  let hash = P5;
  if (bytes.length >= 32) {
    const lanes = [(P1 + P2) & MASK, P2, 0n, (MASK + 1n - P1) & MASK];
    for (; at + 32 <= bytes.length; at += 32) {
      for (const [i, lane] of lanes.entries()) lanes[i] = round(lane, bytes.readBigUInt64LE(at + 8 * i));
    }
    const [a = 0n, b = 0n, c = 0n, d = 0n] = lanes;
    hash = (rotated(a, 1n) + rotated(b, 7n) + rotated(c, 12n) + rotated(d, 18n)) & MASK;
    for (const lane of lanes) hash = (((hash ^ round(0n, lane)) & MASK) * P1 + P4) & MASK;
  }
  hash = (hash + BigInt(bytes.length)) & MASK;
  for (; at + 8 <= bytes.length; at += 8) {
    hash = (rotated(hash ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * P1 + P4) & MASK;
  }
  if (at + 4 <= bytes.length) {
    hash = (rotated(hash ^ ((BigInt(bytes.readUInt32LE(at)) * P1) & MASK), 23n) * P2 + P3) & MASK;
    at += 4;
  }
  for (; at < bytes.length; at++) hash = (rotated(hash ^ ((BigInt(bytes.readUInt8(at)) * P5) & MASK), 11n) * P1) & MASK;
  hash = ((hash ^ (hash >> 33n)) * P2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * P3) & MASK;
  return hash ^ (hash >> 32n);
}
