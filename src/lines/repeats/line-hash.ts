/**
 * A 64-bit hash of a line's bytes, read four at a time: two multiplicative lanes that feed each other, each closed by the
 * finalizer of MurmurHash3 (Austin Appleby, public domain). Two fields instead of a result, so that a line allocates nothing.
 * It tells lines apart that differ by chance. It does not defend against a writer who searches for equal hashes.
 */
export class LineHash {
  /** Two lanes of 32 bits, signed. */
  a = 0;
  b = 0;
  private view: DataView = new DataView(new ArrayBuffer(0));

  /** Sets the bytes that the next lines lie in. */
  over({ buffer, byteOffset, byteLength }: Buffer): void {
    this.view = new DataView(buffer, byteOffset, byteLength);
  }

  /** Hashes bytes [start, end). */
  hash(start: number, end: number): void {
    const { view } = this;
    let a = 0x811c9dc5 | 0;
    let b = end - start;
    let i = start;
    for (const last = end - (b & 7); i < last; i += 8) {
      a = Math.imul(a ^ view.getInt32(i, true), M1);
      b = Math.imul(b ^ view.getInt32(i + 4, true) ^ (a >>> 16), M2);
      a ^= b >>> 15;
    }
    for (; i < end; i++) {
      a = Math.imul(a ^ view.getUint8(i), M1);
      b ^= a >>> 13;
    }
    this.a = finished(a);
    this.b = finished(b ^ a);
  }
}

/** Mixes a 32-bit number so that each bit of it changes every bit of the result: the finalizer of MurmurHash3. */
export function finished(value: number): number {
  let x = Math.imul(value ^ (value >>> 16), M1);
  x = Math.imul(x ^ (x >>> 13), M2);
  return x ^ (x >>> 16);
}

const M1 = 0x85ebca6b;
const M2 = 0xc2b2ae35;
