/** Bytes in chunks that end at these places, with a record of their use. */
export class ChunkedSource {
  givenBytes = 0;
  closed = false;
  constructor(
    private readonly bytes: Buffer,
    private readonly cuts: readonly number[] = [],
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    const ends = [...this.cuts.map((cut) => cut % (this.bytes.length + 1)), this.bytes.length];
    ends.sort((a, b) => a - b);
    try {
      for (const end of ends) {
        const chunk = this.bytes.subarray(this.givenBytes, end);
        this.givenBytes = end;
        yield await Promise.resolve(chunk);
      }
    } finally {
      this.closed = true;
    }
  }
}

/** A cut after each byte. */
export const eachByte = (bytes: Buffer): number[] => [...bytes.keys()];
