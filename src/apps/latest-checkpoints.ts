import { readCheckpoints } from '../../actors/read-checkpoints';
import type { Checkpoint } from '../ingestion/checkpoint';
import type { SourceId } from '../ingestion/source-id';
import type { EventLog } from '../ports/event-log';

/**
 * Selects a little of the latest checkpoint of each source: there may be a hundred thousand. Leaves out those that cannot
 * be decoded.
 */
export async function latestCheckpoints<T>(
  log: EventLog,
  partitions: number,
  select: (checkpoint: Checkpoint) => T,
): Promise<Map<SourceId, T>> {
  const latest = new Map<SourceId, T>();
  for (let partition = 0; partition < partitions; partition++) {
    await readCheckpoints(log, partition, ({ source, checkpoint }) => {
      if (checkpoint === null) latest.delete(source);
      else latest.set(source, select(checkpoint));
    });
  }
  return latest;
}
