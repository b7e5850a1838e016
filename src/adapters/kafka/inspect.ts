import { TelltaleError } from '../../errors';
import { encodeRecords } from '../../records/record-batch';
import { crc32c } from '../native/checksums';
import type { KafkaFacts, KafkaTopicFacts } from '../../doctor/kafka';
import type { WriterOptions } from '../../ports/event-log';
import type { TopicSpec } from '../../stream/topics';
import { Waiting } from '../waiting';
import { metadata, type TopicMetadata } from './api/metadata';
import { KafkaClient } from './client';
import type { Connections } from './connections';
import { brokerErrors } from './errors';
import type { KafkaEventLogOptions } from './options';
import { checkRights } from './rights';
import { checkTopics } from './topics';
import { checkVersions } from './versions';
import { KafkaWriter } from './writer';

/** A program, by the writer that it would open; its transactional id is one that no program has. */
export interface InspectedProgram extends WriterOptions {
  readonly program: string;
}

/**
 * Reads the state of a cluster and the rights of this user. Makes no topic and commits nothing: one transaction is opened
 * and aborted.
 * @throws EVENT_LOG when no broker can be reached
 */
export async function inspectKafka(
  options: KafkaEventLogOptions,
  specs: readonly TopicSpec[],
  programs: readonly InspectedProgram[],
  signal: AbortSignal,
): Promise<KafkaFacts> {
  const client = new KafkaClient(options, new Waiting());
  try {
    const cluster = await client.run('Cannot read the state of Kafka', signal, async (connections) => {
      const brokers = await connections.allBrokers();
      for (const broker of brokers) checkVersions(broker);
      const known = await (await connections.anyBroker()).send(metadata(specs.map(({ name }) => name)));
      return {
        brokers: brokers.length,
        topics: topicsOf(known),
        mismatch: await mismatchOf(connections, specs, known),
      };
    });
    const rights = await client.run('Cannot read the rights', signal, (connections) =>
      Promise.all(programs.map(async (each) => ({ program: each.program, denied: await deniedTo(connections, each) }))),
    );
    const allowed = programs.find(({ program }) =>
      rights.some((right) => right.program === program && right.denied === null),
    );
    const written = allowed?.writes.find((topic) =>
      cluster.topics.some(({ name, exists }) => name === topic && exists),
    );
    return { ...cluster, rights, ...(await tryTransaction(options, allowed, written, signal)) };
  } finally {
    client.disconnect();
  }
}

function topicsOf(known: readonly TopicMetadata[]): readonly KafkaTopicFacts[] {
  return known.map(({ topic, errorCode, partitions }) => ({
    name: topic,
    exists: errorCode !== brokerErrors.UNKNOWN_TOPIC_OR_PARTITION.code,
    replicas: Math.min(...partitions.map(({ replicas }) => replicas)),
    inSync: Math.min(...partitions.map(({ inSync }) => inSync)),
  }));
}

async function mismatchOf(
  connections: Connections,
  specs: readonly TopicSpec[],
  known: readonly TopicMetadata[],
): Promise<string | null> {
  const existing = specs.flatMap((spec) => {
    const found = known.find(({ topic, errorCode }) => topic === spec.name && errorCode === 0);
    return found === undefined ? [] : [{ spec, partitions: found.partitions.length }];
  });
  try {
    await checkTopics(connections, existing);
    return null;
  } catch (error) {
    if (error instanceof TelltaleError && error.code === 'TOPIC_MISMATCH') return error.message;
    throw error;
  }
}

async function deniedTo(
  connections: Connections,
  { program, reads, writes }: InspectedProgram,
): Promise<string | null> {
  try {
    await checkRights(`The ${program} cannot work`, connections, { reads, writes });
    return null;
  } catch (error) {
    if (error instanceof TelltaleError && error.code === 'EVENT_LOG_DENIED') return error.message;
    throw error;
  }
}

/** The record of the transaction that is aborted: no reader ever sees it. */
const NOTHING = { key: Buffer.from('telltale doctor'), value: null, headers: [], timestamp: 0 };

async function tryTransaction(
  options: KafkaEventLogOptions,
  program: InspectedProgram | undefined,
  topic: string | undefined,
  signal: AbortSignal,
): Promise<Pick<KafkaFacts, 'transactions' | 'problem'>> {
  if (program === undefined) return { transactions: null, problem: null };
  try {
    const writer = await KafkaWriter.open(options, program, signal, new Waiting());
    try {
      const transaction = writer.begin();
      if (topic !== undefined) await transaction.append(topic, 0, encodeRecords([NOTHING], crc32c));
      await transaction.abort();
    } finally {
      await writer.close();
    }
    return { transactions: 'work', problem: null };
  } catch (error) {
    return { transactions: 'fail', problem: error instanceof Error ? error.message : String(error) };
  }
}
