import type { Checkpoint } from '../src/ingestion/checkpoint';
import { decodeCheckpoint } from '../src/ingestion/checkpoint-record';
import type { SourceId } from '../src/ingestion/source-id';
import { isTelltaleError } from '../src/errors';
import type { EventLog } from '../src/ports/event-log';
import { readLatest } from './read-latest';

/** A record of topic `checkpoints`, and what it says. */
export interface ReadCheckpoint {
  readonly source: SourceId;
  readonly key: Buffer;
  readonly value: Buffer | null;
  /** Null for a tombstone, and for what cannot be understood. */
  readonly checkpoint: Checkpoint | null;
  /** Why it cannot be understood; null when it can. */
  readonly problem: string | null;
}

/**
 * Reads the checkpoints of a partition up to the end that it has now, in order of offset: a later one of the same source
 * stands for all before it. One that cannot be understood is told like the others, so that it stops no other source.
 */
export async function readCheckpoints(
  log: EventLog,
  partition: number,
  onCheckpoint: (read: ReadCheckpoint) => void,
): Promise<void> {
  await readLatest(log, { topic: 'checkpoints', partition, from: 0 }, ({ key, value }) => {
    if (key === null) return;
    onCheckpoint({ source: key.toString('utf8'), key, value, ...decoded(key, value) });
  });
}

function decoded(key: Buffer, value: Buffer | null): Pick<ReadCheckpoint, 'checkpoint' | 'problem'> {
  try {
    return { checkpoint: decodeCheckpoint(key, value), problem: null };
  } catch (error) {
    if (!isTelltaleError(error, 'CORRUPT_CHECKPOINT')) throw error;
    return { checkpoint: null, problem: error.message };
  }
}
