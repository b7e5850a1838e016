import type { Socket } from 'node:net';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type {
  Admin,
  Assigner,
  Broker,
  Cluster,
  ISocketFactory,
  KafkaConfig,
  Logger,
  Mechanism,
  SASLOptions,
} from 'kafkajs';
import { Kafka, PartitionAssigners, logLevel } from 'kafkajs';
import { version } from 'kafkajs/package.json';

import { TelltaleError } from '../../errors';
import { TokenRefusedError } from './errors';
import type { KafkaEventLogOptions, KafkaSasl } from './options';

/**
 * The only file that leans on kafkajs beyond its documented interface.
 *
 * Used is what it does well: connections, TLS, SASL, metadata, and the encoding of small requests. Its producer,
 * consumer and retries are not: docs/kafka.md names the fault behind each. What is not documented is checked, version and
 * shape, before anything is sent.
 */
const PINNED = '2.2.4';

/** The requests, by Kafka's numbers, and the version of each that is spoken here. */
const spoken = { Produce: [0, 7], Fetch: [1, 11], Metadata: [3, 8], InitProducerId: [22, 1], EndTxn: [26, 1] } as const;

/** One request as bytes, and how to read its answer. */
export interface RawRequest<T> {
  readonly api: keyof typeof spoken;
  readonly body: Buffer;
  readonly decode: (answer: Buffer) => T;
  /** How long the broker may hold the answer back on purpose. */
  readonly heldBackMs: number;
}

interface ProducerIds {
  readonly transactionalId: string;
  readonly producerId: string;
  readonly producerEpoch: number;
}

interface PartitionOffsets {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
}

/** A broker's requests as kafkajs has them but does not declare them. */
export interface TransactionBroker {
  initProducerId(request: { transactionalId: string; transactionTimeout: number }): Promise<{
    producerId: string;
    producerEpoch: number;
  }>;
  addPartitionsToTxn(request: ProducerIds & { topics: { topic: string; partitions: number[] }[] }): Promise<unknown>;
  addOffsetsToTxn(request: ProducerIds & { groupId: string }): Promise<unknown>;
  txnOffsetCommit(request: ProducerIds & { groupId: string; topics: PartitionOffsets[] }): Promise<unknown>;
  endTxn(request: ProducerIds & { transactionResult: boolean }): Promise<unknown>;
}

export interface GroupBroker {
  joinGroup(request: {
    groupId: string;
    sessionTimeout: number;
    rebalanceTimeout: number;
    memberId: string;
    groupProtocols: { name: string; metadata: Buffer }[];
  }): Promise<{
    generationId: number;
    leaderId: string;
    memberId: string;
    members: { memberId: string; memberMetadata: Buffer }[];
  }>;
  syncGroup(request: {
    groupId: string;
    generationId: number;
    memberId: string;
    groupAssignment: { memberId: string; memberAssignment: Buffer }[];
  }): Promise<{ memberAssignment: Buffer }>;
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
}

export type GroupCoordinator = Broker & GroupBroker & Pick<TransactionBroker, 'txnOffsetCommit'>;

interface ConnectedBroker {
  readonly versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>;
  readonly connectionPool: {
    getConnection(): Promise<{ send(request: object): Promise<unknown> }>;
  };
}

const TRANSACTION = 1;

const GROUP = 0;

interface FindingBroker {
  findGroupCoordinator(wanted: {
    groupId: string;
    coordinatorType: number;
  }): Promise<{ readonly coordinator: { readonly nodeId: number } }>;
}

/** Connections to the brokers that live and die together. */
export interface Connections {
  readonly cluster: Cluster;
  readonly admin: Admin;
  readonly assigner: Assigner;
  transactionCoordinator(transactionalId: string): Promise<TransactionBroker>;
  groupCoordinator(group: string): Promise<GroupCoordinator>;
  send<T>(broker: Broker, request: RawRequest<T>): Promise<T>;
  /** Cuts every connection, at once: what is under way fails. */
  destroy(): void;
}

