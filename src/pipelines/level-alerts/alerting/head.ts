import { unreadableHead } from '../../../stream/head-envelope';
import {
  isBoolean,
  isListOf,
  isMissingOr,
  isNullOr,
  isNumber,
  isObjectOf,
  isOneOf,
  isRecordOf,
  parseJson,
  type Guard,
} from '../../../stream/shape';
import type { Channel } from './gather';
import { isIncidentRecord, type IncidentRecord } from './incident-records';

/** The value of alerting's head record. Incidents are in topic `alerting-state`, windows in topic `windows`. */
export interface Head {
  readonly v: 2;
  /** Epoch milliseconds. */
  readonly now: number;
  /** See `AlertingState`. Missing means false. */
  readonly recalling?: boolean | undefined;
  /** See `AlertingState`. Missing means 0. */
  readonly quietUntil?: number | undefined;
  /** By the name of a receiver: see `Channel`. Missing where there are none. */
  readonly channels?: Readonly<Record<string, Channel>> | undefined;
  /** By partition of `windows`: the lowest offset that holds a kept window; null when none is kept. */
  readonly partitions: readonly PartitionHead[];
}

export interface PartitionHead {
  readonly restoreFrom: number | null;
}

/** A head of version 1 holds the incidents itself. */
export interface Head1 extends Omit<Head, 'v' | 'recalling' | 'quietUntil' | 'channels'> {
  readonly v: 1;
  readonly incidents: readonly IncidentRecord[];
}

const fields = {
  now: isNumber,
  partitions: isListOf(isObjectOf<PartitionHead>({ restoreFrom: isNullOr(isNumber) })),
};
const isHead: Guard<Head> = isObjectOf<Head>({
  v: isOneOf(2),
  recalling: isMissingOr(isBoolean),
  quietUntil: isMissingOr(isNumber),
  channels: isMissingOr(isRecordOf(isObjectOf<Channel>({ sent: isListOf(isNumber), gatherUntil: isNumber }))),
  ...fields,
});
const isHead1: Guard<Head1> = isObjectOf<Head1>({ v: isOneOf(1), ...fields, incidents: isListOf(isIncidentRecord) });

export function encodeHead(head: Head): Buffer {
  return Buffer.from(JSON.stringify(head), 'utf8');
}

/** @throws RESET_NEEDED when it is not a head that this version understands */
export function decodeHead(value: Buffer): Head | Head1 {
  const head = parseJson(value, isHead) ?? parseJson(value, isHead1);
  if (head === null) throw unreadableHead('alerting/0');
  return head;
}
