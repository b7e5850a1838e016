import { gunzipSync } from 'node:zlib';

import { errnoOf } from '../../errno';
import { corrupt } from '../../records/varints';
import { unzstd } from '../native/unzstd';

/** Kafka's codecs: https://kafka.apache.org/documentation/#recordbatch */
const codecs: ReadonlyMap<number, { readonly name: string; readonly decompress: Decompressor }> = new Map([
  [1, { name: 'gzip', decompress: gzip }],
  [2, { name: 'snappy', decompress: snappy }],
  [3, { name: 'lz4', decompress: lz4 }],
  [4, { name: 'zstd', decompress: zstd }],
]);

type Decompressor = (bytes: Buffer) => Buffer | Promise<Buffer>;

/** The records of a batch may not need more memory than this. */
export const MAX_RECORDS_BYTES = 64 * 1024 * 1024;

/**
 * Decompresses the records of a batch that another writer compressed.
 * @throws CORRUPT_BATCH when they are damaged, too large, or of an unknown codec
 */
export async function decompressRecords(codec: number, bytes: Buffer): Promise<Buffer> {
  const known = codecs.get(codec);
  if (known === undefined) throw corrupt(`its codec ${codec} is unknown`);
  try {
    return await known.decompress(bytes);
  } catch (error) {
    if (error instanceof TooLarge) {
      throw corrupt(`its ${known.name} holds more than ${MAX_RECORDS_BYTES} bytes, which may be a bomb`);
    }
    throw corrupt(`its ${known.name} cannot be decompressed`);
  }
}

class TooLarge extends Error {}

function refuseBomb(size: number): void {
  if (size > MAX_RECORDS_BYTES) throw new TooLarge();
}

function gzip(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_RECORDS_BYTES });
  } catch (error) {
    if (errnoOf(error) === 'ERR_BUFFER_TOO_LARGE') throw new TooLarge();
    throw error;
  }
}

async function zstd(bytes: Buffer): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of unzstd(once(bytes), { maxRatio: Infinity })) {
    size += piece.length;
    refuseBomb(size);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, size);
}

// eslint-disable-next-line @typescript-eslint/require-await -- the decoder takes a stream
async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** What Java writers put before blocks of snappy: magic, and two versions. */
const XERIAL_MAGIC = Buffer.from('82534e4150505900', 'hex');
const XERIAL_HEADER_BYTES = 16;

/** One block, or blocks in the frame of snappy-java, each after its length. */
async function snappy(bytes: Buffer): Promise<Buffer> {
  const { uncompressSync } = await import('snappy');
  const blocks = bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC) ? xerialBlocks(bytes) : [bytes];
  refuseBomb(blocks.reduce((size, block) => size + snappySize(block), 0));
  return Buffer.concat(blocks.map((block) => Buffer.from(uncompressSync(block, { asBuffer: true }))));
}

function xerialBlocks(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length;) {
    const end = at + 4 + bytes.readInt32BE(at);
    if (end > bytes.length || end <= at + 4) throw new RangeError('a block is cut off');
    blocks.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return blocks;
}

/** The size that a block says its content has: a number in groups of seven bits, lowest first. */
function snappySize(block: Buffer): number {
  let size = 0;
  for (let i = 0; i < 5; i++) {
    const byte = block.readUInt8(i);
    size += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return size;
  }
  throw new RangeError('its size is too long');
}

async function lz4(bytes: Buffer): Promise<Buffer> {
  refuseBomb(lz4Bound(bytes));
  const { decompressFrameSync } = await import('lz4-napi');
  return decompressFrameSync(bytes);
}

/** A byte of LZ4 stands for at most this many of content. */
const LZ4_MAX_RATIO = 255;

/**
 * An upper bound of the content of a frame, from the sizes of its blocks:
 * https://github.com/lz4/lz4/blob/v1.10.0/doc/lz4_Frame_format.md
 */
function lz4Bound(bytes: Buffer): number {
  const flags = bytes.readUInt8(4);
  const maxBlock = 256 << (2 * ((bytes.readUInt8(5) >> 4) & 7));
  const checksumBytes = (flags & 0x10) === 0 ? 0 : 4;
  let at = 7 + ((flags & 0x08) === 0 ? 0 : 8) + ((flags & 0x01) === 0 ? 0 : 4);
  let bound = 0;
  while (at + 4 <= bytes.length) {
    const word = bytes.readUInt32LE(at);
    if (word === 0) break;
    const size = word & 0x7fffffff;
    if (size > bytes.length - at - 4) throw new RangeError('a block is cut off');
    bound += word === size ? Math.min(maxBlock, size * LZ4_MAX_RATIO) : size;
    at += 4 + size + checksumBytes;
  }
  return bound;
}
