import { createGunzip } from 'node:zlib';
import { TelltaleError } from '../../errors';

export interface GunzipLimits {
  /** Times that content may be as large as the compressed bytes it came from; deflate itself reaches 1,032. */
  readonly maxRatio: number;
}

/** zlib's output buffer: what one piece of content is about as large as. */
const PIECE_BYTES = 128 * 1024;
/** Up to so much content is never taken for a bomb. */
const RATIO_HOLDS_FROM = 16 * 1024 * 1024;

/**
 * The content of a gzip (RFC 1952) of one or more members, piece by piece. At most one piece is inflated ahead of the
 * consumer, and the next chunk is asked for when the one before is used up; a chunk without content makes an empty piece,
 * so that whoever waits sees that it goes on. However it ends, the source is closed.
 *
 * Zero bytes behind the last member are padding, as on tapes; anything else there is corrupt (or truncated, where it could
 * begin a member). Checksum and length stand at a member's end: when they turn out wrong, some of its content was yielded.
 *
 * @throws OBJECT_GZIP_CORRUPT, OBJECT_GZIP_TRUNCATED, OBJECT_GZIP_RATIO, and what the source throws, unchanged
 */
export async function* gunzip(
  chunks: AsyncIterable<Buffer>,
  limits: GunzipLimits,
): AsyncGenerator<Buffer, void, undefined> {
  const inflater = new Inflater(limits);
  let padded = false;
  try {
    for await (const chunk of chunks) {
      const before = inflater.contentBytes;
      if (!padded) yield* inflater.write(chunk);
      if (inflater.contentBytes === before) yield nothing;
      const padding: Buffer = padded ? chunk : inflater.unusedOf(chunk);
      if (padding.some((byte) => byte !== 0)) throw corrupt('something follows the zero bytes behind its end');
      padded ||= padding.length > 0;
    }
    if (!padded) yield* inflater.end();
  } finally {
    inflater.close();
  }
}

const nothing = Buffer.alloc(0);

/** Node's gunzip, driven so that each chunk's content is taken before the next chunk is given. */
class Inflater {
  private readonly gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  private writtenBytes = 0;
  contentBytes = 0;
  private wake = (): void => undefined;

  constructor(private readonly limits: GunzipLimits) {
    this.gunzip.on('readable', () => this.wake()).on('error', () => this.wake());
  }

  /** Yields the content of the next chunk. */
  async *write(chunk: Buffer): AsyncGenerator<Buffer, void, undefined> {
    this.writtenBytes += chunk.length;
    yield* this.content((whenUsed) => this.gunzip.write(chunk, whenUsed));
  }

  /** Yields what is left. The last member must be complete. */
  async *end(): AsyncGenerator<Buffer, void, undefined> {
    // Not `end`'s own callback: it comes before zlib has looked at the end.
    yield* this.content((whenUsed) => this.gunzip.once('end', whenUsed).end());
  }

  /** The end of the chunk just written, as far as zlib left it: it stops at a zero byte behind a member. */
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
  return new TelltaleError('OBJECT_GZIP_TRUNCATED', 'the gzip ends too early: write it anew, or get the rest of it', {
    cause: error,
  });
}

function corrupt(why: string, cause?: Error): TelltaleError {
  return new TelltaleError('OBJECT_GZIP_CORRUPT', `the gzip is corrupt (${why}): write it anew`, { cause });
}
