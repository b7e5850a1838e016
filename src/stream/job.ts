import type { LineBatch } from '../lines/line-batch';
import type { DecodedRecord } from '../records/record-batch';
import type { ClockDoubt } from './job-clock';
import type { TopicSpec } from './topics';

/**
 * A job is a pure fold over record batches (see `pipelines/`). The `job-runner` actor and the commands `replay` and
 * `local --once` drive it. A job does no I/O and reads no clock: processing time is data (record timestamps and ticks).
 *
 * One `Job` object serves all its partitions; its knowledge of one partition is a state. The driver owns the state and the
 * positions in the input. `restore`, `step` and `flush` change the state in place, so that the hot path makes no garbage.
 */
export interface Job<S = unknown> {
  /** Part of its transactional ids, of its consumer group and of the keys of its heads: never changes. */
  readonly name: string;
  /**
   * The settings that the job's results depend on, as text. A runner refuses to continue with another definition than the
   * one that its head was written with. Leave out settings whose change the job itself handles.
   */
  readonly definition: string;
  /**
   * `partition`: one runner per input partition, which writes the same partition of each output. `topic`: one runner
   * for all partitions; its outputs have one partition.
   */
  readonly over: 'partition' | 'topic';
  readonly inputs: readonly Input[];
  readonly outputs: readonly TopicSpec[];
  /** The outputs that the job restores itself from; `telltale reset` deletes their records. */
  readonly stateTopics: readonly string[];
  /** The records of its state topics that people would miss. Absent where there are none. */
  readonly results?: JobResults;
  /** True when its positions are also written to topic `progress`, for the jobs that read its outputs (`progress.ts`). */
  readonly tellsProgress?: boolean;
  /** How long folded input may stay unwritten under load. At the end of the input, a runner writes at once. */
  readonly flushIntervalMs: number;

  /** The state that a head describes. Null: nothing was folded yet. */
  open(head: Buffer | null): S;

  /** What to read back before the first step, in this order. */
  restoreRanges(state: S): readonly RestoreRange[];

  /**
   * Restores the records of one batch whose offsets lie in [startOffset, range.to).
   * @throws RESET_NEEDED when it cannot read a record of its own state (`refuseUnreadable`)
   */
  restore(state: S, range: RestoredRange, batch: Buffer, startOffset: number): void;

  step(state: S, input: JobInput): void;

  /**
   * Takes what to write since the last call, in this order. The driver writes it in one transaction with the head and the
   * positions of all input that was folded so far.
   */
  flush(state: S): Flushed;
}

export interface JobResults {
  /** `window`, for example; the plural has an s. */
  readonly noun: string;
  /**
   * Reads a record of a state topic; null for one that is not a result. It is about the times from `from` to `to` (epoch
   * milliseconds), and holds `amount` lines or records of the input: less of them after a reset is a loss.
   */
  read(topic: string, key: Buffer, value: Buffer): { from: number; to: number; amount: number } | null;
}

/** An input topic. The streams of a job `over: 'partition'` have equal partition counts. */
export interface Input {
  readonly topic: string;
  readonly partitions: number;
}

/** Records that a job reads back: of an input up to the job's position, of any other topic up to its end. */
export interface RestoreRange {
  readonly topic: string;
  /** By default the runner's own partition. */
  readonly partition?: number;
  /** First offset wanted. */
  readonly from: number;
}

export interface RestoredRange extends Required<RestoreRange> {
  /** The first offset after the range. */
  readonly to: number;
}

export type JobInput =
  | BatchInput
  | LinesInput
  | RecordsInput
  /** The input has been read to its end, and the clock of the machine says `now` (epoch milliseconds): see `job-clock.ts`. */
  | { readonly type: 'tick'; readonly now: number }
  /** No more input will ever come. */
  | { readonly type: 'end' };

/** One record batch of an input topic, without its records before `startOffset`. */
export interface BatchInput {
  readonly type: 'batch';
  readonly topic: string;
  readonly partition: number;
  readonly batch: Buffer;
  readonly startOffset: number;
}

/** Lines that were never encoded as records: `replay` folds files at the speed of the scanner. {@link lineBatchesOf} reads both. */
export interface LinesInput {
  readonly type: 'lines';
  readonly lines: LineBatch;
  /** When they were ingested, epoch milliseconds. */
  readonly timestamp: number;
}

/** Records of an input topic that were never encoded: `replay` hands them from job to job. {@link recordsOf} reads both. */
export interface RecordsInput {
  readonly type: 'records';
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly DecodedRecord[];
}

export interface Flushed {
  readonly outputs: readonly Output[];
  /** The input that the job left out since the last flush, because it cannot read it. */
  readonly unreadable?: readonly UnreadableInput[];
  /** Results about which the job wrote no message, because an earlier event log may have had it. */
  readonly suppressed?: number;
  /** Rules whose glob matches nothing in the input that was read; told once after a start. */
  readonly unmatched?: readonly UnmatchedRule[];
  /** Doubts about ticks since the last flush. */
  readonly doubts?: readonly ClockDoubt[];
  /** JSON. Scalars only, at most some kilobytes: state per key goes to a compacted topic. Null: as it was at the last flush. */
  readonly head: Buffer | null;
}

export interface UnmatchedRule {
  readonly rule: string;
  readonly glob: string;
}

/** Records of one input partition. */
export interface UnreadableInput {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the first. */
  readonly offset: number;
  readonly count: number;
}

/** A record for the runner's own partition of a topic. */
export interface Output extends OutputRecord {
  readonly topic: string;
}

export interface OutputRecord {
  readonly key: Buffer;
  readonly value: Buffer | null;
  /** Processing time, epoch milliseconds. */
  readonly timestamp: number;
}
