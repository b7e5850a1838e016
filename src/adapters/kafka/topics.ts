import type { Admin } from 'kafkajs';
import { ConfigResourceTypes } from 'kafkajs';

import type { TopicSpec } from '../../stream/topics';
import { TelltaleError } from '../../errors';
import { BrokerError, TOPIC_AUTHORIZATION_FAILED, isTopicDenied, isUnknownTopic } from './errors';
import type { Connections } from './kafkajs';
import { checkBroker } from './kafkajs';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const TOPIC_ALREADY_EXISTS = 'TOPIC_ALREADY_EXISTS';

/** Makes the topics that are missing, then checks all. May be run again after a failure anywhere. */
export async function ensureTopics(
  { cluster, admin }: Connections,
  specs: readonly TopicSpec[],
  replication: number | null,
): Promise<void> {
  await admin.connect();
  for (const spec of specs) {
    try {
      const partitions = await partitionCount(admin, spec.name);
      if (partitions === null) await create(admin, spec, replication);
      else await check(admin, spec, partitions);
    } catch (error) {
      // kafkajs does not say which one.
      throw isTopicDenied(error) ? new BrokerError(TOPIC_AUTHORIZATION_FAILED, `the topic ${spec.name}`) : error;
    }
  }
  // Kafka answers before every broker knows of a new topic; whoever asks one of them next shall find it.
  await cluster.refreshMetadata();
  for (const nodeId of cluster.getNodeIds()) {
    const broker = await cluster.findBroker({ nodeId: `${nodeId}` });
    checkBroker(broker);
    try {
      await broker.metadata(specs.map(({ name }) => name));
    } catch (error) {
      throw isUnknownTopic(error) ? new BrokerError(5, `a topic is not on broker ${nodeId} yet`) : error;
    }
  }
}

/** Null when there is no such topic. */
async function partitionCount(admin: Admin, name: string): Promise<number | null> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
    return topics[0]?.partitions.length ?? null;
  } catch (error) {
    if (isUnknownTopic(error)) return null;
    throw error;
  }
}

async function create(admin: Admin, spec: TopicSpec, replication: number | null): Promise<void> {
  const { brokers } = await admin.describeCluster();
  const replicationFactor = replication ?? Math.min(3, brokers.length);
  try {
    await admin.createTopics({
      // Where it waits, it rejects a topic that another broker does not know yet.
      waitForLeaders: false,
      topics: [
        {
          topic: spec.name,
          numPartitions: spec.partitions,
          replicationFactor,
          configEntries: Object.entries(settings(spec, replicationFactor)).map(([name, value]) => ({ name, value })),
        },
      ],
    });
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, 'type') === TOPIC_ALREADY_EXISTS) return;
    throw error;
  }
}

/** Documentation of each: https://kafka.apache.org/documentation/#topicconfigs */
function settings({ cleanup, retentionMs }: TopicSpec, replicas: number): Record<string, string> {
  return {
    'cleanup.policy': cleanup,
    'message.timestamp.type': 'CreateTime',
    // What is acknowledged survives the loss of a broker.
    'min.insync.replicas': `${Math.max(1, replicas - 1)}`,
    ...(cleanup === 'compact' ? {} : { 'retention.ms': `${retentionMs}` }),
    // A segment that is still written to is neither compacted nor deleted.
    ...(cleanup === 'delete'
      ? { 'segment.ms': `${DAY_MS}` }
      : { 'segment.ms': `${60 * MINUTE_MS}`, 'segment.bytes': `${16 << 20}`, 'min.cleanable.dirty.ratio': '0.1' }),
  };
}

async function check(admin: Admin, spec: TopicSpec, partitions: number): Promise<void> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: spec.name, configNames: ['cleanup.policy'] }],
  });
  const cleanup =
    resources[0]?.configEntries.find(({ configName }) => configName === 'cleanup.policy')?.configValue ?? '';
  if (partitions === spec.partitions && sorted(cleanup) === sorted(spec.cleanup)) return;
  const is = `The topic ${spec.name} has ${partitions} partitions and clean-up ${cleanup}`;
  const wanted = `not ${spec.partitions} and ${spec.cleanup}`;
  const fix = 'configure the partitions that it has, or mend its cleanup.policy with kafka-configs';
  throw new TelltaleError('TOPIC_MISMATCH', `${is}, ${wanted}: ${fix}.`);
}

/** Kafka gives a list back in the order in which it was set. */
function sorted(list: string): string {
  return list.split(',').sort().join(',');
}
