import type { RawRequest } from './kafkajs';
import { AnswerReader, int16, int32, int64, int8, string } from './wire-types';

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
