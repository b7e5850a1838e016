import type { AnswerReader } from './primitives';

/**
 * The requests that Telltale sends: Kafka's number and the version of each. Brokers from 2.4 on know all of them; none is a
 * flexible version. Numbers and layouts: https://kafka.apache.org/protocol
 */
export const apis = {
  Produce: { key: 0, version: 7 },
  Fetch: { key: 1, version: 11 },
  ListOffsets: { key: 2, version: 2 },
  Metadata: { key: 3, version: 8 },
  OffsetFetch: { key: 9, version: 5 },
  FindCoordinator: { key: 10, version: 2 },
  JoinGroup: { key: 11, version: 5 },
  Heartbeat: { key: 12, version: 3 },
  LeaveGroup: { key: 13, version: 3 },
  SyncGroup: { key: 14, version: 3 },
  CreateTopics: { key: 19, version: 4 },
  InitProducerId: { key: 22, version: 1 },
  AddPartitionsToTxn: { key: 24, version: 1 },
  AddOffsetsToTxn: { key: 25, version: 1 },
  EndTxn: { key: 26, version: 1 },
  TxnOffsetCommit: { key: 28, version: 2 },
  DescribeConfigs: { key: 32, version: 2 },
} as const;

export type ApiName = keyof typeof apis;

/** One request as bytes, and how to parse its answer. */
export interface ApiRequest<T> {
  readonly api: ApiName;
  readonly body: Buffer;
  /** @throws BrokerError when the answer is an error that the request does not hand over as a value */
  readonly parse: (answer: AnswerReader) => T;
  /** How long the broker may hold the answer back on purpose, in milliseconds; left out: not at all. */
  readonly heldBackMs?: number;
}
