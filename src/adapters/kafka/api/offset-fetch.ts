import { throwIfFailed } from '../errors';
import type { ApiRequest } from './apis';
import { int32, string } from './primitives';

/**
 * The committed offset of a group in one partition; null when there is none.
 *
 *     OffsetFetch v5 request  => group_id:STRING [topic]
 *       topic                 => name:STRING [partition:INT32]
 *     OffsetFetch v5 response => throttle_time_ms:INT32 [topic] error_code:INT16
 *       topic                 => name:STRING [partition]
 *       partition             => index:INT32 committed_offset:INT64 committed_leader_epoch:INT32
 *                                metadata:NULLABLE_STRING error_code:INT16
 */
export function offsetFetch(group: string, topic: string, partition: number): ApiRequest<number | null> {
  const what = `the offset of ${group} in ${topic}/${partition}`;
  return {
    api: 'OffsetFetch',
    body: Buffer.concat([string(group), int32(1), string(topic), int32(1), int32(partition)]),
    parse: (answer) => {
      answer.int32();
      const offsets = answer.each(() => {
        answer.string();
        return answer.each(() => {
          answer.int32();
          const offset = Number(answer.int64());
          answer.int32();
          answer.string();
          throwIfFailed(answer.int16(), what);
          return offset;
        });
      });
      throwIfFailed(answer.int16(), what);
      const [offset = -1] = offsets.flat();
      return offset < 0 ? null : offset;
    },
  };
}
