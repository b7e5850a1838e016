import { throwIfFailed } from '../errors';
import type { ApiRequest } from './apis';
import { bytes, int32, list, nullString, string } from './primitives';

/** A member in one round of its group. */
export interface GroupMemberId {
  readonly group: string;
  readonly generation: number;
  readonly memberId: string;
}

export interface MemberAssignment {
  readonly memberId: string;
  readonly assignment: Buffer;
}

/**
 * Takes the assignment of this member; the leader of the group hands in those of all members.
 *
 *     SyncGroup v3 request  => group_id:STRING generation_id:INT32 member_id:STRING group_instance_id:NULLABLE_STRING
 *                              [assignment]
 *       assignment          => member_id:STRING assignment:BYTES
 *     SyncGroup v3 response => throttle_time_ms:INT32 error_code:INT16 assignment:BYTES
 */
export function syncGroup(
  { group, generation, memberId }: GroupMemberId,
  assignments: readonly MemberAssignment[],
): ApiRequest<Buffer> {
  const body = Buffer.concat([
    string(group),
    int32(generation),
    string(memberId),
    nullString,
    list(assignments, (one) => Buffer.concat([string(one.memberId), bytes(one.assignment)])),
  ]);
  return {
    api: 'SyncGroup',
    body,
    parse: (answer) => {
      answer.int32();
      throwIfFailed(answer.int16(), `the group ${group}`);
      return answer.bytes();
    },
  };
}
