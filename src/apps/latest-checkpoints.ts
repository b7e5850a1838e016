import { readCheckpoints } from '../../actors/read-checkpoints';
import type { Checkpoint } from '../ingestion/checkpoint';
import type { SourceId } from '../ingestion/source-id';
import type { EventLog } from '../ports/event-log';

/**
 * What is wanted of the latest checkpoint of each source: little, as there may be a hundred thousand. Those that cannot be
 * understood are left out.
 */
export async function latestCheckpoints<T>(
  log: EventLog,
  partitions: number,
  wanted: (checkpoint: Checkpoint) => T,
): Promise<Map<SourceId, T>> {
  const latest = new Map<SourceId, T>();
  for (let partition = 0; partition < partitions; partition++) {
    await readCheckpoints(log, partition, ({ source, checkpoint }) => {
      if (checkpoint === null) latest.delete(source);
      else latest.set(source, wanted(checkpoint));
    });
  }
  return latest;
}
