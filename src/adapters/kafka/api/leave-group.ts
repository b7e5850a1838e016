import { throwIfFailed } from '../errors';
import type { ApiRequest } from './apis';
import { int32, nullString, string } from './primitives';

/**
 * Takes a member out of its group.
 *
 *     LeaveGroup v3 request  => group_id:STRING [member]
 *       member               => member_id:STRING group_instance_id:NULLABLE_STRING
 *     LeaveGroup v3 response => throttle_time_ms:INT32 error_code:INT16 [member]
 *       member               => member_id:STRING group_instance_id:NULLABLE_STRING error_code:INT16
 */
export function leaveGroup(group: string, memberId: string): ApiRequest<void> {
  return {
    api: 'LeaveGroup',
    body: Buffer.concat([string(group), int32(1), string(memberId), nullString]),
    parse: (answer) => {
      answer.int32();
      throwIfFailed(answer.int16(), `the group ${group}`);
      answer.one('member', () => {
        answer.string();
        answer.string();
        throwIfFailed(answer.int16(), `the member ${memberId} of the group ${group}`);
      });
    },
  };
}
