import { createSecureContext } from 'node:tls';

import type { TopicSpec } from '../../stream/topics';
import { TelltaleError } from '../../errors';
import type {
  AssignmentListener,
  EventLog,
  EventReader,
  EventWriter,
  GroupMembership,
  WriterOptions,
} from '../../ports/event-log';
import { KafkaClient, leaderOf } from './client';
import { FetchClients } from './fetch-clients';
import { KafkaGroupMember } from './group';
import { anyBroker, checkBroker, checkKafkajs } from './kafkajs';
import type { KafkaEventLogOptions, KafkaTls } from './options';
import { KafkaReader } from './reader';
import { checkMembership, checkRights } from './rights';
import { ensureTopics } from './topics';
import { KafkaWriter } from './writer';

/**
 * Opens an event log that is a Kafka cluster: 2.4 or newer, with transactions.
 * @throws EVENT_LOG when no broker can be reached, EVENT_LOG_DENIED, EVENT_LOG_UNSUPPORTED; CONFIG for what is no PEM
 */
export async function openKafkaEventLog(options: KafkaEventLogOptions): Promise<EventLog> {
  checkKafkajs();
  checkTls(options.tls);
  const log = new KafkaEventLog(options);
  try {
    await log.checkCluster();
    return log;
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** kafkajs takes a file that is no PEM for a broker that cannot be reached. */
function checkTls(tls: KafkaTls | null): void {
  if (tls === null) return;
  const [ca, cert, key] = [tls.ca, tls.cert, tls.key].map((pem) => pem ?? undefined);
  try {
    createSecureContext({ ca, cert, key });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `eventLog.kafka.tls: ca, cert and key must be PEM files, and the key the one of the certificate`;
    throw new TelltaleError('CONFIG', `${message} (${reason}).`, { cause });
  }
}

class KafkaEventLog implements EventLog {
  /** For short requests of all kinds; whatever waits has connections of its own. */
  private readonly client: KafkaClient;
  private readonly fetchClients: FetchClients;
  private readonly writers = new Set<KafkaWriter>();
  private readonly memberships = new Set<GroupMembership>();
  private readonly closed = new AbortController();
  private closing: Promise<void> | null = null;

  constructor(private readonly options: KafkaEventLogOptions) {
    this.client = new KafkaClient(options);
    this.fetchClients = new FetchClients(options);
  }

  checkCluster(): Promise<void> {
    const what = `Cannot use the Kafka at ${this.options.brokers.join(', ')}`;
    return this.client.run(what, this.closed.signal, async ({ cluster }) => {
      checkBroker(await anyBroker(cluster));
    });
  }

  ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    return this.client.run('Cannot make the topics', this.closed.signal, (connections) =>
      ensureTopics(connections, topics, this.options.replication),
    );
  }

  async openWriter(writerOptions: WriterOptions): Promise<EventWriter> {
    // A program without write permission must not fence one that has it.
    const what = `Cannot open the writer ${writerOptions.id}`;
    await this.client.run(what, this.closed.signal, (connections) => checkRights(what, connections, writerOptions));
    const writer = await KafkaWriter.open(this.options, writerOptions, this.closed.signal);
    this.writers.add(writer);
    writer.closed.addEventListener('abort', () => this.writers.delete(writer), { once: true });
    return writer;
  }

  openReader(topic: string, partition: number, offset: number): EventReader {
    this.checkOpen();
    return new KafkaReader(topic, partition, offset, {
      options: this.options,
      clients: this.fetchClients,
      closed: this.closed.signal,
      offsets: (ofTopic, ofPartition) => this.offsets(ofTopic, ofPartition),
    });
  }

  offsets(topic: string, partition: number): Promise<{ start: number; end: number }> {
    const what = `Cannot read the offsets of ${topic}/${partition}`;
    return this.client.run(what, this.closed.signal, async (connections) => {
      await leaderOf(connections, topic, partition);
      const offset = async (fromBeginning: boolean): Promise<number> => {
        const asked = { topic, partitions: [{ partition }], fromBeginning };
        const [answer] = await connections.cluster.fetchTopicsOffset([asked]);
        return Number(answer?.partitions[0]?.offset);
      };
      return { start: await offset(true), end: await offset(false) };
    });
  }

  async joinGroup(group: string, topic: string, listener: AssignmentListener): Promise<GroupMembership> {
    // What makes joining hopeless is told at once; what fails later is tried again.
    const what = `Cannot join the group ${group}`;
    await this.client.run(what, this.closed.signal, async (connections) => {
      await checkRights(what, connections, { reads: [topic], writes: [] });
      await leaderOf(connections, topic, 0);
      await checkMembership(connections, group);
    });
    const member = new KafkaGroupMember(this.options, group, topic, listener);
    const membership: GroupMembership = {
      confirm: (signal) => member.confirm(signal),
      leave: async () => {
        await member.leave();
        this.memberships.delete(membership);
      },
    };
    this.memberships.add(membership);
    return membership;
  }

  groupOffset(group: string, topic: string, partition: number): Promise<number | null> {
    const what = `Cannot read the offset of ${group}`;
    return this.client.run(what, this.closed.signal, async (connections) => {
      await leaderOf(connections, topic, partition);
      const coordinator = await connections.groupCoordinator(group);
      const topics = [{ topic, partitions: [{ partition, offset: '' }] }];
      const { responses } = await coordinator.offsetFetch({ groupId: group, topics });
      const offset = Number(responses[0]?.partitions[0]?.offset ?? -1);
      return offset < 0 ? null : offset;
    });
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    // Members leave first: what they are asked to give up, they may still have to write.
    await Promise.all([...this.memberships].map((membership) => membership.leave()));
    await Promise.all([...this.writers].map((writer) => writer.close()));
    this.closed.abort();
    this.fetchClients.close();
    this.client.disconnect();
  }

  private checkOpen(): void {
    if (!this.closed.signal.aborted) return;
    throw new TelltaleError('CLOSED', `The event log at ${this.options.brokers.join(', ')} is closed: open it again.`);
  }
}
