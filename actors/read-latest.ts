import { decodeBatch, type DecodedRecord } from '../src/records/record-batch';
import type { EventLog, UnreadableBatch } from '../src/ports/event-log';
import { damagedAt } from '../src/stream/continue-from';

const MAX_FETCH_BYTES = 4 * 1024 * 1024;

/** A range of a partition: from an offset to another, or to the present end. */
export interface PartitionFrom {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to?: number;
}

export type OnUnreadable = (unreadable: UnreadableBatch) => void;

/**
 * Reads record batches up to `to` or to the present end of the partition, whichever comes first.
 * @param onUnreadable gets the places of batches that cannot be read
 * @throws EVENT_LOG_DAMAGED for such a batch, when there is no `onUnreadable`
 */
export async function readBatches(
  log: EventLog,
  { topic, partition, from, to = Infinity }: PartitionFrom,
  onBatch: (batch: Buffer, startOffset: number) => void,
  onUnreadable: OnUnreadable = (unreadable) => {
    throw damagedAt({ topic, partition, ...unreadable });
  },
): Promise<void> {
  const { start, end: endNow } = await log.offsets(topic, partition);
  const end = Math.min(to, endNow);
  const reader = log.openReader(topic, partition, Math.max(from, start));
  try {
    let next = Math.max(from, start);
    while (next < end) {
      const fetched = await reader.fetch(MAX_FETCH_BYTES, 1_000);
      for (const batch of fetched.batches) onBatch(batch, fetched.from);
      for (const unreadable of fetched.unreadable) if (unreadable.from < end) onUnreadable(unreadable);
      next = fetched.next;
    }
  } finally {
    await reader.close();
  }
}

/**
 * Reads a compacted partition up to its present end. Records come in order of offset: a later one replaces the earlier ones
 * with its key.
 * @throws as {@link readBatches}
 */
export async function readLatest(
  log: EventLog,
  from: PartitionFrom,
  onRecord: (record: DecodedRecord) => void,
  onUnreadable?: OnUnreadable,
): Promise<void> {
  const onBatch = (batch: Buffer, startOffset: number): void => {
    for (const record of decodeBatch(batch, startOffset)) onRecord(record);
  };
  await readBatches(log, from, onBatch, onUnreadable);
}
