import { decodeBatch, type DecodedRecord } from '../records/record-batch';
import { isTelltaleError } from '../errors';
import type { EventLog } from '../ports/event-log';

const FETCH_BYTES = 1024 * 1024;
const FETCH_WAIT_MS = 5_000;

/** Where to read, and how far: to the end that the partition has now, or on and on until the signal is aborted. */
export interface Follow {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly until: 'end' | AbortSignal;
}

/**
 * Hands over the committed records of a partition, in order, a batch at a time; goes on when `onRecords` is done with
 * it. Returns when all is read, or the signal or the closing of the log ends it.
 */
export async function follow(
  log: EventLog,
  { topic, partition, from, until }: Follow,
  onRecords: (records: readonly DecodedRecord[]) => void | Promise<void>,
): Promise<void> {
  const { start, end } = await log.offsets(topic, partition);
  const isDone = (next: number): boolean => (until === 'end' ? next >= end : until.aborted);
  let next = Math.max(from, start);
  const reader = log.openReader(topic, partition, next);
  try {
    while (!isDone(next)) {
      const fetched = await reader.fetch(FETCH_BYTES, FETCH_WAIT_MS);
      for (const batch of fetched.batches) {
        const records = decodeBatch(batch, fetched.from);
        await onRecords(until === 'end' ? records.filter(({ offset }) => offset < end) : records);
      }
      next = fetched.next;
    }
  } catch (error) {
    if (!isTelltaleError(error, 'CLOSED')) throw error;
  } finally {
    await reader.close();
  }
}
