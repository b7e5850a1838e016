import { throwIfFailed } from '../errors';
import type { ApiRequest } from './apis';
import { int8, string } from './primitives';

const keyTypes = { group: 0, transaction: 1 } as const;
export type CoordinatorKind = keyof typeof keyTypes;

/**
 * The id of the broker that coordinates a group or a transactional id.
 *
 *     FindCoordinator v2 request  => key:STRING key_type:INT8
 *     FindCoordinator v2 response => throttle_time_ms:INT32 error_code:INT16 error_message:NULLABLE_STRING node_id:INT32
 *                                    host:STRING port:INT32
 */
export function findCoordinator(kind: CoordinatorKind, key: string): ApiRequest<number> {
  return {
    api: 'FindCoordinator',
    body: Buffer.concat([string(key), int8(keyTypes[kind])]),
    parse: (answer) => {
      answer.int32();
      throwIfFailed(answer.int16(), `the coordinator of ${key}`);
      answer.string();
      return answer.int32();
    },
  };
}
