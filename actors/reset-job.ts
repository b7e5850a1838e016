import { TelltaleError, isTelltaleError } from '../src/errors';
import type { Clock } from '../src/ports/clock';
import type { EventLog } from '../src/ports/event-log';
import type { DecodedRecord, RecordData } from '../src/records/record-batch';
import type { Job } from '../src/stream/job';
import { appendRecords, type Crc32c } from './append';
import { consumerGroupOf, headKey, inputPartitionsOf, jobWriter } from './job-run';
import { readLatest } from './read-latest';

export interface ResetOptions {
  readonly job: Job;
  readonly partition: number;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly crc32c: Crc32c;
}

/** How often a reset starts over because a running part of the job fenced it. */
const MAX_ATTEMPTS = 5;

/**
 * Lets a job start over in one of its partitions. One transaction deletes its head and all records that it restores itself
 * from: outputs that it will compute again. If they stayed, a restart would add the same input to them again.
 * Other outputs stay: the job writes them again under the same keys.
 *
 * It fences a part of the job that is running. That part starts again from the deleted head, or fences this reset before
 * its commit; then nothing was deleted, and the reset starts over.
 * @returns how many records were deleted, besides the head
 * @throws FENCED when a running part fences it each time
 */
export async function resetJob(options: ResetOptions): Promise<number> {
  const { job, partition } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await resetOnce(options);
    } catch (error) {
      if (!isTelltaleError(error, 'FENCED')) throw error;
      if (attempt < MAX_ATTEMPTS) continue;
      const message = `A running consumer took ${headKey(job, partition)} back each time: stop the consumers, and run this again.`;
      throw new TelltaleError('FENCED', message, { cause: error });
    }
  }
}

async function resetOnce({ job, partition, log, clock, crc32c }: ResetOptions): Promise<number> {
  const states = job.stateTopics.map((topic) => new LiveKeys(log, topic, partition));
  // The long part, before the running part is fenced and may want to start again.
  for (const state of states) await state.readToEnd();
  const writer = await log.openWriter(jobWriter(job, partition));
  try {
    for (const state of states) await state.readToEnd();
    const tombstone = (key: Buffer): RecordData => ({ key, value: null, headers: [], timestamp: clock.now() });
    const transaction = writer.begin();
    for (const { topic, keys } of states) {
      await appendRecords(transaction, { topic, partition }, [...keys.values()].map(tombstone), crc32c);
    }
    const head = tombstone(Buffer.from(headKey(job, partition)));
    await appendRecords(transaction, { topic: 'state', partition: 0 }, [head], crc32c);
    for (const input of inputPartitionsOf(job, partition)) {
      const { start } = await log.offsets(input.topic, input.partition);
      await transaction.commitOffset(consumerGroupOf(job.name), input.topic, input.partition, start);
    }
    await transaction.commit();
  } finally {
    await writer.close();
  }
  return states.reduce((sum, { keys }) => sum + keys.size, 0);
}

/** The keys of a compacted partition that have a value. */
class LiveKeys {
  readonly keys = new Map<string, Buffer>();
  private next = 0;

  constructor(
    private readonly log: EventLog,
    readonly topic: string,
    private readonly partition: number,
  ) {}

  /** Reads the records that were written since the last call. */
  async readToEnd(): Promise<void> {
    const { topic, partition, next } = this;
    const onRecord = ({ key, value, offset }: DecodedRecord): void => {
      this.next = Math.max(this.next, offset + 1);
      if (key === null) return;
      const name = key.toString('latin1');
      if (value === null) this.keys.delete(name);
      else this.keys.set(name, key);
    };
    // Deleting its key removes a damaged record from the embedded log. On Kafka the job continues without it.
    await readLatest(this.log, { topic, partition, from: next }, onRecord, ({ key, next: after }) => {
      this.next = Math.max(this.next, after);
      if (key !== null) this.keys.set(key.toString('latin1'), key);
    });
  }
}
