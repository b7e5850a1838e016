import { throwIfFailed } from '../errors';
import type { ApiRequest } from './apis';
import { int32, int64, int8, string } from './primitives';

const NO_REPLICA = -1;
const READ_COMMITTED = 1;
/** Requests name a time. These two special times mean the start and the end. */
const times = { start: -2, end: -1 } as const;

/**
 * The first kept offset of a partition, or the end for committed-only readers (the last stable offset).
 *
 *     ListOffsets v2 request  => replica_id:INT32 isolation_level:INT8 [topic]
 *       topic                 => name:STRING [partition]
 *       partition             => index:INT32 timestamp:INT64
 *     ListOffsets v2 response => throttle_time_ms:INT32 [topic]
 *       topic                 => name:STRING [partition]
 *       partition             => index:INT32 error_code:INT16 timestamp:INT64 offset:INT64
 */
export function listOffsets(topic: string, partition: number, which: 'start' | 'end'): ApiRequest<number> {
  const body = Buffer.concat([
    int32(NO_REPLICA),
    int8(READ_COMMITTED),
    int32(1),
    string(topic),
    int32(1),
    int32(partition),
    int64(times[which]),
  ]);
  return {
    api: 'ListOffsets',
    body,
    parse: (answer) => {
      answer.int32();
      return answer.one('topic', () => {
        answer.string();
        return answer.one('partition', () => {
          answer.int32();
          throwIfFailed(answer.int16(), `${topic}/${partition}`);
          answer.int64();
          return Number(answer.int64());
        });
      });
    },
  };
}
