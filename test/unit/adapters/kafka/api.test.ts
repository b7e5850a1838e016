import { createRequire } from 'node:module';

import { addOffsetsToTxn } from '../../../../src/adapters/kafka/api/add-offsets-to-txn';
import { addPartitionToTxn } from '../../../../src/adapters/kafka/api/add-partitions-to-txn';
import type { ApiRequest } from '../../../../src/adapters/kafka/api/apis';
import { createTopics } from '../../../../src/adapters/kafka/api/create-topics';
import { describeTopicConfigs } from '../../../../src/adapters/kafka/api/describe-configs';
import { endTxn } from '../../../../src/adapters/kafka/api/end-txn';
import { fetch } from '../../../../src/adapters/kafka/api/fetch';
import { findCoordinator } from '../../../../src/adapters/kafka/api/find-coordinator';
import { heartbeat } from '../../../../src/adapters/kafka/api/heartbeat';
import { initProducerId } from '../../../../src/adapters/kafka/api/init-producer-id';
import { joinGroup } from '../../../../src/adapters/kafka/api/join-group';
import { leaveGroup } from '../../../../src/adapters/kafka/api/leave-group';
import { listOffsets } from '../../../../src/adapters/kafka/api/list-offsets';
import { offsetFetch } from '../../../../src/adapters/kafka/api/offset-fetch';
import {
  AnswerReader,
  bytes,
  int16,
  int32,
  int64,
  nullString,
  string,
} from '../../../../src/adapters/kafka/api/primitives';
import { syncGroup } from '../../../../src/adapters/kafka/api/sync-group';
import { BrokerError } from '../../../../src/adapters/kafka/errors';

const producer = { transactionalId: 'telltale-counting-7', producerId: 4_000_000_000n, producerEpoch: 3 };
const ids = { transactionalId: 'telltale-counting-7', producerId: '4000000000', producerEpoch: 3 };
const member = { group: 'telltale-counting', generation: 5, memberId: 'm-1' };

type EncoderOf = (request: object) => { encode(): Promise<{ readonly buffer: Buffer }> };
const insides = createRequire(__filename);

/** The request as kafkajs encodes it, in a version with the same layout. */
async function encodedByKafkajs(path: string, request: object): Promise<Buffer> {
  const encoder = insides(`kafkajs/src/protocol/requests/${path}/request`) as EncoderOf;
  return (await encoder(request).encode()).buffer;
}

describe('the requests to Kafka', () => {
  const cases: [string, ApiRequest<unknown>, string, object][] = [
    [
      'InitProducerId',
      initProducerId('telltale-counting-7', 60_000),
      'initProducerId/v1',
      { transactionalId: 'telltale-counting-7', transactionTimeout: 60_000 },
    ],
    [
      'AddPartitionsToTxn',
      addPartitionToTxn(producer, 'windows', 7),
      'addPartitionsToTxn/v1',
      { ...ids, topics: [{ topic: 'windows', partitions: [7] }] },
    ],
    [
      'AddOffsetsToTxn',
      addOffsetsToTxn(producer, 'telltale-counting'),
      'addOffsetsToTxn/v1',
      { ...ids, groupId: 'telltale-counting' },
    ],
    ['EndTxn, commit', endTxn(producer, 'commit'), 'endTxn/v1', { ...ids, transactionResult: true }],
    ['EndTxn, abort', endTxn(producer, 'abort'), 'endTxn/v1', { ...ids, transactionResult: false }],
    [
      'FindCoordinator',
      findCoordinator('transaction', 'telltale-mailer'),
      'findCoordinator/v2',
      { coordinatorKey: 'telltale-mailer', coordinatorType: 1 },
    ],
    [
      'JoinGroup',
      joinGroup({
        group: 'telltale-counting',
        sessionTimeoutMs: 15_000,
        rebalanceTimeoutMs: 60_000,
        memberId: '',
        protocol: { name: 'RoundRobinAssigner', metadata: Buffer.from('metadata') },
      }),
      'joinGroup/v5',
      {
        groupId: 'telltale-counting',
        sessionTimeout: 15_000,
        rebalanceTimeout: 60_000,
        memberId: '',
        protocolType: 'consumer',
        groupProtocols: [{ name: 'RoundRobinAssigner', metadata: Buffer.from('metadata') }],
      },
    ],
    [
      'SyncGroup',
      syncGroup(member, [{ memberId: 'm-2', assignment: Buffer.from('assignment') }]),
      'syncGroup/v3',
      {
        groupId: 'telltale-counting',
        generationId: 5,
        memberId: 'm-1',
        groupAssignment: [{ memberId: 'm-2', memberAssignment: Buffer.from('assignment') }],
      },
    ],
    [
      'Heartbeat',
      heartbeat(member),
      'heartbeat/v3',
      { groupId: 'telltale-counting', groupGenerationId: 5, memberId: 'm-1', groupInstanceId: null },
    ],
    [
      'LeaveGroup',
      leaveGroup('telltale-counting', 'm-1'),
      'leaveGroup/v3',
      { groupId: 'telltale-counting', members: [{ memberId: 'm-1' }] },
    ],
    [
      'OffsetFetch',
      offsetFetch('telltale-counting', 'logs', 7),
      'offsetFetch/v4',
      { groupId: 'telltale-counting', topics: [{ topic: 'logs', partitions: [{ partition: 7 }] }] },
    ],
    [
      'ListOffsets',
      listOffsets('logs', 7, 'start'),
      'listOffsets/v2',
      {
        replicaId: -1,
        isolationLevel: 1,
        topics: [{ topic: 'logs', partitions: [{ partition: 7, timestamp: '-2' }] }],
      },
    ],
    [
      'CreateTopics',
      createTopics([{ name: 'logs', partitions: 10, replicas: 3, settings: { 'cleanup.policy': 'delete' } }], 30_000),
      'createTopics/v3',
      {
        topics: [
          {
            topic: 'logs',
            numPartitions: 10,
            replicationFactor: 3,
            configEntries: [{ name: 'cleanup.policy', value: 'delete' }],
          },
        ],
        timeout: 30_000,
      },
    ],
    [
      'DescribeConfigs',
      describeTopicConfigs(['logs'], ['cleanup.policy', 'compression.type']),
      'describeConfigs/v2',
      { resources: [{ type: 2, name: 'logs', configNames: ['cleanup.policy', 'compression.type'] }] },
    ],
  ];

  it.each(cases)('encode %s as kafkajs does', async (_name, { body }, path, request) => {
    expect(body.toString('hex')).toBe((await encodedByKafkajs(path, request)).toString('hex'));
  });
});