/** @throws INTERNAL when this is not the kafkajs that this file was written against */
export function checkKafkajs(): void {
  if (version === PINNED) return;
  const message = `kafkajs is ${version}, and this Telltale leans on the insides of ${PINNED}: install that version.`;
  throw new TelltaleError('INTERNAL', message);
}

/** Connections that are not made yet: `cluster.connect()` makes the first one. */
export function createConnections(options: KafkaEventLogOptions): Connections {
  const sockets = new Set<Socket>();
  const kafka = new Kafka({ ...kafkaConfig(options), socketFactory: socketFactory(sockets) });
  const { cluster, assigner } = clusterOf(kafka);
  const coordinators = new Map<string, Promise<Broker>>();
  // Kept as long as the connections: when a coordinator has moved, they are thrown away.
  const coordinatorOf = (coordinatorType: number, groupId: string): Promise<Broker> => {
    const name = `${coordinatorType}/${groupId}`;
    const known = coordinators.get(name) ?? findCoordinator(cluster, coordinatorType, groupId);
    coordinators.set(name, known);
    known.catch(() => coordinators.delete(name));
    return known;
  };
  return {
    cluster,
    assigner,
    admin: kafka.admin({ retry: { retries: 0 } }),
    transactionCoordinator: async (groupId) => {
      const broker = await coordinatorOf(TRANSACTION, groupId);
      const calls = ['initProducerId', 'addPartitionsToTxn', 'addOffsetsToTxn', 'txnOffsetCommit', 'endTxn'] as const;
      return shaped<TransactionBroker>(broker, calls);
    },
    groupCoordinator: async (groupId) => {
      const broker = await coordinatorOf(GROUP, groupId);
      const calls = ['joinGroup', 'syncGroup', 'heartbeat', 'leaveGroup', 'offsetFetch', 'txnOffsetCommit'] as const;
      return shaped<GroupCoordinator>(broker, calls);
    },
    send,
    destroy: () => {
      for (const socket of sockets) socket.destroy(new Error('closed'));
      sockets.clear();
    },
  };
}

/** As `cluster.findGroupCoordinator` does, which hides why a broker refuses. */
async function findCoordinator(cluster: Cluster, coordinatorType: number, groupId: string): Promise<Broker> {
  const broker = shaped<FindingBroker>(await anyBroker(cluster), ['findGroupCoordinator']);
  const { coordinator } = await broker.findGroupCoordinator({ groupId, coordinatorType });
  return cluster.findBroker({ nodeId: `${coordinator.nodeId}` });
}

/** A broker that can be reached. */
export async function anyBroker(cluster: Cluster): Promise<Broker> {
  if (cluster.getNodeIds().length === 0) await cluster.refreshMetadata();
  let unreachable: unknown;
  for (const nodeId of cluster.getNodeIds()) {
    try {
      return await cluster.findBroker({ nodeId: `${nodeId}` });
    } catch (error) {
      unreachable = error;
    }
  }
  throw unreachable;
}

/**
 * Does this broker speak what is needed?
 * @throws EVENT_LOG_UNSUPPORTED
 */
export function checkBroker(broker: Broker): void {
  const { versions } = shaped<ConnectedBroker>(broker, []);
  for (const [name, [key, wanted]] of Object.entries(spoken)) {
    const known = versions[key];
    if (known !== undefined && known.minVersion <= wanted && wanted <= known.maxVersion) continue;
    const answer = known === undefined ? 'does not know it' : `speaks ${known.minVersion} to ${known.maxVersion}`;
    const message = `Telltale needs transactions: the broker's ${name} must speak version ${wanted}, and this one ${answer}`;
    throw new TelltaleError('EVENT_LOG_UNSUPPORTED', `${message}. Use Apache Kafka 2.4 or newer.`);
  }
}

