import { throwIfFailed } from '../errors';
import type { ApiRequest } from './apis';
import { int32, string } from './primitives';

/** Identifies the open writer of a transactional id to the brokers. */
export interface Producer {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/**
 * Fences: raises the epoch of a transactional id, and answers once the transaction that its last writer left open has
 * ended, one way or the other.
 *
 *     InitProducerId v1 request  => transactional_id:NULLABLE_STRING transaction_timeout_ms:INT32
 *     InitProducerId v1 response => throttle_time_ms:INT32 error_code:INT16 producer_id:INT64 producer_epoch:INT16
 */
export function initProducerId(transactionalId: string, transactionTimeoutMs: number): ApiRequest<Producer> {
  return {
    api: 'InitProducerId',
    body: Buffer.concat([string(transactionalId), int32(transactionTimeoutMs)]),
    parse: (answer) => {
      answer.int32();
      throwIfFailed(answer.int16(), `the transactional id ${transactionalId}`);
      return { transactionalId, producerId: answer.int64(), producerEpoch: answer.int16() };
    },
  };
}
