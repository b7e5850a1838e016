import type { ApiRequest } from './apis';
import type { Producer } from './init-producer-id';
import { parseOnePartition } from './one-partition';
import { int16, int32, int64, nullString, string } from './primitives';

const NO_LEADER_EPOCH = -1;

/**
 * Commits one offset of a group with the open transaction of a producer.
 *
 *     TxnOffsetCommit v2 request  => transactional_id:STRING group_id:STRING producer_id:INT64 producer_epoch:INT16 [topic]
 *       topic                     => name:STRING [partition]
 *       partition                 => index:INT32 committed_offset:INT64 committed_leader_epoch:INT32
 *                                    committed_metadata:NULLABLE_STRING
 *     TxnOffsetCommit v2 response => throttle_time_ms:INT32 [topic]
 *       topic                     => name:STRING [partition]
 *       partition                 => index:INT32 error_code:INT16
 */
export function txnOffsetCommit(
  producer: Producer,
  committed: { readonly group: string; readonly topic: string; readonly partition: number; readonly offset: number },
): ApiRequest<void> {
  const { group, topic, partition, offset } = committed;
  const body = Buffer.concat([
    string(producer.transactionalId),
    string(group),
    int64(producer.producerId),
    int16(producer.producerEpoch),
    int32(1),
    string(topic),
    int32(1),
    int32(partition),
    int64(offset),
    int32(NO_LEADER_EPOCH),
    nullString,
  ]);
  return {
    api: 'TxnOffsetCommit',
    body,
    parse: (answer) => parseOnePartition(answer, `the offset of ${group} in ${topic}/${partition}`),
  };
}
