import { throwIfFailed } from '../errors';
import type { ApiRequest } from './apis';
import { int32, nullString, string } from './primitives';
import type { GroupMemberId } from './sync-group';

/**
 * Keeps a member in its group; the answer is an error when the group waits for its members to join again.
 *
 *     Heartbeat v3 request  => group_id:STRING generation_id:INT32 member_id:STRING group_instance_id:NULLABLE_STRING
 *     Heartbeat v3 response => throttle_time_ms:INT32 error_code:INT16
 */
export function heartbeat({ group, generation, memberId }: GroupMemberId): ApiRequest<void> {
  return {
    api: 'Heartbeat',
    body: Buffer.concat([string(group), int32(generation), string(memberId), nullString]),
    parse: (answer) => {
      answer.int32();
      throwIfFailed(answer.int16(), `the group ${group}`);
    },
  };
}
