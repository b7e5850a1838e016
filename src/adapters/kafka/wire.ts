import { TelltaleError } from '../../errors';
import type { RawRequest } from './kafkajs';

/**
 * The two requests that carry record batches, as bytes: kafkajs would take batches apart and put them together again;
 * and the one that asks for rights, which kafkajs does not know.
 * Layouts: https://kafka.apache.org/protocol (Produce v7, Fetch v11, Metadata v8).
 */

const ALL_REPLICAS = -1;
const READ_COMMITTED = 1;
const NO_REPLICA = -1;
const NO_SESSION = -1;
const UNKNOWN = -1;

/** Appends one record batch; the answer is the broker's error code. */
export function produceRequest(to: {
  readonly transactionalId: string;
  readonly topic: string;
  readonly partition: number;
  readonly batch: Buffer;
  readonly timeoutMs: number;
}): RawRequest<number> {
  const { transactionalId, topic, partition, batch, timeoutMs } = to;
  const head = Buffer.concat([
    string(transactionalId),
    int16(ALL_REPLICAS),
    int32(timeoutMs),
    int32(1),
    string(topic),
    int32(1),
    int32(partition),
    int32(batch.length),
  ]);
  return { api: 'Produce', body: Buffer.concat([head, batch]), decode: decodeProduced, heldBackMs: timeoutMs };
}

function decodeProduced(answer: Buffer): number {
  const reader = new AnswerReader(answer);
  reader.one('topic');
  reader.string();
  reader.one('partition');
  reader.int32();
  return reader.int16();
}

export interface FetchAnswer {
  readonly errorCode: number;
  /** Next offset that a committed-only reader will see. */
  readonly lastStableOffset: number;
  /** In no order that can be relied on. */
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches one behind the other; the last one may be cut short. */
  readonly records: Buffer;
  /** The broker holds answers back because of a quota. */
  readonly throttled: boolean;
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** Asks for committed records of one partition; without a fetch session, which pays for many partitions only. */
export function fetchRequest(from: {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly maxBytes: number;
  readonly waitMs: number;
}): RawRequest<FetchAnswer> {
  const { topic, partition, offset, maxBytes, waitMs } = from;
  const body = Buffer.concat([
    int32(NO_REPLICA),
    int32(waitMs),
    int32(1),
    int32(maxBytes),
    int8(READ_COMMITTED),
    int32(0),
    int32(NO_SESSION),
    int32(1),
    string(topic),
    int32(1),
    int32(partition),
    int32(UNKNOWN),
    int64(offset),
    int64(UNKNOWN),
    int32(maxBytes),
    int32(0),
    string(''),
  ]);
  return { api: 'Fetch', body, decode: decodeFetched, heldBackMs: waitMs };
}

function decodeFetched(answer: Buffer): FetchAnswer {
  const reader = new AnswerReader(answer);
  const throttled = reader.int32() > 0;
  const failed = reader.int16();
  reader.int32();
  if (failed !== 0) {
    return { errorCode: failed, lastStableOffset: UNKNOWN, aborted: [], records: Buffer.alloc(0), throttled };
  }
  reader.one('topic');
  reader.string();
  reader.one('partition');
  reader.int32();
  const errorCode = reader.int16();
  reader.int64();
  const lastStableOffset = Number(reader.int64());
  reader.int64();
  const aborted: AbortedTransaction[] = [];
  for (let count = reader.int32(); count > 0; count--) {
    aborted.push({ producerId: reader.int64(), firstOffset: Number(reader.int64()) });
  }
  reader.int32();
  return { errorCode, lastStableOffset, aborted, records: reader.bytes(), throttled };
}

/** What the user of this connection may do with a topic. */
export interface TopicRights {
  readonly topic: string;
  readonly errorCode: number;
  readonly mayRead: boolean;
  readonly mayWrite: boolean;
}

/** Bits of `topic_authorized_operations`, as `AclOperation` numbers them (KIP-430). */
const operation = { read: 1 << 3, write: 1 << 4 } as const;
/** What a broker says that does not tell. */
const NOT_TOLD = -(2 ** 31);

/** Asks what this user may do with topics. */
export function rightsRequest(topics: readonly string[]): RawRequest<readonly TopicRights[]> {
  const [noCreation, noClusterRights, topicRights] = [int8(0), int8(0), int8(1)];
  const body = Buffer.concat([int32(topics.length), ...topics.map(string), noCreation, noClusterRights, topicRights]);
  return { api: 'Metadata', body, decode: decodeRights, heldBackMs: 0 };
}

function decodeRights(answer: Buffer): readonly TopicRights[] {
  const reader = new AnswerReader(answer);
  reader.int32();
  reader.each(() => {
    reader.int32();
    reader.string();
    reader.int32();
    reader.string();
  });
  reader.string();
  reader.int32();
  return reader.each(() => {
    const errorCode = reader.int16();
    const topic = reader.string();
    reader.int8();
    reader.each(() => {
      reader.int16();
      reader.int32();
      reader.int32();
      reader.int32();
      // The replicas: all, those in sync, those that are offline.
      for (let list = 0; list < 3; list++) reader.each(() => reader.int32());
    });
    const told = reader.int32();
    const may = (bit: number): boolean => told === NOT_TOLD || (told & bit) !== 0;
    return { topic, errorCode, mayRead: may(operation.read), mayWrite: may(operation.write) };
  });
}

class AnswerReader {
  private position = 0;

  constructor(private readonly buffer: Buffer) {}

  /** One topic and one partition are asked for, and so many must be in the answer. */
  one(what: string): void {
    const count = this.int32();
    if (count !== 1) throw new TelltaleError('INTERNAL', `A broker answered for ${count} ${what}s instead of one.`);
  }

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

  /** Empty for none. */
  string(): string {
    const length = Math.max(0, this.int16());
    return this.buffer.toString('utf8', this.position, this.skip(length) + length);
  }

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

function int8(value: number): Buffer {
  const buffer = Buffer.alloc(1);
  buffer.writeInt8(value);
  return buffer;
}

function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

function int64(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(BigInt(value));
  return buffer;
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([int16(bytes.length), bytes]);
}
