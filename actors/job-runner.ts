import type { ActorContext, ActorOptions } from '../src/kit';
import { createTrace } from '../src/trace';
import { fetchToSelf } from './fetch-to-self';
import { JobRun, type InputPartition, type JobRunOptions } from './job-run';
import { answerDrained, answerFinished, ownedPart, type Ownership, type OwnershipOptions } from './owned-part';
import type { JobRunnerMessage, OfJob } from './protocol';

export interface JobRunnerOptions<S> extends JobRunOptions<S>, OwnershipOptions {
  readonly tickMs: number;
}

const FETCH_BYTES = 4 * 1024 * 1024;

type State<S> = Ownership<JobRun<S>>;

/**
 * Drives one job over its partitions: folds, and writes outputs, head, positions and group offsets in one transaction: as
 * soon as the input is read to its end, under load every `flushIntervalMs`.
 */
export function jobRunner<S>(name: string, options: JobRunnerOptions<S>): ActorOptions<JobRunnerMessage, State<S>> {
  const { job, partition, tickMs } = options;
  return ownedPart<OfJob, JobRun<S>>(
    {
      name,
      label: job.name,
      fields: { job: job.name, partition },
      prepare: (context) => void context.scheduleOnce(tickMs, { type: 'tick' }),
      start: async (_state, context) => {
        const run = await JobRun.start(options, createTrace(context.log, options.counters, job.name));
        for (const { reader } of run.inputs) fetchToSelf(reader, FETCH_BYTES, context);
        return run;
      },
      started: async (_run, state) => {
        if (state.finishing !== null) await writeAtEnd(state);
      },
      receive: (state, message, context) => receive(state, message, tickMs, context),
      finish: async (run, state) => {
        await run.lookForEnds();
        await writeAtEnd(state);
      },
      drain: async (run, state) => {
        if (!run.hasEnded) await run.write();
        answerDrained(state);
      },
    },
    options,
  );
}

async function receive<S>(
  state: State<S>,
  message: OfJob,
  tickMs: number,
  context: ActorContext<OfJob>,
): Promise<void> {
  const { run } = state;
  switch (message.type) {
    case 'fetched': {
      const input = inputOf(state, message);
      if (run === null || input === null || isOver(state)) break;
      run.fold(input, message.fetched);
      if (run.isAtEnd) await writeAtEnd(state);
      else if (run.isOverdue) await run.write();
      if (!isOver(state)) fetchToSelf(input.reader, FETCH_BYTES, context);
      break;
    }
    case 'fetchFailed':
      if (inputOf(state, message) !== null) throw message.error;
      break;
    case 'tick':
      if (isOver(state)) break;
      await writeAtEnd(state);
      context.scheduleOnce(tickMs, message);
      break;
  }
}

/** True when the run folds no more input. */
function isOver<S>({ run, draining }: State<S>): boolean {
  return draining !== null || run?.hasEnded === true;
}

/** The input that a fetch belongs to; null for a fetch of an earlier run. */
function inputOf<S>({ run }: State<S>, { reader }: Pick<InputPartition, 'reader'>): InputPartition | null {
  return run?.inputs.find((input) => input.reader === reader) ?? null;
}

/** At the end of the input, tells the job the time, or that no more input comes, and writes. */
async function writeAtEnd<S>(state: State<S>): Promise<void> {
  const { run, finishing } = state;
  if (run?.isAtEnd !== true) return;
  if (finishing === null) run.tick();
  else run.end();
  await run.write();
  if (finishing !== null) answerFinished(state);
}
