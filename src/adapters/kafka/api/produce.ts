import type { ApiRequest } from './apis';
import { int16, int32, string } from './primitives';

const ALL_IN_SYNC_REPLICAS = -1;

/**
 * Appends one record batch as it is; returns the broker's error code.
 *
 *     Produce v7 request  => transactional_id:NULLABLE_STRING acks:INT16 timeout_ms:INT32 [topic]
 *       topic             => name:STRING [partition]
 *       partition         => index:INT32 records:RECORDS
 *     Produce v7 response => [topic] throttle_time_ms:INT32
 *       topic             => name:STRING [partition]
 *       partition         => index:INT32 error_code:INT16 base_offset:INT64 log_append_time_ms:INT64 log_start_offset:INT64
 */
export function produce(to: {
  readonly transactionalId: string;
  readonly topic: string;
  readonly partition: number;
  readonly batch: Buffer;
  readonly timeoutMs: number;
}): ApiRequest<number> {
  const { transactionalId, topic, partition, batch, timeoutMs } = to;
  const head = Buffer.concat([
    string(transactionalId),
    int16(ALL_IN_SYNC_REPLICAS),
    int32(timeoutMs),
    int32(1),
    string(topic),
    int32(1),
    int32(partition),
    int32(batch.length),
  ]);
  return {
    api: 'Produce',
    body: Buffer.concat([head, batch]),
    heldBackMs: timeoutMs,
    parse: (answer) =>
      answer.one('topic', () => {
        answer.string();
        return answer.one('partition', () => {
          answer.int32();
          return answer.int16();
        });
      }),
  };
}
