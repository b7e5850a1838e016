import { throwIfFailed } from '../errors';
import type { ApiRequest } from './apis';
import { bytes, int32, list, nullString, string } from './primitives';

const PROTOCOL_TYPE = 'consumer';

const MEMBER_ID_REQUIRED = 79;

export interface GroupProtocol {
  readonly name: string;
  readonly metadata: Buffer;
}

export interface JoinedGroup {
  readonly memberId: string;
  /** Null when the broker has only given a member id, for a second request. */
  readonly round: JoinedRound | null;
}

export interface JoinedRound {
  readonly generation: number;
  /** The member that assigns the partitions. */
  readonly leaderId: string;
  /** All members, for the leader; empty for the others. */
  readonly memberIds: readonly string[];
}

/**
 * Joins the next round of a group. The broker answers when every member has joined, or has let its time pass.
 *
 *     JoinGroup v5 request  => group_id:STRING session_timeout_ms:INT32 rebalance_timeout_ms:INT32 member_id:STRING
 *                              group_instance_id:NULLABLE_STRING protocol_type:STRING [protocol]
 *       protocol            => name:STRING metadata:BYTES
 *     JoinGroup v5 response => throttle_time_ms:INT32 error_code:INT16 generation_id:INT32 protocol_name:STRING
 *                              leader:STRING member_id:STRING [member]
 *       member              => member_id:STRING group_instance_id:NULLABLE_STRING metadata:BYTES
 */
export function joinGroup(request: {
  readonly group: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** Empty at first. */
  readonly memberId: string;
  readonly protocol: GroupProtocol;
}): ApiRequest<JoinedGroup> {
  const { group, sessionTimeoutMs, rebalanceTimeoutMs, protocol } = request;
  const body = Buffer.concat([
    string(group),
    int32(sessionTimeoutMs),
    int32(rebalanceTimeoutMs),
    string(request.memberId),
    nullString,
    string(PROTOCOL_TYPE),
    list([protocol], ({ name, metadata }) => Buffer.concat([string(name), bytes(metadata)])),
  ]);
  return {
    api: 'JoinGroup',
    body,
    heldBackMs: rebalanceTimeoutMs,
    parse: (answer) => {
      answer.int32();
      const errorCode = answer.int16();
      if (errorCode !== MEMBER_ID_REQUIRED) throwIfFailed(errorCode, `the group ${group}`);
      const generation = answer.int32();
      answer.string();
      const leaderId = answer.string();
      const memberId = answer.string();
      if (errorCode === MEMBER_ID_REQUIRED) return { memberId, round: null };
      const memberIds = answer.each(() => {
        const id = answer.string();
        answer.string();
        answer.bytes();
        return id;
      });
      return { memberId, round: { generation, leaderId, memberIds } };
    },
  };
}
