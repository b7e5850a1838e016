import { decodeBatch, type DecodedRecord } from '../src/records/record-batch';
import type { EventLog } from '../src/ports/event-log';

const MAX_FETCH_BYTES = 4 * 1024 * 1024;

/** What is read: a partition from an offset up to the end that it has now. */
export interface PartitionFrom {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
}

/** Reads record batches up to the end that the partition has now, and no further. */
export async function readBatches(
  log: EventLog,
  { topic, partition, from }: PartitionFrom,
  onBatch: (batch: Buffer, firstWanted: number) => void,
): Promise<void> {
  const { start, end } = await log.offsets(topic, partition);
  const reader = log.openReader(topic, partition, Math.max(from, start));
  try {
    let next = Math.max(from, start);
    while (next < end) {
      const fetched = await reader.fetch(MAX_FETCH_BYTES, 1_000);
      for (const batch of fetched.batches) onBatch(batch, fetched.from);
      next = fetched.next;
    }
  } finally {
    await reader.close();
  }
}

/**
 * Reads a compacted partition up to the end that it has now. Records come in order of offset: a later one with the same
 * key stands for all before it.
 */
export async function readLatest(
  log: EventLog,
  from: PartitionFrom,
  onRecord: (record: DecodedRecord) => void,
): Promise<void> {
  await readBatches(log, from, (batch, firstWanted) => {
    for (const record of decodeBatch(batch, firstWanted)) onRecord(record);
  });
}
