import { throwIfFailed } from '../errors';
import type { ApiRequest } from './apis';
import type { AnswerReader } from './primitives';
import { int32, int64, int8, string } from './primitives';

const READ_COMMITTED = 1;
const NO_REPLICA = -1;
const NO_SESSION = -1;
const UNKNOWN = -1;

export interface Fetched {
  /** Next offset that a committed-only reader will see. */
  readonly lastStableOffset: number;
  /** The end of the records of all transactions, open ones too. */
  readonly highWatermark: number;
  /** In no order that readers can rely on. */
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches one after the other; the last one may be cut short. */
  readonly records: Buffer;
  /** The broker holds answers back because of a quota. */
  readonly throttled: boolean;
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/**
 * Reads committed records of one partition. Asks for no fetch session, which pays for many partitions only.
 *
 *     Fetch v11 request  => replica_id:INT32 max_wait_ms:INT32 min_bytes:INT32 max_bytes:INT32 isolation_level:INT8
 *                           session_id:INT32 session_epoch:INT32 [topic] [forgotten_topic] rack_id:STRING
 *       topic            => name:STRING [partition]
 *       partition        => index:INT32 current_leader_epoch:INT32 fetch_offset:INT64 log_start_offset:INT64
 *                           partition_max_bytes:INT32
 *     Fetch v11 response => throttle_time_ms:INT32 error_code:INT16 session_id:INT32 [topic]
 *       topic            => name:STRING [partition]
 *       partition        => index:INT32 error_code:INT16 high_watermark:INT64 last_stable_offset:INT64
 *                           log_start_offset:INT64 [aborted] preferred_read_replica:INT32 records:RECORDS
 *       aborted          => producer_id:INT64 first_offset:INT64
 */
export function fetch(from: {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly maxBytes: number;
  readonly waitMs: number;
}): ApiRequest<Fetched> {
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
  const what = `${topic}/${partition} from ${offset} on`;
  return { api: 'Fetch', body, heldBackMs: waitMs, parse: (answer) => parse(answer, what) };
}

function parse(answer: AnswerReader, what: string): Fetched {
  const throttled = answer.int32() > 0;
  throwIfFailed(answer.int16(), what);
  answer.int32();
  return answer.one('topic', () => {
    answer.string();
    return answer.one('partition', () => {
      answer.int32();
      throwIfFailed(answer.int16(), what);
      const highWatermark = Number(answer.int64());
      const lastStableOffset = Number(answer.int64());
      answer.int64();
      const aborted = answer.each(() => ({ producerId: answer.int64(), firstOffset: Number(answer.int64()) }));
      answer.int32();
      return { lastStableOffset, highWatermark, aborted, records: answer.bytes(), throttled };
    });
  });
}
