import type { ApiRequest } from './apis';
import { boolean, int16, int32, list, string } from './primitives';

export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly settings: Readonly<Record<string, string>>;
}

export interface CreatedTopic {
  readonly name: string;
  readonly errorCode: number;
  /** The broker's explanation; empty when it gives none. */
  readonly message: string;
}

/**
 * Makes topics; the answer has a result for each. Sent to the controller.
 *
 *     CreateTopics v4 request  => [topic] timeout_ms:INT32 validate_only:BOOLEAN
 *       topic                  => name:STRING num_partitions:INT32 replication_factor:INT16 [assignment] [config]
 *       assignment             => partition:INT32 [broker_id:INT32]
 *       config                 => name:STRING value:NULLABLE_STRING
 *     CreateTopics v4 response => throttle_time_ms:INT32 [topic]
 *       topic                  => name:STRING error_code:INT16 error_message:NULLABLE_STRING
 */
export function createTopics(topics: readonly NewTopic[], timeoutMs: number): ApiRequest<readonly CreatedTopic[]> {
  const encode = ({ name, partitions, replicas, settings }: NewTopic): Buffer =>
    Buffer.concat([
      string(name),
      int32(partitions),
      int16(replicas),
      int32(0),
      list(Object.entries(settings), ([setting, value]) => Buffer.concat([string(setting), string(value)])),
    ]);
  return {
    api: 'CreateTopics',
    body: Buffer.concat([list(topics, encode), int32(timeoutMs), boolean(false)]),
    heldBackMs: timeoutMs,
    parse: (answer) => {
      answer.int32();
      return answer.each(() => ({ name: answer.string(), errorCode: answer.int16(), message: answer.string() }));
    },
  };
}
