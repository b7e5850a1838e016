import type { Clock } from '../../ports/clock';

export interface KafkaEventLogOptions {
  /** `host:port` of some brokers; they name the others. */
  readonly brokers: readonly string[];
  /** Names this program in the broker's logs and quotas. */
  readonly clientId: string;
  readonly clock: Clock;
  /** Null: an unencrypted connection. */
  readonly tls: KafkaTls | null;
  /** Null: no authentication, or by the client certificate alone. */
  readonly sasl: KafkaSasl | null;
  /** Replicas of the topics that `ensureTopics` makes; null: three, or as many as there are brokers. */
  readonly replication: number | null;
  /** How long a broker may take to answer, in milliseconds; a commit not answered by then has an unknown outcome. */
  readonly requestTimeoutMs: number;
  /** How long calls keep trying while brokers restart or change, in milliseconds. */
  readonly retryForMs: number;
  /** The broker aborts a transaction that is open for longer, in milliseconds; bounded by the broker's own limit. */
  readonly transactionTimeoutMs: number;
}

export interface KafkaTls {
  /** PEM of the authorities to trust, instead of the ones that come with Node. */
  readonly ca: string | null;
  /** PEM of the client certificate and its key; both or neither. */
  readonly cert: string | null;
  readonly key: string | null;
  /** False accepts any certificate: for trying things out only. */
  readonly rejectUnauthorized: boolean;
}

export type KafkaSasl = KafkaPassword | KafkaToken;

export interface KafkaPassword {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

export interface KafkaToken {
  readonly mechanism: 'oauthbearer';
  /** Makes a token; called for each connection, and again when the broker's session is about to end. */
  readonly token: () => Promise<string>;
}
