import type { Assigner, Broker as KafkajsBroker, Cluster, KafkaConfig, Mechanism, SASLOptions } from 'kafkajs';
import { Kafka, KafkaJSProtocolError, KafkaJSSASLAuthenticationError, PartitionAssigners, logLevel } from 'kafkajs';
import { version } from 'kafkajs/package.json';

import { TelltaleError } from '../../errors';
import type { ApiRequest } from './api/apis';
import { apis } from './api/apis';
import type { CoordinatorKind } from './api/find-coordinator';
import { findCoordinator } from './api/find-coordinator';
import { AnswerReader } from './api/primitives';
import type { Broker, Connections } from './connections';
import { BrokerError, ConnectionError, brokerErrors } from './errors';
import { bearerMessage, checkRefusal } from './oauth-bearer';
import type { KafkaEventLogOptions, KafkaSasl } from './options';
import { Sockets, isCertificateFault } from './sockets';

/**
 * The only file that knows kafkajs: it makes connections with TLS and SASL, and keeps the leaders of partitions. The rest
 * of this adapter sees `connections.ts`, and the errors of `errors.ts`.
 *
 * kafkajs' requests, producer, consumer and retries are not used: docs/kafka.md names the fault behind each. Part of the
 * kafkajs used here is undocumented. Its version and shape are checked before anything is sent.
 */
const PINNED = '2.2.4';

/** Nothing: each failure reaches the caller as an error, and the caller logs it. */
const SHOWN_LOG_LINES = logLevel.NOTHING;

/** @throws INTERNAL when another kafkajs is installed than the one that this file was written against */
export function checkKafkajs(): void {
  if (version === PINNED) return;
  throw new TelltaleError(
    'INTERNAL',
    `kafkajs ${version} is installed; Telltale requires ${PINNED}: install that version.`,
  );
}

/** Connections that are not made yet. */
export function createConnections(options: KafkaEventLogOptions): Connections {
  const sockets = new Sockets();
  const kafka = new Kafka({
    ...kafkaConfig(options),
    // kafkajs declares TLS options, and gives none where there is no TLS.
    socketFactory: ({ host, port, ssl, onConnect }) =>
      sockets.connect({ host, port }, options.tls === null ? null : ssl, onConnect),
  });
  return new KafkajsConnections(clusterOf(kafka), sockets, options);
}

class KafkajsConnections implements Connections {
  /** Kept as long as the connections: when a coordinator has moved, they are thrown away. */
  private readonly coordinators = new Map<string, Promise<Broker>>();

  constructor(
    private readonly cluster: Cluster,
    private readonly sockets: Sockets,
    private readonly options: Pick<KafkaEventLogOptions, 'brokers' | 'requestTimeoutMs'>,
  ) {}

  connect(): Promise<void> {
    return this.call(() => this.cluster.connect());
  }

  async anyBroker(): Promise<Broker> {
    if (this.cluster.getNodeIds().length === 0) await this.call(() => this.cluster.refreshMetadata());
    let unreachable: unknown;
    for (const nodeId of this.cluster.getNodeIds()) {
      try {
        return await this.broker(nodeId);
      } catch (error) {
        unreachable = error;
      }
    }
    throw unreachable;
  }

  async allBrokers(): Promise<readonly Broker[]> {
    await this.call(() => this.cluster.refreshMetadata());
    return Promise.all(this.cluster.getNodeIds().map((nodeId) => this.broker(nodeId)));
  }

  async controller(): Promise<Broker> {
    // Makes sure that metadata is loaded, which names the controller.
    await this.anyBroker();
    return this.connected(await this.call(() => this.cluster.findControllerBroker()));
  }

  async leader(topic: string, partition: number): Promise<Broker> {
    const found = (await this.metadataOf(topic)).find(({ partitionId }) => partitionId === partition);
    if (found === undefined) {
      const message = `The topic ${topic} has no partition ${partition}: check the partition count.`;
      throw new TelltaleError('UNKNOWN_TOPIC', message);
    }
    if (found.leader >= 0) return this.broker(found.leader);
    throw new BrokerError(brokerErrors.LEADER_NOT_AVAILABLE.code, `${topic}/${partition} has no leader`);
  }

