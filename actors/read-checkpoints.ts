import { decodeBucketRecord, isBucketKey, type BucketRecord } from '../src/ingestion/bucket-record';
import { decodeCheckpoint } from '../src/ingestion/checkpoint-record';
import type { ReadCheckpoint } from '../src/ingestion/checkpoint-table';
import { isTelltaleError } from '../src/errors';
import type { EventLog } from '../src/ports/event-log';
import type { DecodedRecord } from '../src/records/record-batch';
import { damagedAt } from '../src/stream/continue-from';
import { readLatest } from './read-latest';

/** A record of topic `checkpoints` that belongs to a bucket. */
interface ReadBucket {
  /** Null for a record that cannot be decoded. */
  readonly record: BucketRecord | null;
  readonly problem: string | null;
}

/**
 * Reads the checkpoints of a partition up to its present end, in order of offset. A later checkpoint replaces the earlier
 * ones of its source. `onCheckpoint` also gets those that cannot be decoded, so that they stop no other source.
 *
 * @param onBucket gets the records of buckets, which are not checkpoints
 * @throws EVENT_LOG_DAMAGED for a record that cannot be read, when it cannot be known whose it is
 */
export async function readCheckpoints(
  log: EventLog,
  partition: number,
  onCheckpoint: (read: ReadCheckpoint) => void,
  onBucket: (read: ReadBucket) => void = () => undefined,
): Promise<void> {
  const range = { topic: 'checkpoints', partition, from: 0 };
  const onRecord = ({ key, value }: DecodedRecord): void => {
    if (key === null) return;
    const source = key.toString('utf8');
    if (!isBucketKey(source)) {
      const { decoded, problem } = attempt(() => decodeCheckpoint(key, value));
      onCheckpoint({ source, key, value, checkpoint: decoded, problem });
    } else if (value !== null) {
      const { decoded, problem } = attempt(() => decodeBucketRecord(key, value));
      onBucket({ record: decoded, problem });
    }
  };
  await readLatest(log, range, onRecord, ({ key, ...place }) => {
    const damage = damagedAt({ topic: range.topic, partition, ...place });
    if (key === null) throw damage;
    const source = key.toString('utf8');
    if (isBucketKey(source)) onBucket({ record: null, problem: damage.message });
    else onCheckpoint({ source, key, value: null, checkpoint: null, problem: damage.message });
  });
}

function attempt<T>(decode: () => T | null): { decoded: T | null; problem: string | null } {
  try {
    return { decoded: decode(), problem: null };
  } catch (error) {
    if (!isTelltaleError(error, 'CORRUPT_CHECKPOINT')) throw error;
    return { decoded: null, problem: error.message };
  }
}
