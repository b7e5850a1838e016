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

const timestampTypes = { create: 'CreateTime', append: 'LogAppendTime' } as const;

/** Documentation of each: https://kafka.apache.org/documentation/#topicconfigs */
function settings(spec: TopicSpec, replicas: number): Record<string, string> {
  const { cleanup, retentionMs, compactionLagMs = 0, compression = 'producer', timestamps = 'create' } = spec;
  return {
    'cleanup.policy': cleanup,
    'message.timestamp.type': timestampTypes[timestamps],
    'compression.type': compression,
    ...(compactionLagMs === 0 ? {} : { 'min.compaction.lag.ms': `${compactionLagMs}` }),
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
  const wanted = wantedSettings(spec);
  const configNames = wanted.map(({ setting }) => setting);
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: spec.name, configNames }],
  });
  const entries = resources[0]?.configEntries ?? [];
  const differences = wanted.flatMap(({ setting, value, accepts }) => {
    const is = entries.find(({ configName }) => configName === setting)?.configValue ?? '';
    return accepts(is) ? [] : [`${setting} ${is}, not ${value}`];
  });
  if (partitions !== spec.partitions) differences.unshift(`${partitions} partitions, not ${spec.partitions}`);
  if (differences.length === 0) return;
  const fix = 'Configure the partitions that it has, and correct its settings with kafka-configs.sh';
  throw new TelltaleError('TOPIC_MISMATCH', `The topic ${spec.name} has ${differences.join('; ')}. ${fix}.`);
}

interface WantedSetting {
  readonly setting: string;
  readonly value: string;
  readonly accepts: (is: string) => boolean;
}

/** What an existing topic must have. What goes beyond the spec without harm is accepted. */
function wantedSettings(spec: TopicSpec): readonly WantedSetting[] {
  const { cleanup, compactionLagMs = 0, compression = 'producer', timestamps = 'create' } = spec;
  // Without a wish for compression, everything that readers can read will do.
  const readable = compression === 'producer' ? ['producer', 'uncompressed', 'gzip'] : [compression];
  const timestampType = timestampTypes[timestamps];
  return [
    { setting: 'cleanup.policy', value: cleanup, accepts: (is) => sorted(is) === sorted(cleanup) },
    { setting: 'message.timestamp.type', value: timestampType, accepts: (is) => is === timestampType },
    { setting: 'compression.type', value: compression, accepts: (is) => readable.includes(is) },
    {
      setting: 'min.compaction.lag.ms',
      value: `${compactionLagMs}`,
      accepts: (is) => Number(is) >= compactionLagMs,
    },
  ];
}

/** Kafka gives a list back in the order in which it was set. */
function sorted(list: string): string {
  return list.split(',').sort().join(',');
}
