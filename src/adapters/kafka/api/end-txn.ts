import { throwIfFailed } from '../errors';
import type { ApiRequest } from './apis';
import type { Producer } from './init-producer-id';
import { boolean, int16, int64, string } from './primitives';

/**
 * Commits or aborts the open transaction of a producer.
 *
 *     EndTxn v1 request  => transactional_id:STRING producer_id:INT64 producer_epoch:INT16 committed:BOOLEAN
 *     EndTxn v1 response => throttle_time_ms:INT32 error_code:INT16
 */
export function endTxn(producer: Producer, how: 'commit' | 'abort'): ApiRequest<void> {
  const { transactionalId, producerId, producerEpoch } = producer;
  return {
    api: 'EndTxn',
    body: Buffer.concat([string(transactionalId), int64(producerId), int16(producerEpoch), boolean(how === 'commit')]),
    parse: (answer) => {
      answer.int32();
      throwIfFailed(answer.int16(), `the transaction of ${transactionalId}`);
    },
  };
}
