import type { LineBatch } from '../lines/line-batch';
import type { BatchInput, Job, Output, UnmatchedRule } from './job';

/**
 * Jobs that fold input that has an end, without an event log: `replay` drives the same jobs as the running system. A job
 * reads the outputs of the jobs before it, as partition 0 of their topics, when these jobs have ended.
 */
export class JobChain {
  private readonly states: readonly { readonly job: Job; readonly state: unknown }[];
  private readonly outputs = new Map<string, Output[]>();
  /** Rules whose glob matches nothing in the input; complete after `end`. */
  readonly unmatched: UnmatchedRule[] = [];

  /** @param jobs in the order in which data flows through them */
  constructor(jobs: readonly Job[]) {
    this.states = jobs.map((job) => ({ job, state: job.open(null) }));
  }

  /** Folds lines of a topic. @param timestamp when they were ingested, epoch milliseconds */
  fold(topic: string, lines: LineBatch, timestamp: number): void {
    for (const { job, state } of this.states) {
      if (job.inputs.some((input) => input.topic === topic)) job.step(state, { type: 'lines', lines, timestamp });
    }
  }

  /** Folds a record batch of a topic of lines, as an event log holds it. */
  foldBatch(input: Omit<BatchInput, 'type'>): void {
    for (const { job, state } of this.states) {
      if (job.inputs.some(({ topic }) => topic === input.topic)) job.step(state, { type: 'batch', ...input });
    }
  }

  /** Ends all input, job by job. */
  end(): void {
    for (const { job, state } of this.states) {
      for (const { topic } of job.inputs) this.read(job, state, topic);
      job.step(state, { type: 'end' });
      const { outputs, unmatched = [] } = job.flush(state);
      this.unmatched.push(...unmatched);
      for (const output of outputs) {
        const written = this.outputs.get(output.topic) ?? [];
        this.outputs.set(output.topic, written);
        written.push(output);
      }
    }
  }

  /** The records that the jobs wrote to a topic. */
  written(topic: string): readonly Output[] {
    return this.outputs.get(topic) ?? [];
  }

  private read(job: Job, state: unknown, topic: string): void {
    const records = this.written(topic).map(({ key, value, timestamp }, offset) => {
      return { offset, timestamp, key, value, headers: [] };
    });
    if (records.length > 0) job.step(state, { type: 'records', topic, partition: 0, records });
  }
}
