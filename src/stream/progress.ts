/**
 * Topic `progress`: how far the parts before a job have come. The producer writes a *barrier* when it has read all that a
 * complete listing of the bucket named: the ends of the topics of lines after it. A job with `tellsProgress` writes its positions,
 * in the transaction of its outputs. A job that reads both knows whether more is to come.
 */

import {
  isBoolean,
  isListOf,
  isNumber,
  isObjectOf,
  isOneOf,
  isRecordOf,
  isString,
  parseJson,
  type Guard,
} from './shape';
import type { Position } from './head-envelope';
import type { OutputRecord } from './job';

/** A complete listing, and everything that it named, was read. */
export interface Barrier {
  readonly v: 1;
  /** When, epoch milliseconds. */
  readonly at: number;
  /** By topic of lines and partition: the next offset after the lines that were read. */
  readonly ends: Readonly<Record<string, readonly number[]>>;
  /** False when objects could not be read, and will be tried again. */
  readonly complete: boolean;
}

/** The next offsets that a job folds. */
export interface JobPosition {
  readonly v: 1;
  readonly positions: readonly Position[];
}

export type ProgressRecord =
  | { readonly type: 'barrier'; readonly barrier: Barrier }
  | { readonly type: 'job'; readonly job: string; readonly position: JobPosition };

const isBarrier: Guard<Barrier> = isObjectOf<Barrier>({
  v: isOneOf(1),
  at: isNumber,
  ends: isRecordOf(isListOf(isNumber)),
  complete: isBoolean,
});

const isJobPosition: Guard<JobPosition> = isObjectOf<JobPosition>({
  v: isOneOf(1),
  positions: isListOf(isObjectOf<Position>({ topic: isString, partition: isNumber, offset: isNumber })),
});

const BARRIER_KEY = 'producer';

export function barrierRecord(barrier: Barrier): OutputRecord {
  return { key: Buffer.from(BARRIER_KEY), value: Buffer.from(JSON.stringify(barrier)), timestamp: barrier.at };
}

/** @param timestamp epoch milliseconds */
export function jobPositionRecord(key: string, positions: JobPosition['positions'], timestamp: number): OutputRecord {
  const value: JobPosition = { v: 1, positions };
  return { key: Buffer.from(key), value: Buffer.from(JSON.stringify(value)), timestamp };
}

/** Null for a record that this version does not understand. */
export function parseProgress(key: Buffer | null, value: Buffer | null): ProgressRecord | null {
  if (key === null || value === null) return null;
  const name = key.toString('utf8');
  if (name === BARRIER_KEY) {
    const barrier = parseJson(value, isBarrier);
    return barrier === null ? null : { type: 'barrier', barrier };
  }
  const position = parseJson(value, isJobPosition);
  return position === null ? null : { type: 'job', job: name.split('/')[0] ?? name, position };
}

/** The latest of it all. */
export class Progress {
  private barrier: Barrier | null = null;
  /** By topic and partition. */
  private readonly folded = new Map<string, number>();

  /** @param job the job whose positions count */
  constructor(private readonly job: string) {}

  note(record: ProgressRecord): void {
    if (record.type === 'barrier') this.barrier = record.barrier;
    else if (record.job === this.job) {
      for (const { topic, partition, offset } of record.position.positions)
        this.folded.set(`${topic}/${partition}`, offset);
    }
  }

  get hasBarrier(): boolean {
    return this.barrier !== null;
  }

  /**
   * True when the job has folded all that the latest barrier names.
   * @param since a barrier from before this time proves nothing (epoch milliseconds)
   */
  isComplete(since: number): boolean {
    const { barrier, folded } = this;
    if (barrier === null || !barrier.complete || barrier.at < since) return false;
    return Object.entries(barrier.ends).every(([topic, ends]) =>
      ends.every((end, partition) => end === 0 || (folded.get(`${topic}/${partition}`) ?? 0) >= end),
    );
  }
}
