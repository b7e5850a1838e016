import type { Counters } from '../src/counters';
import { isTelltaleError } from '../src/errors';
import { tell, type ActorContext, type ActorOptions, type ActorRef } from '../src/kit';
import { createTrace } from '../src/trace';
import { confirmToSelf, type Confirm } from './confirm-to-self';
import { pipeFetchToSelf } from './pipe-fetch-to-self';
import { JobRun, type InputPartition, type JobRunOptions } from './job-run';
import { EVENT_LOG_SUPERVISION, EVENT_LOG_DEADLINE_MS } from './event-log-supervision';
import type { Drained, JobRunnerMessage } from './protocol';

export interface JobRunnerOptions<S> extends JobRunOptions<S> {
  readonly tickMs: number;
  readonly counters: Counters;
  readonly confirm: Confirm;
}

const FETCH = { maxBytes: 4 * 1024 * 1024, waitMs: 5_000 };

interface State<S> {
  /** Null until the group has confirmed the assignment. */
  run: JobRun<S> | null;
  finishing: ActorRef<Drained> | null;
  drained: boolean;
}

/**
 * Drives one job over its partitions: folds, and writes outputs, head, positions and group offsets in one transaction: as
 * soon as the input is read to its end, under load every `flushIntervalMs`.
 *
 * Every start restores the committed state. A fenced runner starts again, too: a process that was paused may have fenced it
 * by mistake. Every start but the first waits until the group has confirmed the assignment, so that a paused process does
 * not fence the rightful owner (`single-owner`).
 */
export function jobRunner<S>(name: string, options: JobRunnerOptions<S>): ActorOptions<JobRunnerMessage, State<S>> {
  let isFirstStart = true;
  return {
    name,
    deadlineMs: EVENT_LOG_DEADLINE_MS,
    supervision: { ...EVENT_LOG_SUPERVISION, givesUpOn: (error) => isTelltaleError(error, 'RESET_NEEDED') },
    initialState: async (context) => {
      const state: State<S> = { run: null, finishing: null, drained: false };
      context.scheduleOnce(options.tickMs, { type: 'tick' });
      if (isFirstStart) {
        isFirstStart = false;
        await startRun(state, options, context);
      } else {
        confirmAssignment(options, context);
      }
      return state;
    },
    receive: async (state, message, context) => {
      try {
        await handle(state, message, options, context);
      } catch (error) {
        if (!isTelltaleError(error, 'FENCED') || state.run === null) throw error;
        const { job, partition, counters } = options;
        createTrace(
          context.log,
          counters,
          job.name,
        )('fenced', { reason: 'waits-for-assignment', job: job.name, partition });
        await state.run.close();
        state.run = null;
        // The new owner continues from the last commit.
        if (message.type === 'drain') endDrained(state, message.replyTo);
        else confirmAssignment(options, context);
      }
      return state;
    },
    afterStop: ({ run }) => run?.close(),
  };
}

async function handle<S>(
  state: State<S>,
  message: JobRunnerMessage,
  options: JobRunnerOptions<S>,
  context: ActorContext<JobRunnerMessage>,
): Promise<void> {
  const { run, drained } = state;
  switch (message.type) {
    case 'confirmed':
      if (drained) break;
      await startRun(state, options, context);
      await writeAtEnd(state);
      break;
    case 'confirmFailed':
      throw message.error;
    case 'fetched': {
      const input = inputOf(state, message);
      if (run === null || input === null || drained) break;
      run.fold(input, message.fetched);
      if (run.isAtEnd) await writeAtEnd(state);
      else if (run.isOverdue) await run.write();
      if (!state.drained) fetchNext(input, context);
      break;
    }
    case 'fetchFailed':
      if (inputOf(state, message) !== null) throw message.error;
      break;
    case 'tick':
      if (drained) break;
      await writeAtEnd(state);
      context.scheduleOnce(options.tickMs, message);
      break;
    case 'finish':
      state.finishing = message.replyTo;
      await run?.lookForEnds();
      await writeAtEnd(state);
      break;
    case 'drain':
      if (!drained) await run?.write();
      endDrained(state, message.replyTo);
      break;
  }
}

async function startRun<S>(
  state: State<S>,
  options: JobRunnerOptions<S>,
  context: ActorContext<JobRunnerMessage>,
): Promise<void> {
  const run = await JobRun.start(options, context.log);
  state.run = run;
  for (const input of run.inputs) fetchNext(input, context);
}

function confirmAssignment<S>({ confirm }: JobRunnerOptions<S>, context: ActorContext<JobRunnerMessage>): void {
  confirmToSelf<JobRunnerMessage>(
    confirm,
    { confirmed: { type: 'confirmed' }, failed: (error) => ({ type: 'confirmFailed', error }) },
    context,
  );
}

function fetchNext({ reader }: InputPartition, context: ActorContext<JobRunnerMessage>): void {
  pipeFetchToSelf<JobRunnerMessage>(
    reader,
    FETCH,
    {
      fetched: (fetched) => ({ type: 'fetched', reader, fetched }),
      failed: (error) => ({ type: 'fetchFailed', reader, error }),
    },
    context,
  );
}

/** The input that a fetch was made for; null when it was one of an earlier run. */
function inputOf<S>({ run }: State<S>, { reader }: Pick<InputPartition, 'reader'>): InputPartition | null {
  return run?.inputs.find((input) => input.reader === reader) ?? null;
}

/** At the end of the input it is now: a tick, or the end of everything. */
async function writeAtEnd<S>(state: State<S>): Promise<void> {
  const { run, finishing } = state;
  if (run?.isAtEnd !== true) return;
  if (finishing === null) run.tick();
  else run.end();
  await run.write();
  if (finishing === null) return;
  state.finishing = null;
  endDrained(state, finishing);
}

function endDrained<S>(state: State<S>, replyTo: ActorRef<Drained>): void {
  state.drained = true;
  tell(replyTo, { type: 'drained' });
}
