import { setMaxListeners } from 'node:events';
import { createSecureContext } from 'node:tls';

import type { TopicSpec } from '../../stream/topics';
import { TelltaleError } from '../../errors';
import type {
  AssignmentListener,
  EventLog,
  EventLogProblem,
  EventReader,
  EventWriter,
  GroupMembership,
  WriterOptions,
} from '../../ports/event-log';
import { listOffsets } from './api/list-offsets';
import { offsetFetch } from './api/offset-fetch';
import { Memberships } from '../memberships';
import { KafkaClient } from './client';
import { FetchClients } from './fetch-clients';
import { KafkaGroupMember } from './group';
import { checkKafkajs } from './kafkajs';
import type { KafkaEventLogOptions, KafkaTls } from './options';
import { KafkaReader } from './reader';
import { checkMembership, checkRights } from './rights';
import { ensureTopics } from './topics';
import { checkVersions } from './versions';
import { Waiting } from '../waiting';
import { KafkaWriter } from './writer';

/**
 * Opens an event log that is a Kafka cluster: 2.4 or newer, with transactions.
 * @throws EVENT_LOG when no broker can be reached, EVENT_LOG_DENIED, EVENT_LOG_UNSUPPORTED; CONFIG when a certificate or
 * key is not PEM
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

/** Without this check, kafkajs would report a file that is not PEM as a broker that cannot be reached. */
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
  /** For short requests of all kinds; requests that wait have connections of their own. */
  private readonly client: KafkaClient;
  private readonly fetchClients: FetchClients;
  private readonly writers = new Set<KafkaWriter>();
  private readonly memberships = new Memberships();
  private readonly members: KafkaGroupMember[] = [];
  private readonly waiting = new Waiting();
  private readonly closed = new AbortController();
  private closing: Promise<void> | null = null;

  constructor(private readonly options: KafkaEventLogOptions) {
    this.client = new KafkaClient(options, this.waiting);
    this.fetchClients = new FetchClients(options, this.waiting);
    // One listener for each call under way, and their number has no bound.
    setMaxListeners(0, this.closed.signal);
  }

  checkCluster(): Promise<void> {
    const what = `Cannot use the Kafka at ${this.options.brokers.join(', ')}`;
    return this.client.run(what, this.closed.signal, async (connections) => {
      checkVersions(await connections.anyBroker());
    });
  }

  ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    return this.client.run('Cannot make the topics', this.closed.signal, (connections) =>
      ensureTopics(connections, topics, this.options),
    );
  }

  async openWriter(writerOptions: WriterOptions): Promise<EventWriter> {
    // A program without write permission must not fence one that has it.
    const what = `Cannot open the writer ${writerOptions.id}`;
    await this.client.run(what, this.closed.signal, (connections) => checkRights(what, connections, writerOptions));
    const writer = await KafkaWriter.open(this.options, writerOptions, this.closed.signal, this.waiting);
    this.writers.add(writer);
    writer.closed.addEventListener('abort', () => this.writers.delete(writer), { once: true });
    return writer;
  }

  openReader(topic: string, partition: number, offset: number): EventReader {
    this.checkOpen();
    return new KafkaReader(topic, partition, offset, {
      options: this.options,
      clients: this.fetchClients,
      waiting: this.waiting,
      closed: this.closed.signal,
      offsets: (ofTopic, ofPartition) => this.offsets(ofTopic, ofPartition),
    });
  }

  offsets(topic: string, partition: number): Promise<{ start: number; end: number }> {
    const what = `Cannot read the offsets of ${topic}/${partition}`;
    return this.client.run(what, this.closed.signal, async (connections) => {
      const leader = await connections.leader(topic, partition);
      const start = await leader.send(listOffsets(topic, partition, 'start'));
      return { start, end: await leader.send(listOffsets(topic, partition, 'end')) };
    });
  }

  async joinGroup(group: string, topic: string, listener: AssignmentListener): Promise<GroupMembership> {
    // Throws errors that no retry can repair. After later errors, the member retries.
    const what = `Cannot join the group ${group}`;
    await this.client.run(what, this.closed.signal, async (connections) => {
      await checkRights(what, connections, { reads: [topic], writes: [] });
      await connections.leader(topic, 0);
      await checkMembership(connections, group);
    });
    const member = new KafkaGroupMember(this.options, group, topic, listener, this.waiting);
    this.members.push(member);
    return this.memberships.add(member);
  }

  groupOffset(group: string, topic: string, partition: number): Promise<number | null> {
    const what = `Cannot read the offset of ${group}`;
    return this.client.run(what, this.closed.signal, async (connections) => {
      await connections.leader(topic, partition);
      const coordinator = await connections.coordinator('group', group);
      return coordinator.send(offsetFetch(group, topic, partition));
    });
  }

  problems(): readonly EventLogProblem[] {
    return [...this.members.flatMap(({ problem }) => problem ?? []), ...this.waiting.problems];
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    await this.memberships.leaveAll();
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
