import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { decodeHeadEnvelope, encodeHeadEnvelope } from '../../src/stream/head-envelope';
import type { Job, JobInput, Output } from '../../src/stream/job';
import { encodeRecords, withBaseOffset, type RecordData } from '../../src/records/record-batch';

/**
 * The promises of every job (`arrival-order-independence`, `one-transaction`): its final records do not depend on how its
 * input is cut into batches, how its partitions interleave, when it is flushed, ticked, restarted or killed.
 */
export interface JobContract<S> {
  readonly job: Job<S>;
  /** The runner's partition. */
  readonly partition: number;
  /** Sorted as written; timestamps never decrease. */
  readonly input: fc.Arbitrary<readonly InputRecord[]>;
  /** The last inputs, after the last record, which has this timestamp. */
  readonly ending: (last: number) => readonly JobInput[];
  /** A value that is equal after every run over the same input, from the last record of each key in the order of the topic. */
  readonly finals: (latest: (topic: string) => readonly Output[]) => unknown;
  readonly numRuns: number;
}

export interface InputRecord {
  readonly topic: string;
  readonly partition: number;
  readonly record: RecordData;
}

type Step =
  | { readonly do: 'write'; readonly count: number }
  | { readonly do: 'fold'; readonly partition: number; readonly count: number }
  | { readonly do: 'tick'; readonly share: number }
  | { readonly do: 'flush' | 'restart' | 'die' | 'die in a flush' };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), count: fc.integer({ min: 1, max: 6 }) }) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('fold' as const),
        partition: fc.nat(10),
        count: fc.integer({ min: 1, max: 5 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('tick' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom('flush' as const, 'restart' as const, 'die' as const, 'die in a flush' as const),
      }),
    },
  ),
  { maxLength: 60 },
);

/** Nearly the limit of a record batch: larger ones could not be written. */
const MAX_RECORD_BYTES = 700_000;
const MAX_HEAD_BYTES = 16_384;

export function describeJob<S>({ job, partition, input, ending, finals, numRuns }: JobContract<S>): void {
  const runOf = (records: readonly InputRecord[]): JobDriver<S> => new JobDriver(job, partition, records);

  describe(`the job ${job.name}`, () => {
    it('writes the same final records when it is cut, interleaved, ticked, flushed, restarted and killed at will', () => {
      fc.assert(
        fc.property(input, steps, (records, plan) => {
          const whole = runOf(records);
          whole.finish(ending);
          const run = runOf(records);
          for (const step of plan) run.take(step);
          run.finish(ending);
          expect(finals((topic) => run.latest(topic))).toEqual(finals((topic) => whole.latest(topic)));
        }),
        { numRuns },
      );
    });

    it('writes nothing more when nothing was folded after a flush or a restart', () => {
      fc.assert(
        fc.property(input, (records) => {
          const run = runOf(records);
          run.finish(() => []);
          expect(run.flush()).toBe(0);
          run.restart();
          expect(run.flush()).toBe(0);
        }),
        { numRuns: Math.ceil(numRuns / 5) },
      );
    });

    it('restores itself from its input and its state topics only, and those are among its outputs', () => {
      const outputs = job.outputs.map(({ name }) => name);
      expect(outputs).toEqual(expect.arrayContaining([...job.stateTopics]));
      const known = [...job.inputs.map(({ topic }) => topic), ...job.stateTopics];
      // Without a head, after a reset: also from outputs that the reset keeps.
      const keptByReset = [...known, ...outputs];
      expect(job.restoreRanges(job.open(null)).filter(({ topic }) => !keptByReset.includes(topic))).toEqual([]);
      fc.assert(
        fc.property(input, (records) => {
          const run = runOf(records);
          run.finish(() => []);
          const allowed = run.head === null ? keptByReset : known;
          for (const { topic } of job.restoreRanges(job.open(run.head))) expect(allowed).toContain(topic);
          expect(run.written.every(({ topic }) => outputs.includes(topic))).toBe(true);
        }),
        { numRuns: 20 },
      );
    });
  });
}

/** Runs a job over input in memory as a job-runner does: owns positions, and commits outputs, head and positions at once. */
class JobDriver<S> {
  readonly written: Output[] = [];
  head: Buffer | null = null;
  private committed: Buffer | null = null;
  private state: S;
  private writtenInput = 0;
  /** By topic and partition. */
  private readonly topics = new Map<string, RecordData[]>();
  /** For every input partition, as a runner keeps them. */
  private positions: Map<string, number>;
  private now = 0;

  constructor(
    private readonly job: Job<S>,
    private readonly partition: number,
    private readonly input: readonly InputRecord[],
  ) {
    this.state = job.open(null);
    this.positions = this.startPositions();
  }

  take(step: Step): void {
    switch (step.do) {
      case 'write':
        this.write(step.count);
        break;
      case 'fold': {
        const names = [...this.topics.keys()];
        const name = names[step.partition % Math.max(1, names.length)];
        if (name !== undefined) this.fold(name, step.count);
        break;
      }
      case 'tick':
        this.foldAll();
        this.tickBeforeNext(step.share);
        break;
      case 'flush':
        this.flush();
        break;
      case 'restart':
        this.flush();
        this.restart();
        break;
      case 'die in a flush':
        this.job.flush(this.state);
        this.restart();
        break;
      case 'die':
        this.restart();
        break;
    }
  }