describe('the answers of Kafka', () => {
  const parse = <T>(request: ApiRequest<T>, ...parts: readonly Buffer[]): T =>
    request.parse(new AnswerReader(Buffer.concat(parts)));
  const throttle = int32(0);

  it('give a new producer its id and epoch, or throw the error', () => {
    const request = initProducerId('id', 1);
    expect(parse(request, throttle, int16(0), int64(17), int16(4))).toEqual({
      transactionalId: 'id',
      producerId: 17n,
      producerEpoch: 4,
    });
    const fenced = (): unknown => parse(request, throttle, int16(90), int64(-1), int16(-1));
    expect(fenced).toThrow(BrokerError);
    expect(fenced).toThrow('error 90 (PRODUCER_FENCED)');
  });

  it('give a member that joins without an id only its id', () => {
    const request = joinGroup({
      group: 'g',
      sessionTimeoutMs: 1,
      rebalanceTimeoutMs: 1,
      memberId: '',
      protocol: { name: 'p', metadata: Buffer.alloc(0) },
    });
    const empty = [int32(-1), nullString, string(''), string('m-1'), int32(0)];
    expect(parse(request, throttle, int16(79), ...empty)).toEqual({ memberId: 'm-1', round: null });
  });

  it('give the leader of a group all its members', () => {
    const request = joinGroup({
      group: 'g',
      sessionTimeoutMs: 1,
      rebalanceTimeoutMs: 1,
      memberId: 'm-1',
      protocol: { name: 'p', metadata: Buffer.alloc(0) },
    });
    const members = ['m-1', 'm-2'].flatMap((id) => [string(id), nullString, bytes(Buffer.from('metadata'))]);
    const round = [int32(5), string('p'), string('m-1'), string('m-1'), int32(2), ...members];
    expect(parse(request, throttle, int16(0), ...round)).toEqual({
      memberId: 'm-1',
      round: { generation: 5, leaderId: 'm-1', memberIds: ['m-1', 'm-2'] },
    });
  });

  it.each([
    [41, 41],
    [-1, null],
  ])('give a committed offset of %d as %s', (stored, offset) => {
    const partition = [int32(7), int64(stored), int32(-1), nullString, int16(0)];
    const answer = [throttle, int32(1), string('logs'), int32(1), ...partition, int16(0)];
    expect(parse(offsetFetch('g', 'logs', 7), ...answer)).toBe(offset);
  });

  it('give records, aborted transactions and the last stable offset of a fetch', () => {
    const request = fetch({ topic: 'logs', partition: 7, offset: 3, maxBytes: 1, waitMs: 0 });
    const aborted = [int32(1), int64(17), int64(5)];
    const partition = [int32(7), int16(0), int64(12), int64(9), int64(0), ...aborted, int32(-1)];
    const head = [int32(0), int16(0), int32(0), int32(1), string('logs'), int32(1)];
    expect(parse(request, ...head, ...partition, bytes(Buffer.from('records')))).toEqual({
      lastStableOffset: 9,
      highWatermark: 12,
      aborted: [{ producerId: 17n, firstOffset: 5 }],
      records: Buffer.from('records'),
      throttled: false,
    });
  });

  it('throw the error of one topic in a list, with its name', () => {
    const denied = [int16(29), nullString, Buffer.from([2]), string('outbox'), int32(0)];
    const parsing = (): unknown => parse(describeTopicConfigs(['outbox'], []), throttle, int32(1), ...denied);
    expect(parsing).toThrow('the topic outbox: the broker answered with error 29 (TOPIC_AUTHORIZATION_FAILED)');
  });
});
