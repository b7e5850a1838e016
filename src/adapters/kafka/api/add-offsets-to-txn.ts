import { throwIfFailed } from '../errors';
import type { ApiRequest } from './apis';
import type { Producer } from './init-producer-id';
import { int16, int64, string } from './primitives';

/**
 * Adds the offsets of a group to the open transaction of a producer, or begins one with them.
 *
 *     AddOffsetsToTxn v1 request  => transactional_id:STRING producer_id:INT64 producer_epoch:INT16 group_id:STRING
 *     AddOffsetsToTxn v1 response => throttle_time_ms:INT32 error_code:INT16
 */
export function addOffsetsToTxn(producer: Producer, group: string): ApiRequest<void> {
  const { transactionalId, producerId, producerEpoch } = producer;
  return {
    api: 'AddOffsetsToTxn',
    body: Buffer.concat([string(transactionalId), int64(producerId), int16(producerEpoch), string(group)]),
    parse: (answer) => {
      answer.int32();
      throwIfFailed(answer.int16(), `the group ${group}`);
    },
  };
}
