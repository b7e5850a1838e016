import { decodeBatch, type DecodedRecord } from '../records/record-batch';
import { isTelltaleError } from '../errors';
import type { EventLog } from '../ports/event-log';
import { damagedAt, type DamagedPlace } from '../stream/continue-from';

const FETCH_BYTES = 1024 * 1024;
const FETCH_WAIT_MS = 5_000;

/** Where to read, and how far: to the partition's present end, or until the signal is aborted. */
export interface Follow {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly until: 'end' | AbortSignal;
  /** Gets the place of each batch that cannot be read; without it, such a batch is an error. */
  readonly onUnreadable?: (place: DamagedPlace) => void;
}

/**
 * Passes on the committed records of a partition in order, one batch at a time, and waits for `onRecords` each time.
 * Returns at the end, or when the signal is aborted or the log is closed.
 * @throws EVENT_LOG_DAMAGED
 */
export async function follow(
  log: EventLog,
  { topic, partition, from, until, onUnreadable = refuse }: Follow,
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
      for (const place of fetched.unreadable) onUnreadable({ topic, partition, ...place });
      next = fetched.next;
    }
  } catch (error) {
    if (!isTelltaleError(error, 'CLOSED')) throw error;
  } finally {
    await reader.close();
  }
}

function refuse(place: DamagedPlace): never {
  throw damagedAt(place);
}