  async partitions(topic: string): Promise<readonly number[]> {
    return (await this.metadataOf(topic)).map(({ partitionId }) => partitionId).sort((a, b) => a - b);
  }

  coordinator(kind: CoordinatorKind, key: string): Promise<Broker> {
    const name = `${kind}/${key}`;
    const known = this.coordinators.get(name) ?? this.findCoordinator(kind, key);
    this.coordinators.set(name, known);
    known.catch(() => this.coordinators.delete(name));
    return known;
  }

  destroy(): void {
    this.sockets.destroy();
  }

  /** kafkajs' own search hides why a broker refuses. */
  private async findCoordinator(kind: CoordinatorKind, key: string): Promise<Broker> {
    const broker = await this.anyBroker();
    return this.broker(await broker.send(findCoordinator(kind, key)));
  }

  private async metadataOf(topic: string): Promise<ReturnType<Cluster['findTopicPartitionMetadata']>> {
    await this.call(() => this.cluster.addTargetTopic(topic), `the topic ${topic}`);
    return this.cluster.findTopicPartitionMetadata(topic);
  }

  private async broker(nodeId: number | string): Promise<Broker> {
    return this.connected(await this.call(() => this.cluster.findBroker({ nodeId: `${nodeId}` })));
  }

  private connected(broker: KafkajsBroker): Broker {
    return new KafkajsConnectedBroker(broker, this.options.requestTimeoutMs);
  }

  /** A call that asks the brokers in turn. */
  private call<T>(call: () => Promise<T>, what = 'the cluster'): Promise<T> {
    const { brokers, requestTimeoutMs } = this.options;
    return translated(call, 2 * (brokers.length + 1) * requestTimeoutMs, what);
  }
}

/** A broker of kafkajs, with the undocumented members that this file uses. */
interface BrokerInsides {
  readonly nodeId: number | null;
  readonly versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>;
  readonly connectionPool: { getConnection(): Promise<{ send(request: object): Promise<unknown> }> };
}

class KafkajsConnectedBroker implements Broker {
  private readonly insides: BrokerInsides;

  constructor(
    broker: KafkajsBroker,
    private readonly requestTimeoutMs: number,
  ) {
    this.insides = insidesOf(broker);
  }

  get id(): number {
    return this.insides.nodeId ?? -1;
  }

  versionsOf(apiKey: number): { min: number; max: number } | null {
    const versions = this.insides.versions[apiKey];
    return versions === undefined ? null : { min: versions.minVersion, max: versions.maxVersion };
  }

  /** Sent on the broker's first connection, the one that is made anyway: kafkajs would open a second one for fetches. */
  async send<T>({ api, body, parse, heldBackMs }: ApiRequest<T>): Promise<T> {
    const { key: apiKey, version: apiVersion } = apis[api];
    // kafkajs uses no other members of an encoder.
    const encoder = { buf: body, buffer: body };
    const answers: Buffer[] = [];
    await translated(
      async () => {
        const connection = await this.insides.connectionPool.getConnection();
        await connection.send({
          request: { apiKey, apiVersion, apiName: api, encode: () => Promise.resolve(encoder) },
          response: {
            decode: (bytes: Buffer) => {
              answers.push(bytes);
              return Promise.resolve({});
            },
            parse: () => Promise.resolve({}),
          },
          // Null: the time limit of the connection.
          requestTimeout: heldBackMs === undefined ? null : heldBackMs + ANSWER_GRACE_MS,
          logResponseError: false,
        });
      },
      this.requestTimeoutMs + (heldBackMs ?? 0) + 2 * ANSWER_GRACE_MS,
    );
    const [answer] = answers;
    if (answer === undefined) throw new TelltaleError('INTERNAL', 'kafkajs returned before it had an answer.');
    return parse(new AnswerReader(answer));
  }
}

/** On top of the time for which a broker holds an answer back on purpose. */
const ANSWER_GRACE_MS = 10_000;

function insidesOf(broker: object): BrokerInsides {
  const pool: unknown = Reflect.get(broker, 'connectionPool');
  const isAsExpected =
    typeof Reflect.get(broker, 'versions') === 'object' &&
    typeof pool === 'object' &&
    pool !== null &&
    typeof Reflect.get(pool, 'getConnection') === 'function';
  if (isAsExpected) return broker as BrokerInsides;
  throw new TelltaleError(
    'INTERNAL',
    `kafkajs ${version} has internals that differ from those of ${PINNED}: install that version.`,
  );
}

