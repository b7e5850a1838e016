import type { ApiRequest } from './apis';
import type { Producer } from './init-producer-id';
import { parseOnePartition } from './one-partition';
import { int16, int32, int64, string } from './primitives';

/**
 * Adds one partition to the open transaction of a producer, or begins one with it.
 *
 *     AddPartitionsToTxn v1 request  => transactional_id:STRING producer_id:INT64 producer_epoch:INT16 [topic]
 *       topic                        => name:STRING [partition:INT32]
 *     AddPartitionsToTxn v1 response => throttle_time_ms:INT32 [topic]
 *       topic                        => name:STRING [partition]
 *       partition                    => index:INT32 error_code:INT16
 */
export function addPartitionToTxn(producer: Producer, topic: string, partition: number): ApiRequest<void> {
  const body = Buffer.concat([
    string(producer.transactionalId),
    int64(producer.producerId),
    int16(producer.producerEpoch),
    int32(1),
    string(topic),
    int32(1),
    int32(partition),
  ]);
  return {
    api: 'AddPartitionsToTxn',
    body,
    parse: (answer) => parseOnePartition(answer, `${topic}/${partition}`),
  };
}
