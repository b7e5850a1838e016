import type { TopicSpec } from '../../stream/topics';
import { TelltaleError } from '../../errors';
import { createTopics } from './api/create-topics';
import { describeTopicConfigs } from './api/describe-configs';
import { listOffsets } from './api/list-offsets';
import type { TopicMetadata } from './api/metadata';
import { metadata } from './api/metadata';
import type { Broker, Connections } from './connections';
import { BrokerError, brokerErrors } from './errors';
import type { KafkaEventLogOptions } from './options';
import { checkVersions } from './versions';

/** What a writer accepts: the default limit of Kafka's brokers is a little larger. */
export const MAX_BATCH_BYTES = 1 << 20;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Makes the topics that are missing, then checks all. May be run again after a failure anywhere. */
export async function ensureTopics(
  connections: Connections,
  specs: readonly TopicSpec[],
  options: Pick<KafkaEventLogOptions, 'replication' | 'requestTimeoutMs'>,
): Promise<void> {
  const existing = await existingTopics(await connections.anyBroker(), specs);
  const missing = specs.filter(({ name }) => !existing.has(name));
  await checkTopics(
    connections,
    specs.flatMap((spec) => (existing.has(spec.name) ? [{ spec, partitions: existing.get(spec.name) ?? 0 }] : [])),
  );
  if (missing.length > 0) await create(connections, missing, options);
  // Kafka answers before every broker knows of a new topic, and the next request may go to any of them.
  for (const broker of await connections.allBrokers()) {
    checkVersions(broker);
    const known = await existingTopics(broker, specs);
    if (specs.every(({ name }) => known.has(name))) continue;
    throw new BrokerError(brokerErrors.LEADER_NOT_AVAILABLE.code, `a topic is not on broker ${broker.id} yet`);
  }
}

/** The partition counts of those topics that a broker knows. */
async function existingTopics(broker: Broker, specs: readonly TopicSpec[]): Promise<ReadonlyMap<string, number>> {
  const known = new Map<string, number>();
  for (const topic of await broker.send(metadata(specs.map(({ name }) => name)))) {
    if (topic.errorCode === brokerErrors.UNKNOWN_TOPIC_OR_PARTITION.code) continue;
    const errorCode = firstError(topic);
    if (errorCode !== 0) throw new BrokerError(errorCode, `the topic ${topic.topic}`);
    known.set(topic.topic, topic.partitions.length);
  }
  return known;
}

function firstError({ errorCode, partitions }: TopicMetadata): number {
  return [errorCode, ...partitions.map((partition) => partition.errorCode)].find((code) => code !== 0) ?? 0;
}

async function create(
  connections: Connections,
  specs: readonly TopicSpec[],
  { replication, requestTimeoutMs }: Pick<KafkaEventLogOptions, 'replication' | 'requestTimeoutMs'>,
): Promise<void> {
  const replicas = replication ?? Math.min(3, (await connections.allBrokers()).length);
  const topics = specs.map((spec) => {
    return { name: spec.name, partitions: spec.partitions, replicas, settings: settings(spec, replicas) };
  });
  const controller = await connections.controller();
  for (const { name, errorCode, message } of await controller.send(createTopics(topics, requestTimeoutMs))) {
    if (errorCode === 0) continue;
    // Another program was faster, or the broker that was asked did not know of the topic yet: it is checked at the next try.
    const isThere = errorCode === brokerErrors.TOPIC_ALREADY_EXISTS.code;
    const code = isThere ? brokerErrors.LEADER_NOT_AVAILABLE.code : errorCode;
    throw new BrokerError(code, `the topic ${name}`, { detail: message });
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
    // Acknowledged data survives the loss of a broker.
    'min.insync.replicas': `${Math.max(1, replicas - 1)}`,
    ...(cleanup === 'compact' ? {} : { 'retention.ms': `${retentionMs}` }),
    // Kafka never compacts or deletes the segment that is being written.
    ...(cleanup === 'delete'
      ? { 'segment.ms': `${DAY_MS}` }
      : { 'segment.ms': `${60 * MINUTE_MS}`, 'segment.bytes': `${16 << 20}`, 'min.cleanable.dirty.ratio': '0.1' }),
  };
}

export interface ExistingTopic {
  readonly spec: TopicSpec;
  readonly partitions: number;
}

/** @throws TOPIC_MISMATCH that names every difference of the first topic that has one */
export async function checkTopics(connections: Connections, topics: readonly ExistingTopic[]): Promise<void> {
  if (topics.length === 0) return;
  const request = describeTopicConfigs(
    topics.map(({ spec }) => spec.name),
    settingNames,
  );
  const broker = await connections.anyBroker();
  const described = new Map((await broker.send(request)).map(({ topic, settings }) => [topic, settings]));
  for (const { spec, partitions } of topics) {
    const differences = wantedSettings(spec).flatMap(({ setting, value, accepts }) => {
      const is = described.get(spec.name)?.get(setting) ?? '';
      return accepts(is) ? [] : [`${setting} ${is}, not ${value}`];
    });
    if (!(await fits(connections, spec, partitions))) {
      differences.unshift(`${partitions} partitions, not ${spec.partitions}`);
    }
    if (differences.length === 0) continue;
    const fix =
      'Set eventLog.partitions to the number that it was made with, and correct its settings with kafka-configs.sh';
    throw new TelltaleError('TOPIC_MISMATCH', `The topic ${spec.name} has ${differences.join('; ')}. ${fix}.`);
  }
}

/** True when the partitions that a topic has besides the wanted ones were never used. */
async function fits(connections: Connections, { name, partitions: wanted }: TopicSpec, has: number): Promise<boolean> {
  for (let partition = wanted; partition < has; partition++) {
    const leader = await connections.leader(name, partition);
    if ((await leader.send(listOffsets(name, partition, 'end'))) > 0) return false;
  }
  return has >= wanted;
}

const settingNames = [
  'cleanup.policy',
  'message.timestamp.type',
  'compression.type',
  'min.compaction.lag.ms',
  'max.message.bytes',
] as const;

interface WantedSetting {
  readonly setting: (typeof settingNames)[number];
  readonly value: string;
  readonly accepts: (is: string) => boolean;
}

/** The settings that an existing topic must have. */
function wantedSettings(spec: TopicSpec): readonly WantedSetting[] {
  const { cleanup, compactionLagMs = 0, compression = 'producer', timestamps = 'create' } = spec;
  const largestBatch = spec.largestBatch ?? { bytes: MAX_BATCH_BYTES, setting: null };
  // A spec that asks for no compression accepts all that readers can read.
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
    {
      setting: 'max.message.bytes',
      value: `${largestBatch.bytes} or more${largestBatch.setting === null ? '' : ` (raise it, or lower ${largestBatch.setting})`}`,
      // A broker that does not tell has its default, which is larger.
      accepts: (is) => is === '' || Number(is) >= largestBatch.bytes,
    },
  ];
}

/** Kafka returns a list in the order in which it was set. */
function sorted(list: string): string {
  return list.split(',').sort().join(',');
}