/**
 * Runs a call of kafkajs about something; its errors become those of `errors.ts`.
 * @param limitMs longer than kafkajs' own limits: a call that it forgets must not wait forever
 */
async function translated<T>(call: () => Promise<T>, limitMs: number, what = 'the cluster'): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ConnectionError('broken', `${what} does not answer`, undefined)), limitMs);
  });
  try {
    return await Promise.race([call(), limit]);
  } catch (error) {
    throw ownError(error, what);
  } finally {
    clearTimeout(timer);
  }
}

function ownError(error: unknown, what: string): unknown {
  const causes = causesOf(error);
  const own = causes.find((cause) => cause instanceof TelltaleError || cause instanceof ConnectionError);
  if (own !== undefined) return own;
  const message = error instanceof Error ? error.message : String(error);
  for (const cause of causes) {
    if (cause instanceof KafkaJSProtocolError) return new BrokerError(cause.code, what, { cause: error });
    if (cause instanceof KafkaJSSASLAuthenticationError) return new ConnectionError('credentials', message, error);
    if (isCertificateFault(Reflect.get(cause, 'code'))) return new ConnectionError('certificate', message, error);
  }
  // kafkajs also throws plain errors, such as "Broker not connected".
  return new ConnectionError('broken', message, error);
}

/** An error and its causes. */
function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let cause = error; cause instanceof Error && causes.length < 5; cause = cause.cause) causes.push(cause);
  return causes;
}

function kafkaConfig(options: KafkaEventLogOptions): KafkaConfig {
  const { tls, sasl } = options;
  return {
    brokers: [...options.brokers],
    clientId: options.clientId,
    logLevel: SHOWN_LOG_LINES,
    connectionTimeout: Math.min(10_000, options.requestTimeoutMs),
    authenticationTimeout: options.requestTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    // One try for each broker in the configuration; `KafkaClient` repeats.
    retry: { retries: options.brokers.length, initialRetryTime: 20, maxRetryTime: 200 },
    ...(sasl === null ? {} : { sasl: saslOf(sasl) }),
    ...(tls === null
      ? {}
      : {
          ssl: {
            rejectUnauthorized: tls.rejectUnauthorized,
            ...(tls.ca === null ? {} : { ca: tls.ca }),
            ...(tls.cert === null ? {} : { cert: tls.cert }),
            ...(tls.key === null ? {} : { key: tls.key }),
          },
        }),
  };
}

function saslOf(sasl: KafkaSasl): SASLOptions | Mechanism {
  if (sasl.mechanism === 'oauthbearer') return oauthBearer(sasl.token);
  const { mechanism, username, password } = sasl;
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password };
    case 'scram-sha-256':
      return { mechanism, username, password };
    case 'scram-sha-512':
      return { mechanism, username, password };
  }
}

/** Replaces kafkajs' own mechanism, which ignores a refusal and keeps trying. */
function oauthBearer(token: () => Promise<string>): Mechanism {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ saslAuthenticate }) => ({
      authenticate: async () => {
        const message = bearerMessage(await token());
        const refusal = await saslAuthenticate({
          request: { encode: () => message },
          response: { decode: (answer) => answer.subarray(4), parse: (text) => text.toString('utf8') },
        });
        if (typeof refusal === 'string') checkRefusal(refusal);
      },
    }),
  };
}

/** The cluster of a consumer that never runs: kafkajs hands it to the assigner of partitions. */
function clusterOf(kafka: Kafka): Cluster {
  const found: Cluster[] = [];
  const capture = (config: Parameters<typeof PartitionAssigners.roundRobin>[0]): Assigner => {
    found.push(config.cluster);
    return PartitionAssigners.roundRobin(config);
  };
  kafka.consumer({ groupId: 'unused', partitionAssigners: [capture], allowAutoTopicCreation: false });
  const [cluster] = found;
  if (cluster === undefined) throw new TelltaleError('INTERNAL', `kafkajs ${version} does not hand over its cluster.`);
  return cluster;
}
