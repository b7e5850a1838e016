import { throwIfFailed } from '../errors';
import type { AnswerReader } from './primitives';

/**
 * Parses the answer to a request about one partition.
 *
 *     response    => throttle_time_ms:INT32 [topic]
 *       topic     => name:STRING [partition]
 *       partition => index:INT32 error_code:INT16
 *
 * @throws BrokerError
 */
export function parseOnePartition(answer: AnswerReader, what: string): void {
  answer.int32();
  answer.one('topic', () => {
    answer.string();
    answer.one('partition', () => {
      answer.int32();
      throwIfFailed(answer.int16(), what);
    });
  });
}
