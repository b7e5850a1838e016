import { encodeRecords, type RecordData } from '../src/records/record-batch';
import type { EventTransaction } from '../src/ports/event-log';

/** CRC-32C as record batches carry it; handed in so that the codec stays pure. */
export type Crc32c = (bytes: Buffer) => number;

/** Well below the limit of a broker (1 MiB), which also counts the headers of a batch. */
const MAX_BATCH_BYTES = 700_000;

/** Appends records to one partition, in as many record batches as their size requires. */
export async function appendRecords(
  transaction: EventTransaction,
  to: { readonly topic: string; readonly partition: number },
  records: readonly RecordData[],
  crc32c: Crc32c,
): Promise<void> {
  let batch: RecordData[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    await transaction.append(to.topic, to.partition, encodeRecords(batch, crc32c));
    batch = [];
    bytes = 0;
  };
  for (const record of records) {
    const size = (record.key?.length ?? 0) + (record.value?.length ?? 0) + 64;
    if (bytes + size > MAX_BATCH_BYTES) await flush();
    batch.push(record);
    bytes += size;
  }
  await flush();
}
