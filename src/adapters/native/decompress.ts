import { TelltaleError } from '../../errors';
import { isCompression, sniff, SNIFF_BYTES, unreadError, type Compression } from '../../lines/encoding';
import { gunzip } from './gunzip';
import { RATIO_HOLDS_FROM, type DecompressionLimits } from './limits';
import { unzstd } from './unzstd';

/** How many layers of compression an object may have. Two happen by mistake; more hardly ever. */
const MAX_LAYERS = 3;

const nothing = Buffer.alloc(0);
const decompressors = { gzip: gunzip, zstd: unzstd } as const;

/**
 * Yields the content of a compressed object, piece by piece, also when it was compressed several times: each layer is
 * recognized by its first bytes. Some pieces are empty, so that a waiting consumer sees progress. Always closes the
 * source at the end.
 *
 * @param outermost compression of the chunks
 * @throws OBJECT_ENCODING when the content is of an encoding that is not read, or was compressed too often; as `gunzip`
 *   and `unzstd`; errors of the source, unchanged
 */
export async function* decompress(
  chunks: AsyncIterable<Buffer>,
  outermost: Compression,
  limits: DecompressionLimits,
): AsyncGenerator<Buffer, void, undefined> {
  let stored = 0;
  let content = 0;
  const layer = decompressors[outermost](
    seen(chunks, (chunk) => (stored += chunk.length)),
    limits,
  );
  for await (const piece of contentOf(layer, 1, limits)) {
    content += piece.length;
    // Each layer stays below the ratio by itself. This check covers all of them together.
    if (content > RATIO_HOLDS_FROM && content > limits.maxRatio * stored) {
      throw new TelltaleError(
        outermost === 'gzip' ? 'OBJECT_GZIP_RATIO' : 'OBJECT_ZSTD_RATIO',
        `the ${outermost} holds more than ${limits.maxRatio} times its size, compressed several times: it may be a bomb; if not, raise ingest.maxGzipRatio`,
      );
    }
    yield piece;
  }
}

/** @param layers that were removed before */
async function* contentOf(
  chunks: AsyncIterable<Buffer>,
  layers: number,
  limits: DecompressionLimits,
): AsyncGenerator<Buffer, void, undefined> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    const taken: Buffer[] = [];
    let length = 0;
    while (length < SNIFF_BYTES) {
      const next = await iterator.next();
      if (next.done === true) break;
      if (next.value.length > 0) taken.push(next.value);
      length += next.value.length;
      if (length < SNIFF_BYTES) yield nothing;
    }
    const encoding = sniff(Buffer.concat(taken, Math.min(length, SNIFF_BYTES)));
    if (encoding !== 'plain' && !isCompression(encoding)) throw unreadError('The compressed content', encoding);
    if (encoding !== 'plain' && layers === MAX_LAYERS) throw unreadError('The content', 'nested');
    const all = joined(taken, iterator);
    if (encoding === 'plain') yield* all;
    else yield* contentOf(decompressors[encoding](all, limits), layers + 1, limits);
  } finally {
    await iterator.return?.();
  }
}

async function* joined(taken: Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  yield* taken;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

async function* seen(
  chunks: AsyncIterable<Buffer>,
  see: (chunk: Buffer) => void,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of chunks) {
    see(chunk);
    yield chunk;
  }
}
