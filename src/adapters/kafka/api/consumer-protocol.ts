import { AnswerReader, bytes, int16, int32, list, string } from './primitives';
import type { GroupProtocol } from './join-group';
import type { MemberAssignment } from './sync-group';

/**
 * The data that consumers put into JoinGroup and SyncGroup. Brokers pass it on without reading it.
 *
 *     Subscription v0 => version:INT16 [topic:STRING] user_data:BYTES
 *     Assignment v0   => version:INT16 [topic] user_data:BYTES
 *       topic         => name:STRING [partition:INT32]
 */

const VERSION = 0;

/** The strategy by its name in the group protocol: all members of a group must have the same, those of older versions too. */
const ROUND_ROBIN = 'RoundRobinAssigner';

/** Subscribes to one topic, and offers to assign its partitions. */
export function subscription(topic: string): GroupProtocol {
  return {
    name: ROUND_ROBIN,
    metadata: Buffer.concat([int16(VERSION), list([topic], string), bytes(Buffer.alloc(0))]),
  };
}

/** Assigns the partitions to the members in turn, in the order of the members' ids. */
export function assignRoundRobin(
  topic: string,
  partitions: readonly number[],
  memberIds: readonly string[],
): readonly MemberAssignment[] {
  const ordered = [...memberIds].sort();
  return ordered
    .map((memberId, i) => ({ memberId, share: partitions.filter((_, n) => n % ordered.length === i) }))
    .filter(({ share }) => share.length > 0)
    .map(({ memberId, share }) => ({ memberId, assignment: encodeAssignment(topic, share) }));
}

function encodeAssignment(topic: string, partitions: readonly number[]): Buffer {
  return Buffer.concat([int16(VERSION), int32(1), string(topic), list(partitions, int32), bytes(Buffer.alloc(0))]);
}

/** The partitions of a topic in an assignment, which is empty when the member has none. */
export function assignedPartitions(topic: string, assignment: Buffer): readonly number[] {
  if (assignment.length === 0) return [];
  const reader = new AnswerReader(assignment);
  reader.int16();
  const topics = reader.each(() => ({ name: reader.string(), partitions: reader.each(() => reader.int32()) }));
  return topics.filter(({ name }) => name === topic).flatMap(({ partitions }) => partitions);
}
