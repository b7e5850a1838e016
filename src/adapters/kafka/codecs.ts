import { gunzipSync } from 'node:zlib';

import { errnoOf } from '../../errno';
import { corrupt } from '../../records/varints';
import { unzstd } from '../native/unzstd';

/** Kafka's codecs: https://kafka.apache.org/documentation/#recordbatch */
const codecs: ReadonlyMap<number, { readonly name: string; readonly decompress: Decompressor }> = new Map([
  [1, { name: 'gzip', decompress: gzip }],
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
