/**
 * A 64-bit hash of a line's bytes, read four at a time: two multiplicative lanes that feed each other, each closed by the
 * finalizer of MurmurHash3 (Austin Appleby, public domain). It needs a little-endian machine, as all that Node runs on
 * except s390x. Two fields instead of a result, so that a line allocates nothing.
 * It tells lines apart that differ by chance. It does not defend against a writer who searches for equal hashes.
 */
export class LineHash {
  /** Two lanes of 32 bits, signed. */
  a = 0;
  b = 0;
  private bytes: Buffer = Buffer.alloc(0);
  /** The memory of the bytes, from the multiple of 4 at or before the first. */
  private words: Int32Array = new Int32Array(0);
  /** Position of the first byte in `words`, in bytes. */
  private shift = 0;

  /** Sets the bytes that the next lines lie in. */
  over(bytes: Buffer): void {
    const { buffer, byteOffset } = bytes;
    this.bytes = bytes;
    this.shift = byteOffset & 3;
    const from = byteOffset - this.shift;
    this.words = new Int32Array(buffer, from, (buffer.byteLength - from) >> 2);
  }

  /** Hashes bytes [start, end). */
  hash(start: number, end: number): void {
    const { bytes, words } = this;
    let a = 0x811c9dc5 | 0;
    let b = end - start;
    // A line begins anywhere in a word: each four bytes are parts of two words.
    const position = start + this.shift;
    const right = (position & 3) * 8;
    const left = 31 - right;
    let at = position >> 2;
    const pairs = Math.min((end - start) >> 3, (words.length - at - 1) >> 1);
    let word = words[at] ?? 0;
    for (let n = 0; n < pairs; n++) {
      const second = words[at + 1] ?? 0;
      const third = words[at + 2] ?? 0;
      a = Math.imul(a ^ ((word >>> right) | ((second << 1) << left)), M1);
      b = Math.imul(b ^ ((second >>> right) | ((third << 1) << left)) ^ (a >>> 16), M2);
      a ^= b >>> 15;
      word = third;
      at += 2;
    }
    let i = start + 8 * pairs;
    for (; i + 8 <= end; i += 8) {
      a = Math.imul(a ^ littleEndian(bytes, i), M1);
      b = Math.imul(b ^ littleEndian(bytes, i + 4) ^ (a >>> 16), M2);
      a ^= b >>> 15;
    }
    for (; i < end; i++) {
      a = Math.imul(a ^ (bytes[i] ?? 0), M1);
      b ^= a >>> 13;
    }
    this.a = finished(a);
    this.b = finished(b ^ a);
  }
}

/** The last bytes of the memory may lie in no whole word. */
function littleEndian(bytes: Buffer, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

/** Mixes a 32-bit number so that each bit of it changes every bit of the result: the finalizer of MurmurHash3. */
export function finished(value: number): number {
  let x = Math.imul(value ^ (value >>> 16), M1);
  x = Math.imul(x ^ (x >>> 13), M2);
  return x ^ (x >>> 16);
}

const M1 = 0x85ebca6b;
const M2 = 0xc2b2ae35;
