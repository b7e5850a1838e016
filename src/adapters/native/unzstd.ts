import { TelltaleError } from '../../errors';
import { loadLibzstd, type Libzstd } from './libzstd';
import { RATIO_HOLDS_FROM, type DecompressionLimits } from './limits';

/**
 * The largest window that is accepted: RFC 8878, 3.1.1.1.2 asks a decoder for 8 MiB. Only `zstd --ultra` and `--long`
 * write larger ones.
 */
const MAX_WINDOW_BYTES = 8 * 1024 * 1024;
/** Size of the buffers for input and output, and so of one piece of content. */
const BUFFER_BYTES = 128 * 1024;
/** Bytes that show how large a frame's window is: RFC 8878, 3.1.1.1. */
const HEADER_BYTES = 18;

const FRAME_MAGIC = 0xfd2fb528;

const nothing = Buffer.alloc(0);

/**
 * Yields the content of a zstd (RFC 8878) of one or more frames, piece by piece. Requests the next chunk after the
 * previous one is used up. A chunk without content yields an empty piece, so that a waiting consumer sees progress.
 * Always closes the source at the end. Holds at most 8 MiB and some buffers.
 *
 * The checksum stands at a frame's end: when it is wrong, all of the frame was already yielded.
 *
 * @throws OBJECT_ZSTD_CORRUPT, OBJECT_ZSTD_TRUNCATED, OBJECT_ZSTD_RATIO, OBJECT_ZSTD_WINDOW, and errors of the source,
 *   unchanged
 */
export async function* unzstd(
  chunks: AsyncIterable<Buffer>,
  limits: DecompressionLimits,
): AsyncGenerator<Buffer, void, undefined> {
  let decoder: Decoder | null = null;
  try {
    for await (const chunk of chunks) {
      decoder ??= new Decoder(await loadLibzstd(), limits);
      const before = decoder.contentBytes;
      yield* decoder.write(chunk);
      if (decoder.contentBytes === before) yield nothing;
    }
    if (decoder !== null) yield* decoder.end();
  } finally {
    decoder?.close();
  }
}

class Decoder {
  contentBytes = 0;
  private usedBytes = 0;
  /** The first bytes of a frame, until its window is known; null within a frame. */
  private header: Buffer | null = nothing;
  private readonly context: number;
  private readonly buffers: number;

  constructor(
    private readonly zstd: Libzstd,
    private readonly limits: DecompressionLimits,
  ) {
    this.context = allocated(zstd.ZSTD_createDCtx());
    this.buffers = allocated(zstd.malloc(2 * BUFFER_BYTES + 2 * BUFFER_STRUCT_BYTES));
  }

