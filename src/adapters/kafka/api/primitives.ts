import { TelltaleError } from '../../../errors';

/** The primitive types of Kafka's protocol (https://kafka.apache.org/protocol), read and written. */

/** Reads an answer, one value after the other. */
export class AnswerReader {
  private position = 0;

  constructor(private readonly buffer: Buffer) {}

  /** Reads a list that must have one element: requests ask for one topic, partition or member. */
  one<T>(what: string, read: () => T): T {
    const count = this.int32();
    if (count === 1) return read();
    throw new TelltaleError('INTERNAL', `A broker answered for ${count} ${what}s instead of one.`);
  }

  /** A list; null reads as empty. */
  each<T>(read: () => T): T[] {
    return Array.from({ length: Math.max(0, this.int32()) }, read);
  }

  int8(): number {
    return this.buffer.readInt8(this.skip(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.skip(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.skip(4));
  }

  int64(): bigint {
    return this.buffer.readBigInt64BE(this.skip(8));
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  /** STRING or NULLABLE_STRING: null reads as empty. */
  string(): string {
    const length = Math.max(0, this.int16());
    return this.buffer.toString('utf8', this.position, this.skip(length) + length);
  }

  /** BYTES or RECORDS: null reads as empty. */
  bytes(): Buffer {
    const length = Math.max(0, this.int32());
    const start = this.skip(length);
    return this.buffer.subarray(start, start + length);
  }

  private skip(length: number): number {
    const start = this.position;
    this.position += length;
    return start;
  }
}

export function int8(value: number): Buffer {
  const buffer = Buffer.alloc(1);
  buffer.writeInt8(value);
  return buffer;
}

export function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
}

export function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

export function int64(value: number | bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(BigInt(value));
  return buffer;
}

export function string(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([int16(bytes.length), bytes]);
}

/** A NULLABLE_STRING that is null. */
export const nullString = int16(-1);

export function boolean(value: boolean): Buffer {
  return int8(value ? 1 : 0);
}

export function bytes(value: Buffer): Buffer {
  return Buffer.concat([int32(value.length), value]);
}

export function list<T>(items: readonly T[], encode: (item: T) => Buffer): Buffer {
  return Buffer.concat([int32(items.length), ...items.map(encode)]);
}
