import { TelltaleError } from '../errors';
import { partitionOf } from './origin';

/**
 * Checks that each origin is in the partition that the present number of partitions gives it. Otherwise partitions were added
 * to topics with data: a source would be looked up in a new place, not found, and read again from its start.
 * @param placed the partition of topic `checkpoints` where each origin was found
 * @throws TOPIC_MISMATCH that names the number of partitions under which the data was written
 */
export function checkPlacement(
  placed: Iterable<readonly [origin: string, partition: number]>,
  partitions: number,
): void {
  const all = [...placed];
  const moved = all.filter(([origin, partition]) => partitionOf(origin, partitions) !== partition);
  const [first] = moved;
  if (first === undefined) return;
  const before = formerPartitions(all, partitions);
  const fix =
    before === null
      ? 'Lines may be repeated already: create all topics again, or use other brokers ("Partitions" in docs/kafka.md).'
      : `Set eventLog.partitions to ${before}: the added partitions stay empty.`;
  const message =
    `Partitions were added to topics that hold data: with ${partitions} partitions, the checkpoints of ${moved.length} of ` +
    `${all.length} hosts are in another place, such as those of ${JSON.stringify(first[0])} in partition ${first[1]}. ` +
    `Their files would be read again. ${fix}`;
  throw new TelltaleError('TOPIC_MISMATCH', message);
}

/** The number of partitions that explains where all origins are; null when there is none below the present one. */
function formerPartitions(placed: readonly (readonly [string, number])[], partitions: number): number | null {
  const least = placed.reduce((highest, [, partition]) => Math.max(highest, partition), 0) + 1;
  for (let count = least; count < partitions; count++) {
    if (placed.every(([origin, partition]) => partitionOf(origin, count) === partition)) return count;
  }
  return null;
}