  /** Yields the content of the next chunk. */
  *write(chunk: Buffer): Generator<Buffer, void, undefined> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.header !== null) {
        // Without a copy: a chunk may hold many small frames.
        if (this.header.length > 0) rest = Buffer.concat([this.header, rest]);
        this.header = rest;
        if (rest.length < HEADER_BYTES) return;
        refuseWindow(rest);
        this.header = null;
      }
      rest = rest.subarray(yield* this.decode(rest));
    }
  }

  /** Yields the remaining content. The last frame must be complete. */
  *end(): Generator<Buffer, void, undefined> {
    let rest = this.header ?? nothing;
    while (rest.length > 0) {
      refuseWindow(rest);
      this.header = null;
      rest = rest.subarray(yield* this.decode(rest));
    }
    if (this.header === null) {
      throw new TelltaleError('OBJECT_ZSTD_TRUNCATED', 'the zstd is truncated: write it again, or append the rest');
    }
  }

  close(): void {
    this.zstd.ZSTD_freeDCtx(this.context);
    this.zstd.free(this.buffers);
  }

  /** Yields content until a frame ends, or all bytes are used. @returns how many bytes were used */
  private *decode(bytes: Buffer): Generator<Buffer, number, undefined> {
    let used = 0;
    for (;;) {
      const input = bytes.subarray(used, used + BUFFER_BYTES);
      const { piece, inputBytes, isFrameEnd } = this.step(input);
      used += inputBytes;
      this.usedBytes += inputBytes;
      this.contentBytes += piece.length;
      this.refuseBomb();
      if (isFrameEnd) this.header = nothing;
      if (piece.length > 0) yield piece;
      // A full piece may not be all of the content.
      if (isFrameEnd || (used === bytes.length && piece.length < BUFFER_BYTES)) return used;
    }
  }

  private step(input: Buffer): { piece: Buffer; inputBytes: number; isFrameEnd: boolean } {
    const { zstd, context, buffers } = this;
    const [inputAt, outputAt] = [buffers, buffers + BUFFER_BYTES];
    const [inputStruct, outputStruct] = [outputAt + BUFFER_BYTES, outputAt + BUFFER_BYTES + BUFFER_STRUCT_BYTES];
    new Uint8Array(zstd.memory.buffer, inputAt, BUFFER_BYTES).set(input);
    new Uint32Array(zstd.memory.buffer, inputStruct, 3).set([inputAt, input.length, 0]);
    new Uint32Array(zstd.memory.buffer, outputStruct, 3).set([outputAt, BUFFER_BYTES, 0]);
    const result = zstd.ZSTD_decompressStream(context, outputStruct, inputStruct);
    if (result < 0) throw corrupt(-result);
    // The memory may have grown, which detaches its old buffer.
    const view = new DataView(zstd.memory.buffer);
    const [inputBytes, pieceBytes] = [view.getUint32(inputStruct + 8, true), view.getUint32(outputStruct + 8, true)];
    const piece = Buffer.from(new Uint8Array(zstd.memory.buffer, outputAt, pieceBytes));
    return { piece, inputBytes, isFrameEnd: result === 0 };
  }

  private refuseBomb(): void {
    const { maxRatio } = this.limits;
    if (this.contentBytes <= RATIO_HOLDS_FROM || this.contentBytes <= maxRatio * this.usedBytes) return;
    throw new TelltaleError(
      'OBJECT_ZSTD_RATIO',
      `the zstd holds more than ${maxRatio} times its compressed size: it may be a bomb; if not, raise ingest.maxGzipRatio`,
    );
  }
}

/** Address, size and position of a buffer, and padding. */
const BUFFER_STRUCT_BYTES = 16;

function allocated(address: number): number {
  if (address === 0) throw new TelltaleError('INTERNAL', 'There is no memory left for a zstd decoder.');
  return address;
}

/** Refuses a frame whose window is too large, before any memory is reserved for it. */
function refuseWindow(header: Buffer): void {
  const window = windowOf(header);
  if (window <= MAX_WINDOW_BYTES) return;
  throw new TelltaleError(
    'OBJECT_ZSTD_WINDOW',
    `the zstd needs ${window} bytes of memory, and gets ${MAX_WINDOW_BYTES}: compress it without --ultra and --long`,
  );
}

/** Bytes of memory that a frame's header asks for (RFC 8878, 3.1.1.1); 0 without a whole header. */
function windowOf(header: Buffer): number {
  if (header.length < 6 || header.readUInt32LE(0) !== FRAME_MAGIC) return 0;
  const descriptor = header.readUInt8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if (!isSingleSegment) {
    const window = header.readUInt8(5);
    const base = 2 ** (10 + (window >> 3));
    return base + (base / 8) * (window & 7);
  }
  const at = 5 + (DICTIONARY_ID_BYTES[descriptor & 3] ?? 0);
  const bytes = header.subarray(at, at + (CONTENT_SIZE_BYTES[descriptor >> 6] ?? 0));
  // A size of two bytes is 256 more: too little to matter here.
  return [...bytes].reduce((size, byte, i) => size + byte * 256 ** i, 0);
}

const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [1, 2, 4, 8];

/** Errors of libzstd: https://github.com/facebook/zstd/blob/v1.5.7/lib/zstd_errors.h */
const errorNames: ReadonlyMap<number, string> = new Map([
  [10, 'other bytes follow its last frame'],
  [14, 'its frame has parameters that are not supported'],
  [16, 'its window is too large'],
  [20, 'its data is damaged'],
  [22, 'its checksum is wrong'],
  [32, 'it needs a dictionary'],
]);

function corrupt(code: number): TelltaleError {
  const why = errorNames.get(code) ?? `libzstd error ${code}`;
  return new TelltaleError('OBJECT_ZSTD_CORRUPT', `the zstd is corrupt (${why}): write it again`);
}
