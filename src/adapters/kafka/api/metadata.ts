import type { ApiRequest } from './apis';
import type { AnswerReader } from './primitives';
import { boolean, list, string } from './primitives';

export interface TopicMetadata {
  readonly topic: string;
  readonly errorCode: number;
  readonly partitions: readonly PartitionMetadata[];
  /** The rights of this connection's user to the topic. */
  readonly mayRead: boolean;
  readonly mayWrite: boolean;
}

export interface PartitionMetadata {
  readonly index: number;
  readonly errorCode: number;
  /** How many replicas it has, and how many of them are up to date. */
  readonly replicas: number;
  readonly inSync: number;
}

/** Bits of `topic_authorized_operations`, as `AclOperation` numbers them (KIP-430). */
const operation = { read: 1 << 3, write: 1 << 4 } as const;
/** The answer of a broker that does not report rights. */
const UNKNOWN_RIGHTS = -(2 ** 31);

/**
 * Reads the partitions of topics, and this user's rights to them. Creates no topics.
 *
 *     Metadata v8 request  => [name:STRING] allow_auto_topic_creation:BOOLEAN
 *                             include_cluster_authorized_operations:BOOLEAN include_topic_authorized_operations:BOOLEAN
 *     Metadata v8 response => throttle_time_ms:INT32 [broker] cluster_id:NULLABLE_STRING controller_id:INT32 [topic]
 *                             cluster_authorized_operations:INT32
 *       broker             => node_id:INT32 host:STRING port:INT32 rack:NULLABLE_STRING
 *       topic              => error_code:INT16 name:STRING is_internal:BOOLEAN [partition]
 *                             topic_authorized_operations:INT32
 *       partition          => error_code:INT16 index:INT32 leader_id:INT32 leader_epoch:INT32 [replica:INT32]
 *                             [in_sync_replica:INT32] [offline_replica:INT32]
 */
export function metadata(topics: readonly string[]): ApiRequest<readonly TopicMetadata[]> {
  const [mayCreate, clusterRights, topicRights] = [boolean(false), boolean(false), boolean(true)];
  const body = Buffer.concat([list(topics, string), mayCreate, clusterRights, topicRights]);
  return { api: 'Metadata', body, parse };
}

function parse(answer: AnswerReader): readonly TopicMetadata[] {
  answer.int32();
  answer.each(() => {
    answer.int32();
    answer.string();
    answer.int32();
    answer.string();
  });
  answer.string();
  answer.int32();
  return answer.each(() => {
    const errorCode = answer.int16();
    const topic = answer.string();
    answer.boolean();
    const partitions = answer.each(() => {
      const [errorCodeOfPartition, index] = [answer.int16(), answer.int32()];
      answer.int32();
      answer.int32();
      const [replicas, inSync] = [0, 1, 2].map(() => answer.each(() => answer.int32()).length);
      return { errorCode: errorCodeOfPartition, index, replicas: replicas ?? 0, inSync: inSync ?? 0 };
    });
    const rights = answer.int32();
    const may = (bit: number): boolean => rights === UNKNOWN_RIGHTS || (rights & bit) !== 0;
    return { topic, errorCode, partitions, mayRead: may(operation.read), mayWrite: may(operation.write) };
  });
}
