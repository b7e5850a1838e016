import { createGunzip } from 'node:zlib';
import { TelltaleError } from '../../errors';
import { RATIO_HOLDS_FROM, type DecompressionLimits } from './limits';

/** Size of zlib's output buffer, and so of one piece of content. */
const PIECE_BYTES = 128 * 1024;

/**
 * Yields the content of a gzip (RFC 1952) of one or more members, piece by piece. Inflates at most one piece ahead of
 * the consumer and requests the next chunk after the previous one is used up. A chunk without content yields an empty
 * piece, so that a waiting consumer sees progress. Always closes the source at the end.
 *
 * Zero bytes after the last member are padding, as on tapes; other bytes are corrupt, or truncated when they could
 * begin a member. Checksum and length stand at a member's end: when they are wrong, part of its content was already
 * yielded.
 *
 * @throws OBJECT_GZIP_CORRUPT, OBJECT_GZIP_TRUNCATED, OBJECT_GZIP_RATIO, and errors of the source, unchanged
 */
export async function* gunzip(
  chunks: AsyncIterable<Buffer>,
  limits: DecompressionLimits,
): AsyncGenerator<Buffer, void, undefined> {
  const inflater = new Inflater(limits);
  let padded = false;
  try {
    for await (const chunk of chunks) {
      const before = inflater.contentBytes;
      if (!padded) yield* inflater.write(chunk);
      if (inflater.contentBytes === before) yield nothing;
      const padding: Buffer = padded ? chunk : inflater.unusedOf(chunk);
      if (padding.some((byte) => byte !== 0)) throw corrupt('other bytes follow the zero bytes after its end');
      padded ||= padding.length > 0;
    }
    if (!padded) yield* inflater.end();
  } finally {
    inflater.close();
  }
}

const nothing = Buffer.alloc(0);

/** Drives Node's gunzip so that each chunk's content is taken before the next chunk is written. */
class Inflater {
  private readonly gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  private writtenBytes = 0;
  contentBytes = 0;
  private wake = (): void => undefined;

  constructor(private readonly limits: DecompressionLimits) {
    this.gunzip.on('readable', () => this.wake()).on('error', () => this.wake());
  }

  /** Yields the content of the next chunk. */
  async *write(chunk: Buffer): AsyncGenerator<Buffer, void, undefined> {
    this.writtenBytes += chunk.length;
    yield* this.content((whenUsed) => this.gunzip.write(chunk, whenUsed));
  }

  /** Yields the remaining content. The last member must be complete. */
  async *end(): AsyncGenerator<Buffer, void, undefined> {
    // Not the callback of `end`, which runs before zlib has checked the end.
    yield* this.content((whenUsed) => this.gunzip.once('end', whenUsed).end());
  }

  /** The part of the last chunk that zlib did not use: it stops at a zero byte after a member. */
  unusedOf(chunk: Buffer): Buffer {
    return chunk.subarray(chunk.length - (this.writtenBytes - this.gunzip.bytesWritten));
  }

  close(): void {
    this.gunzip.destroy();
  }

  private async *content(give: (whenUsed: () => void) => void): AsyncGenerator<Buffer, void, undefined> {
    const chunk = { used: false };
    give(() => {
      chunk.used = true;
      this.wake();
    });
    for (;;) {
      const piece: unknown = this.gunzip.read();
      if (Buffer.isBuffer(piece)) {
        this.contentBytes += piece.length;
        this.refuseBomb();
        yield piece;
      } else if (this.gunzip.errored !== null) {
        throw explained(this.gunzip.errored);
      } else if (chunk.used) {
        return;
      } else {
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
    }
  }

  private refuseBomb(): void {
    const { maxRatio } = this.limits;
    if (this.contentBytes <= RATIO_HOLDS_FROM || this.contentBytes <= maxRatio * this.gunzip.bytesWritten) return;
    throw new TelltaleError(
      'OBJECT_GZIP_RATIO',
      `the gzip holds more than ${maxRatio} times its compressed size: it may be a bomb; if not, raise ingest.maxGzipRatio`,
    );
  }
}

function explained(error: Error & { readonly code?: unknown }): Error {
  if (error.code === 'Z_DATA_ERROR') return corrupt(error.message, error);
  if (error.code !== 'Z_BUF_ERROR') return error;
  return new TelltaleError('OBJECT_GZIP_TRUNCATED', 'the gzip is truncated: write it again, or append the rest', {
    cause: error,
  });
}

function corrupt(why: string, cause?: Error): TelltaleError {
  return new TelltaleError('OBJECT_GZIP_CORRUPT', `the gzip is corrupt (${why}): write it again`, { cause });
}
