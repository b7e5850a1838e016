import type { Broker } from 'kafkajs';

import { TelltaleError } from '../../errors';
import { BrokerError, eventLogError, remedyOf } from './errors';
import type { Connections } from './kafkajs';
import { createConnections } from './kafkajs';
import type { KafkaEventLogOptions } from './options';

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 500;

/**
 * Sends requests, and goes on trying while brokers restart or leaders move.
 *
 * Its connections are thrown away after any failure that is not a broker's plain answer, and metadata with them: a
 * connection of kafkajs that broke in the middle of an answer takes the rest of it for the beginning of the next one.
 */
export class KafkaClient {
  private connections: Promise<Connections> | null = null;

  constructor(private readonly options: KafkaEventLogOptions) {}

  /**
   * Runs `step`, again and again while its failure is one that passes.
   * @param closed ends it at once, with CLOSED
   * @throws what `eventLogError` makes of the last failure
   */
  async run<T>(what: string, closed: AbortSignal, step: (connections: Connections) => Promise<T>): Promise<T> {
    const cut = (): void => this.disconnect();
    closed.addEventListener('abort', cut, { once: true });
    const started = performance.now();
    try {
      for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
        throwIfClosed(what, closed);
        try {
          return await step(await this.connected());
        } catch (error) {
          throwIfClosed(what, closed);
          const remedy = remedyOf(error);
          // Whoever sends the next request shall not wait on a connection that may be dead.
          if (remedy === 'reconnect') this.disconnect();
          if (remedy === 'none' || performance.now() - started + pause > this.options.retryForMs) {
            throw eventLogError(error, what);
          }
          await this.options.clock.sleep(pause, closed);
        }
      }
    } finally {
      closed.removeEventListener('abort', cut);
    }
  }

  /** Cuts the connections; the next request makes new ones. */
  disconnect(): void {
    const dropped = this.connections;
    this.connections = null;
    dropped?.then((connections) => connections.destroy()).catch(() => undefined);
  }

  private connected(): Promise<Connections> {
    if (this.connections === null) {
      const connections = createConnections(this.options);
      const connecting = connections.cluster.connect().then(
        () => connections,
        (error: unknown) => {
          connections.destroy();
          throw error;
        },
      );
      this.connections = connecting;
    }
    return this.connections;
  }
}

/**
 * The broker that leads a partition.
 * @throws UNKNOWN_TOPIC
 */
export async function leaderOf({ cluster }: Connections, topic: string, partition: number): Promise<Broker> {
  await cluster.addTargetTopic(topic);
  const metadata = cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition);
  if (metadata === undefined) {
    const message = `The topic ${topic} has no partition ${partition}: check the partition count.`;
    throw new TelltaleError('UNKNOWN_TOPIC', message);
  }
  if (metadata.leader < 0) throw new BrokerError(5, `${topic}/${partition} has no leader`);
  return cluster.findBroker({ nodeId: `${metadata.leader}` });
}

function throwIfClosed(what: string, closed: AbortSignal): void {
  if (closed.aborted) throw new TelltaleError('CLOSED', `${what}: it is closed.`);
}
