/** The unterminated line that a scanner holds. It grows by doubling, so that a long line in tiny chunks stays cheap. */
export class HeldLine {
  length: number;
  private buffer: Buffer;

  constructor(held: Buffer) {
    this.buffer = held;
    this.length = held.length;
  }

  append(chunk: Buffer): void {
    const length = this.length + chunk.length;
    if (length > this.buffer.length) {
      const grown = Buffer.allocUnsafe(2 * length);
      this.buffer.copy(grown, 0, 0, this.length);
      this.buffer = grown;
    }
    chunk.copy(this.buffer, this.length);
    this.length = length;
  }

  /** Returns a copy, unless nothing is held. */
  joinedWith(chunk: Buffer): Buffer {
    return this.length === 0 ? chunk : Buffer.concat([this.buffer.subarray(0, this.length), chunk]);
  }

  restart(held: Buffer): void {
    this.buffer = Buffer.from(held);
    this.length = held.length;
  }
}
