import { TelltaleError } from '../errors';

/**
 * Kafka's variable-length integers: zigzag, then groups of seven bits, lowest first. A length of -1 means null.
 * Values are numbers from -2^53 to 2^53 - 1; others are refused. The zigzag of such a value may have 54 bits, so the sign and
 * the magnitude are kept apart: zigzag's lowest bit is the sign, and the magnitude of a negative value is -value - 1.
 */

/** The number of bytes that `writeVarint` writes for a value of -2^53 … 2^53 - 1. */
export function varintSize(value: number): number {
  if (value >= 0 && value < 64) return 1;
  if (value >= 0 && value < 8192) return 2;
  let size = 1;
  for (let rest = Math.floor(magnitude(value) / 64); rest > 0; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Writes a value of -2^53 … 2^53 - 1 at `pos`; returns the position after it. */
export function writeVarint(out: Buffer, pos: number, value: number): number {
  if (value >= 0 && value < 8192) {
    if (value >= 64) out[pos++] = ((value << 1) & 127) | 128;
    out[pos++] = value >= 64 ? value >> 6 : value << 1;
    return pos;
  }
  const size = magnitude(value);
  let group = ((size % 64) << 1) | (value < 0 ? 1 : 0);
  for (let rest = Math.floor(size / 64); rest > 0; rest = Math.floor(rest / 128)) {
    out[pos++] = group | 128;
    group = rest % 128;
  }
  out[pos++] = group;
  return pos;
}

function magnitude(value: number): number {
  return value >= 0 ? value : -value - 1;
}

/** Reads bytes [pos, end) in order; never beyond `end`, even if the bytes are garbage. */
export class ByteCursor {
  constructor(
    readonly bytes: Buffer,
    public pos: number,
    readonly end: number,
  ) {}

  /** @throws CORRUPT_BATCH when it is cut off or has more than 53 bits */
  varint(): number {
    const first = this.bytes[this.pos] ?? 0;
    if (first < 128 && this.pos < this.end) {
      this.pos++;
      return (first >>> 1) ^ -(first & 1);
    }
    return this.longVarint();
  }

  private longVarint(): number {
    const first = this.byte();
    let size = (first & 127) >>> 1;
    let scale = 64;
    for (let byte = first; byte >= 128; scale *= 128) {
      byte = this.byte();
      size += (byte & 127) * scale;
      if (size > Number.MAX_SAFE_INTEGER || scale > 2 ** 48) throw corrupt('a number is longer than 53 bits');
    }
    return (first & 1) === 0 ? size : -size - 1;
  }

  private byte(): number {
    if (this.pos >= this.end) throw corrupt('a number is cut off');
    return this.bytes[this.pos++] ?? 0;
  }

  /**
   * Steps over `length` bytes.
   * @throws CORRUPT_BATCH when there are fewer
   */
  skip(length: number): void {
    if (length < 0 || length > this.end - this.pos) throw corrupt('a field reaches beyond its record');
    this.pos += length;
  }
}

export function corrupt(what: string): TelltaleError {
  const message = `Record batch is corrupt: ${what}. It cannot be read; restore its topic.`;
  return new TelltaleError('CORRUPT_BATCH', message, { reason: what });
}