  /** Folds the rest of the input in the order of writing, tells the ending, and flushes. */
  finish(ending: JobContract<S>['ending']): void {
    this.foldAll();
    while (this.writtenInput < this.input.length) {
      this.write(1);
      this.foldAll();
    }
    for (const input of ending(this.input.at(-1)?.record.timestamp ?? 0)) {
      this.job.step(this.state, input);
      this.flush();
    }
    this.flush();
  }

  /** @returns how many records were written */
  flush(): number {
    const { outputs, head } = this.job.flush(this.state);
    for (const { key, value } of outputs) expect(key.length + (value?.length ?? 0)).toBeLessThan(MAX_RECORD_BYTES);
    expect(head?.length ?? 0).toBeLessThan(MAX_HEAD_BYTES);
    this.written.push(...outputs);
    this.head = head ?? this.head;
    const positions = [...this.positions].map(([name, offset]) => ({ ...partitionNamed(name), offset }));
    this.committed = encodeHeadEnvelope({ definition: this.job.definition, positions, head: this.head });
    return outputs.length;
  }

  restart(): void {
    const { job, partition, committed } = this;
    const envelope = committed === null ? null : decodeHeadEnvelope(committed, job.name, job.inputs);
    this.head = envelope?.head ?? null;
    this.positions = this.startPositions();
    for (const { topic, partition: of, offset } of envelope?.positions ?? []) {
      this.positions.set(nameOf(topic, of), offset);
    }
    this.state = job.open(this.head);
    for (const { topic, partition: of = partition, from } of job.restoreRanges(this.state)) {
      const isInput = job.inputs.some((input) => input.topic === topic);
      const records = isInput ? (this.topics.get(nameOf(topic, of)) ?? []) : this.latest(topic);
      const to = isInput ? (this.positions.get(nameOf(topic, of)) ?? 0) : records.length;
      const range = { topic, partition: of, from, to };
      // An event log returns whole batches: this one has extra records on both sides.
      if (from < to) job.restore(this.state, range, batchOf(records, 0, records.length), from);
    }
  }

  private startPositions(): Map<string, number> {
    const { job, partition } = this;
    return new Map(
      job.inputs.flatMap(({ topic, partitions }) =>
        job.over === 'partition'
          ? [[nameOf(topic, partition), 0] as const]
          : Array.from({ length: partitions }, (_, each) => [nameOf(topic, each), 0] as const),
      ),
    );
  }

  /** The last record of each key, in the order of the topic, as after compaction. */
  latest(topic: string): readonly Output[] {
    const byKey = new Map<string, Output>();
    for (const output of this.written) {
      if (output.topic !== topic) continue;
      byKey.delete(output.key.toString('latin1'));
      byKey.set(output.key.toString('latin1'), output);
    }
    return [...byKey.values()];
  }

  private write(count: number): void {
    for (const { topic, partition, record } of this.input.slice(this.writtenInput, this.writtenInput + count)) {
      const name = nameOf(topic, partition);
      this.topics.set(name, [...(this.topics.get(name) ?? []), record]);
      this.now = Math.max(this.now, record.timestamp);
    }
    this.writtenInput = Math.min(this.writtenInput + count, this.input.length);
  }

  private foldAll(): void {
    for (const name of this.topics.keys()) this.fold(name, Infinity);
  }

  private fold(name: string, count: number): void {
    const records = this.topics.get(name) ?? [];
    const from = this.positions.get(name) ?? 0;
    const to = Math.min(from + count, records.length);
    if (from >= to) return;
    // A batch may begin before the wanted offset.
    const begin = Math.max(0, from - 2);
    const batch = batchOf(records, begin, to);
    this.job.step(this.state, { type: 'batch', ...partitionNamed(name), batch, startOffset: from });
    this.positions.set(name, to);
  }

  /** A tick at the end of the input comes some time before the next record. */
  private tickBeforeNext(share: number): void {
    const next = this.input[this.writtenInput]?.record.timestamp ?? this.now;
    this.now += Math.floor((next - this.now) * share);
    if (this.writtenInput > 0) this.job.step(this.state, { type: 'tick', now: this.now });
  }
}

function batchOf(
  records: readonly Pick<RecordData, 'key' | 'value' | 'timestamp'>[],
  from: number,
  to: number,
): Buffer {
  const data = records.slice(from, to).map(({ key, value, timestamp, ...rest }) => {
    const headers = 'headers' in rest ? (rest as RecordData).headers : [];
    return { key, value, timestamp, headers };
  });
  return withBaseOffset(
    encodeRecords(data, (bytes) => crc32c(bytes)),
    from,
  );
}

function nameOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function partitionNamed(name: string): { topic: string; partition: number } {
  const slash = name.lastIndexOf('/');
  return { topic: name.slice(0, slash), partition: Number(name.slice(slash + 1)) };
}
