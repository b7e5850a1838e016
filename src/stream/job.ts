/**
 * A job is a pure fold over record batches (see `counting/` and `alerting/`). The `job-runner` actor and the commands
 * `replay` and `local --once` drive it; it does no I/O and reads no clock.
 *
 * The state is owned by whoever folds: `recall`, `step` and `drain` change it in place, so that the hot path makes no
 * garbage. Processing time is data: the timestamps of records, and ticks.
 */
export interface Job<State> {
  readonly name: JobName;
  /** The topic that is folded. */
  readonly input: 'logs' | 'windows';
  /** Its own output, read back on assignment. */
  readonly output: 'windows' | 'outbox';

  /** State from the head record's value, or from nothing. */
  open(head: Buffer | null): State;

  /**
   * What must be read back, in this order, before input is folded: everything from an offset to the end seen at
   * assignment. Each batch of it is handed to `recall`.
   */
  recalls(state: State): readonly Recall[];
  recall(state: State, from: Recall, batch: Buffer, firstWanted: number): void;

  /** The offset of an input partition at which folding goes on; 0 when nothing of it was folded yet. */
  position(state: State, partition: number): number;

  /** Folds one input. */
  step(state: State, input: JobInput): void;

  /**
   * Takes what is to be written since the last call, and the head that belongs to it: one transaction.
   * `outputs` are in the order in which they must be written. Called when the input is drained, and under load every
   * few seconds.
   */
  drain(state: State): JobOutput;
}

export type JobName = 'counting' | 'alerting';

export interface Recall {
  readonly topic: 'windows' | 'outbox';
  readonly partition: number;
  readonly from: number;
}

export type JobInput =
  /** One record batch of the input topic. Records below `firstWanted` were folded before. */
  | { readonly type: 'batch'; readonly partition: number; readonly batch: Buffer; readonly firstWanted: number }
  /** The input has been read to its end, and it is `now` (epoch milliseconds). */
  | { readonly type: 'tick'; readonly now: number }
  /** Nothing will ever come again: every window is complete, every mail is decided. */
  | { readonly type: 'end' };

export interface JobOutput {
  readonly outputs: readonly OutputRecord[];
  /** Value of the head record in `state`, key `<job>/<partition>`; null when nothing changed since the last drain. */
  readonly head: Buffer | null;
}

export interface OutputRecord {
  readonly key: Buffer;
  readonly value: Buffer | null;
  /** The fold's `now`: epoch milliseconds (rule 11). */
  readonly timestamp: number;
}
