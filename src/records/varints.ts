import { TelltaleError } from '../errors';

/**
 * Kafka's variable-length integers: zigzag, then groups of seven bits, lowest first. A length of -1 means null.
 * Values are numbers; longer ones than 53 bits are refused.
 */

/** The number of bytes that `writeVarint` writes for a value of -2^53 … 2^53. */
export function varintSize(value: number): number {
  if (value >= 0 && value < 64) return 1;
  if (value >= 0 && value < 8192) return 2;
  let rest = zigzag(value);
  let size = 1;
  while (rest >= 128) {
    rest = Math.floor(rest / 128);
    size++;
  }
  return size;
}

/** Writes a value of -2^53 … 2^53 at `pos`; returns the position after it. */
export function writeVarint(out: Buffer, pos: number, value: number): number {
  if (value >= 0 && value < 8192) {
    if (value >= 64) out[pos++] = ((value << 1) & 127) | 128;
    out[pos++] = value >= 64 ? value >> 6 : value << 1;
    return pos;
  }
  let rest = zigzag(value);
  while (rest >= 128) {
    out[pos++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  out[pos++] = rest;
  return pos;
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
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
    let value = 0;
    let scale = 1;
    for (;;) {
      if (this.pos >= this.end) throw corrupt('a number is cut off');
      const byte = this.bytes[this.pos++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
      if (scale > 2 ** 49) throw corrupt('a number is longer than 53 bits');
    }
    if (value > 2 ** 54) throw corrupt('a number is longer than 53 bits');
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
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
