import type { EventLog } from '../src/ports/event-log';
import type { Job, JobResults } from '../src/stream/job';
import type { DecodedRecord } from '../src/records/record-batch';
import { inputPartitionsOf } from './job-run';
import { readBatches, readLatest } from './read-latest';

/** Results that a job cannot compute again. Times are epoch milliseconds. */
export interface LostResults {
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Finds the results of a job in one of its partitions that would be lost or smaller after a reset: folds the input that the
 * event log still has, writes nothing, and compares. Takes as long as the job takes to catch up.
 * @returns null when nothing would be lost
 */
export async function lostResults(job: Job, partition: number, log: EventLog): Promise<LostResults | null> {
  if (job.results === undefined) return null;
  const missing = await presentResults(job, job.results, partition, log);
  if (missing.size > 0) await foldAgain(job, job.results, partition, log, missing);
  const lost = [...missing.values()];
  if (lost.length === 0) return null;
  const from = lost.reduce((earliest, result) => Math.min(earliest, result.from), Infinity);
  return { count: lost.length, from, to: lost.reduce((latest, { to }) => Math.max(latest, to), -Infinity) };
}

type Results = Map<string, NonNullable<ReturnType<JobResults['read']>>>;

/** The results that the topics hold, by key. */
async function presentResults(job: Job, results: JobResults, partition: number, log: EventLog): Promise<Results> {
  const present: Results = new Map();
  for (const topic of job.stateTopics) {
    const onRecord = ({ key, value }: DecodedRecord): void => {
      if (key === null) return;
      const result = value === null ? null : results.read(topic, key, value);
      if (result === null) present.delete(nameOf(topic, key));
      else present.set(nameOf(topic, key), result);
    };
    // A damaged result is lost already.
    await readLatest(log, { topic, partition, from: 0 }, onRecord, () => undefined);
  }
  return present;
}

/** Removes from `missing` the results that are now at least as large. */
async function foldAgain(
  job: Job,
  results: JobResults,
  partition: number,
  log: EventLog,
  missing: Results,
): Promise<void> {
  const state = job.open(null);
  for (const { topic, partition: of } of inputPartitionsOf(job, partition)) {
    const onBatch = (batch: Buffer, startOffset: number): void => {
      job.step(state, { type: 'batch', topic, partition: of, batch, startOffset });
      for (const output of job.flush(state).outputs) {
        const result = output.value === null ? null : results.read(output.topic, output.key, output.value);
        const name = nameOf(output.topic, output.key);
        if (result !== null && result.amount >= (missing.get(name)?.amount ?? Infinity)) missing.delete(name);
      }
    };
    await readBatches(log, { topic, partition: of, from: 0 }, onBatch, () => undefined);
  }
}

function nameOf(topic: string, key: Buffer): string {
  return `${topic} ${key.toString('latin1')}`;
}