/** Sent on the broker's first connection, the one that is made anyway: kafkajs would open a second one for fetches. */
async function send<T>(broker: Broker, { api, body, decode, heldBackMs }: RawRequest<T>): Promise<T> {
  const { connectionPool } = shaped<ConnectedBroker>(broker, []);
  const connection = await connectionPool.getConnection();
  const [apiKey, apiVersion] = spoken[api];
  // All that kafkajs looks at in an encoder.
  const encoder = { buf: body, buffer: body };
  let decoded: { readonly answer: T } | null = null;
  await connection.send({
    request: { apiKey, apiVersion, apiName: api, encode: () => Promise.resolve(encoder) },
    response: {
      decode: (bytes: Buffer) => {
        decoded = { answer: decode(bytes) };
        return Promise.resolve({});
      },
      parse: () => Promise.resolve({}),
    },
    requestTimeout: heldBackMs + FETCH_GRACE_MS,
    logResponseError: false,
  });
  return answered<T>(decoded);
}

/** On top of what a broker holds back on purpose. */
const FETCH_GRACE_MS = 10_000;

function answered<T>(decoded: { readonly answer: T } | null): T {
  if (decoded !== null) return decoded.answer;
  throw new TelltaleError('INTERNAL', 'kafkajs returned before it had an answer.');
}

function kafkaConfig(options: KafkaEventLogOptions): KafkaConfig {
  const { tls, sasl } = options;
  return {
    brokers: [...options.brokers],
    clientId: options.clientId,
    logLevel: logLevel.NOTHING,
    connectionTimeout: Math.min(10_000, options.requestTimeoutMs),
    authenticationTimeout: options.requestTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    // One try for each broker that is named; going on trying is our part.
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

/**
 * As kafkajs has it, which does not look at the answer: a broker that refuses a token says so in there, with a success
 * around it, and ends the connection after the next request (RFC 7628, 3.2.3). kafkajs would go on trying.
 */
function oauthBearer(token: () => Promise<string>): Mechanism {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ saslAuthenticate }) => ({
      authenticate: async () => {
        const message = Buffer.from(`n,,\x01auth=Bearer ${await token()}\x01\x01`);
        const length = Buffer.alloc(4);
        length.writeInt32BE(message.length);
        const refusal = await saslAuthenticate({
          request: { encode: () => Buffer.concat([length, message]) },
          response: { decode: (answer) => answer.subarray(4), parse: (text) => text.toString('utf8') },
        });
        if (refusal === undefined || refusal === '') return;
        throw new TokenRefusedError(`the broker refuses the token: ${refusal.slice(0, REFUSAL_CHARS)}`);
      },
    }),
  };
}

const REFUSAL_CHARS = 200;

/** As kafkajs makes sockets, and remembers them. */
function socketFactory(sockets: Set<Socket>): ISocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    const socket = isPlain(ssl)
      ? connectTcp({ host, port }, onConnect)
      : connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS).setNoDelay(true);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
}

/** kafkajs declares TLS options, and gives none where there is no TLS. */
function isPlain(ssl: unknown): boolean {
  return ssl === null || ssl === undefined;
}

const KEEP_ALIVE_MS = 60_000;

/** The cluster of a consumer that is never run: kafkajs hands it to whoever assigns partitions. */
function clusterOf(kafka: Kafka): { cluster: Cluster; assigner: Assigner } {
  const found: { cluster: Cluster; assigner: Assigner }[] = [];
  const capture = (config: { cluster: Cluster; groupId: string; logger: Logger }): Assigner => {
    const assigner = PartitionAssigners.roundRobin(config);
    found.push({ cluster: config.cluster, assigner });
    return assigner;
  };
  kafka.consumer({ groupId: 'unused', partitionAssigners: [capture], allowAutoTopicCreation: false });
  const [first] = found;
  if (first === undefined) throw new TelltaleError('INTERNAL', `kafkajs ${version} does not hand over its cluster.`);
  return first;
}

/** Takes an object of kafkajs for what this file says it is, after a look at its methods. */
function shaped<T extends object>(value: object, methods: readonly (keyof T & string)[]): T {
  for (const method of methods) {
    if (typeof Reflect.get(value, method) === 'function') continue;
    throw new TelltaleError('INTERNAL', `kafkajs ${version} has no ${method}: install kafkajs ${PINNED}.`);
  }
  return value as T;
}
