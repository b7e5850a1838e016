import { lostResults, type LostResults } from '../../actors/lost-results';
import { resetJob } from '../../actors/reset-job';
import { crc32c } from '../adapters/native/checksums';
import { lockDataFolder, openEventLog } from '../apps/compose';
import { pluralize } from '../pluralize';
import { findDataFolder } from '../apps/data-folder';
import { partsOf } from '../apps/parts';
import type { Config } from '../config';
import { TelltaleError } from '../errors';
import type { Io } from '../io';
import { advise } from '../nearest';
import { systemClock } from '../ports/clock';
import type { EventLog } from '../ports/event-log';
import type { Job } from '../stream/job';

export interface ResetOptions {
  /** The name of a job. */
  readonly job: string;
  /** Deletes also results that cannot be computed again. */
  readonly loseResults: boolean;
  readonly json: boolean;
}

/**
 * `telltale reset`: lets a job start over. Its state and the outputs that it will compute again are deleted, and it reads
 * its input from the first record that the event log still has.
 * @throws USAGE when there is no such job; RESULTS_WOULD_BE_LOST, with nothing deleted, unless `loseResults`; DATA_FOLDER_IN_USE while a consumer runs on the embedded event log; FENCED when
 *   running consumers on Kafka take the job back each time
 */
export async function runReset(config: Config, options: ResetOptions, io: Io): Promise<number> {
  const { job: name, json } = options;
  const job = namedJob(config, name);
  const data = findDataFolder(config);
  const lock = await lockDataFolder(config, data, 'consumer');
  try {
    const log = await openEventLog(config, data);
    try {
      const partitions = job.over === 'topic' ? 1 : (job.inputs[0]?.partitions ?? 0);
      if (!options.loseResults) await refuseLosses(job, partitions, log);
      for (let partition = 0; partition < partitions; partition++) {
        const deleted = await resetJob({ job, partition, log, clock: systemClock, crc32c });
        const line = json
          ? JSON.stringify({ type: 'reset', job: name, partition, deleted })
          : `${name}, partition ${partition}: ${pluralize(deleted, 'record')} deleted, starts over`;
        io.out.write(`${line}\n`);
      }
    } finally {
      await log.close();
    }
  } finally {
    lock.release();
  }
  return 0;
}

/** @throws RESULTS_WOULD_BE_LOST */
async function refuseLosses(job: Job, partitions: number, log: EventLog): Promise<void> {
  const lost: LostResults[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const ofPartition = await lostResults(job, partition, log);
    if (ofPartition !== null) lost.push(ofPartition);
  }
  if (lost.length === 0) return;
  const count = lost.reduce((sum, each) => sum + each.count, 0);
  const from = new Date(Math.min(...lost.map((each) => each.from))).toISOString();
  const to = new Date(Math.max(...lost.map((each) => each.to))).toISOString();
  const topics = job.inputs.map(({ topic }) => topic).join(', ');
  const what = pluralize(count, job.results?.noun ?? 'result');
  const message =
    `${what} of ${job.name}, from ${from} to ${to}, cannot be computed again: their input is no longer in ${topics} ` +
    '(eventLog.retention). Nothing was deleted. To start over without them, add --lose-results.';
  throw new TelltaleError('RESULTS_WOULD_BE_LOST', message);
}

/** `telltale reset` without a job: the names to choose from. */
export function printJobs(config: Config, { json }: Pick<ResetOptions, 'json'>, { out }: Pick<Io, 'out'>): number {
  for (const { name } of partsOf(config).jobs) {
    out.write(`${json ? JSON.stringify({ type: 'job', name }) : name}\n`);
  }
  return 0;
}

function namedJob(config: Config, name: string): Job {
  const { jobs } = partsOf(config);
  const job = jobs.find((known) => known.name === name);
  if (job !== undefined) return job;
  const names = jobs.map((known) => known.name);
  const advice = advise(name, names, `the jobs are ${names.join(', ')}`);
  throw new TelltaleError('USAGE', `there is no job ${JSON.stringify(name)}; ${advice}`);
}
