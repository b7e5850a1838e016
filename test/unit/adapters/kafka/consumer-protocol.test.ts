import { AssignerProtocol } from 'kafkajs';

import {
  assignRoundRobin,
  assignedPartitions,
  subscription,
} from '../../../../src/adapters/kafka/api/consumer-protocol';

/** Members of the version before, which is kafkajs' protocol, join the same group while programs are updated one by one. */
describe('the protocol between members of a group', () => {
  it('subscribes as kafkajs reads it', () => {
    const { name, metadata } = subscription('logs');
    expect(name).toBe('RoundRobinAssigner');
    expect(AssignerProtocol.MemberMetadata.decode(metadata)).toMatchObject({ version: 0, topics: ['logs'] });
  });

  it('assigns as kafkajs reads it, each partition to one member', () => {
    const assignments = assignRoundRobin('logs', [0, 1, 2, 3, 4], ['b', 'a']);
    const read = assignments.map(({ memberId, assignment }) => {
      const decoded = AssignerProtocol.MemberAssignment.decode(assignment);
      return [memberId, decoded?.assignment];
    });
    expect(read).toEqual([
      ['a', { logs: [0, 2, 4] }],
      ['b', { logs: [1, 3] }],
    ]);
  });

  it('leaves out a member for which no partition is left', () => {
    expect(assignRoundRobin('logs', [0], ['a', 'b']).map(({ memberId }) => memberId)).toEqual(['a']);
  });

  it('reads an assignment of kafkajs', () => {
    const assignment = AssignerProtocol.MemberAssignment.encode({
      version: 0,
      assignment: { logs: [3, 1], outbox: [0] },
      userData: Buffer.alloc(0),
    });
    expect(assignedPartitions('logs', assignment)).toEqual([3, 1]);
    expect(assignedPartitions('windows', assignment)).toEqual([]);
    expect(assignedPartitions('logs', Buffer.alloc(0))).toEqual([]);
  });
});
