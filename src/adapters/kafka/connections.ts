import type { ApiRequest } from './api/apis';
import type { CoordinatorKind } from './api/find-coordinator';

/** Connections to the brokers of a cluster, as the rest of this adapter sees them. Errors are those of `errors.ts`. */
export interface Connections {
  /** Makes the first connection; the others are made when they are needed. */
  connect(): Promise<void>;
  /** A broker that can be reached. */
  anyBroker(): Promise<Broker>;
  /** All brokers of the cluster as of now, each connected. */
  allBrokers(): Promise<readonly Broker[]>;
  /** The broker that takes requests to change the cluster. */
  controller(): Promise<Broker>;
  /**
   * The broker that leads a partition.
   * @throws UNKNOWN_TOPIC when the topic has no such partition; BrokerError
   */
  leader(topic: string, partition: number): Promise<Broker>;
  /** The numbers of a topic's partitions, as of the first question about it. */
  partitions(topic: string): Promise<readonly number[]>;
  /** The broker that coordinates a group or a transactional id. */
  coordinator(kind: CoordinatorKind, key: string): Promise<Broker>;
  /** Cuts every connection at once: requests in flight fail. */
  destroy(): void;
}

export interface Broker {
  readonly id: number;
  /** The versions that the broker speaks of an API; null when it does not know it. */
  versionsOf(apiKey: number): { readonly min: number; readonly max: number } | null;
  send<T>(request: ApiRequest<T>): Promise<T>;
}
