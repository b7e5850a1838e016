import { crc32c } from '@node-rs/crc32';
import {
  createAlerting,
  type AlertingOptions,
  type AlertingState,
} from '../../../../src/pipelines/level-alerts/alerting/alerting';
import type { MailReport } from '../../../../src/pipelines/level-alerts/alerting/mail-report';
import { parseOutboxRecord } from '../../../../src/pipelines/level-alerts/alerting/outbox-records';
import {
  isSummary,
  type AnyReport,
  type SummaryReport,
} from '../../../../src/pipelines/level-alerts/alerting/summary-report';
import { windowKey, type WindowRecord } from '../../../../src/pipelines/level-alerts/counting/window-record';
import type { Job, Output, OutputRecord } from '../../../../src/stream/job';
import { thresholdRule } from '../../../support/rules';
import { ticksTo } from '../../../support/ticks';
import { decodeBatch, encodeRecords, withBaseOffset, type RecordData } from '../../../../src/records/record-batch';

export const minute = 60_000;
export const hour = 60 * minute;

/** `10:05` of the day that the tests live in, epoch milliseconds. */
export function at(time: string): number {
  return Date.parse(`2026-11-20T${time}:00.000Z`);
}

export function iso(time: string): string {
  return new Date(at(time)).toISOString();
}

type Changes = Partial<Omit<WindowRecord, 'counts'>> & { readonly counts?: Partial<WindowRecord['counts']> };

/** A window of one minute with some errors; its origin's watermark stands at its end. */
export function windowOf(origin: string, start: number, errors: number, changes: Changes = {}): WindowRecord {
  const { counts, ...rest } = changes;
  return {
    v: 1,
    windowStart: new Date(start).toISOString(),
    windowEnd: new Date(start + minute).toISOString(),
    origin,
    counts: { error: errors, warn: 0, info: 0, debug: 0, none: 0, ...counts },
    continuation: 0,
    unparsed: 0,
    lines: errors,
    again: 0,
    future: 0,
    expired: 0,
    gaps: 0,
    newest: start,
    watermark: start + minute,
    idle: false,
    revision: 1,
    complete: true,
    patterns: errors > 0 ? [{ pattern: 'boom', count: errors }] : [],
    otherPatterns: 0,
    samples: [],
    engine: 'test',
    ...rest,
  };
}

export const errorsRule = {
  name: 'errors',
  level: 'error',
  threshold: 1,
  windowMs: minute,
  origins: '**',
  each: false,
  severity: 'error',
} as const;

export const defaults: AlertingOptions = {
  partitions: 2,
  windowMs: minute,
  rules: [thresholdRule(errorsRule)],
  groupWaitMs: 0,
  repeatIntervalMs: 4 * hour,
  resolveAfterMs: 10 * minute,
  digestAfterMs: 6 * hour,
  barrierWaitMs: 0,
  keepWindowsMs: 48 * hour,
  cap: { messages: 0, within: 10 * minute },
  recipientsOf: () => [{ name: 'mail', holdsAlerts: false }],
};

/** Two partitions of topic `windows`, and the job that folds them as a job-runner would. */
export class Runner {
  readonly job: Job<AlertingState>;
  /** Committed outputs. */
  readonly outputs: Output[] = [];
  /** Incidents that were closed without a mail, because they ended in the quiet time. */
  suppressed = 0;
  /** Rules that were told to match no host. */
  readonly unmatched: string[] = [];
  private head: Buffer | null = null;
  private state: AlertingState;
  private readonly topic: RecordData[][];
  private readonly read: number[];
  private committed: readonly number[];

  /** @param wrap makes another job of the alerting job */
  constructor(
    options: Partial<AlertingOptions> = {},
    wrap: (job: Job<AlertingState>) => Job<AlertingState> = (job) => job,
  ) {
    const all = { ...defaults, ...options };
    this.job = wrap(createAlerting(all));
    this.state = this.job.open(null);
    this.topic = Array.from({ length: all.partitions }, () => []);
    this.read = this.topic.map(() => 0);
    this.committed = [...this.read];
  }

  /** Appends records to a partition, with one timestamp. */
  write(partition: number, timestamp: number, ...windows: readonly WindowRecord[]): this {
    for (const window of windows) {
      const key = Buffer.from(windowKey(window.origin, window.windowStart));
      this.append(partition, { key, value: Buffer.from(JSON.stringify(window)), headers: [], timestamp });
    }
    return this;
  }

  append(partition: number, record: RecordData): this {
    this.topic[partition]?.push(record);
    return this;
  }

  /** Folds the next records of a partition, in batches of at most `perBatch`. */
  fold(partition: number, count = Infinity, perBatch = 3): this {
    let left = Math.min(count, this.unread(partition));
    while (left > 0) {
      const from = this.read[partition] ?? 0;
      // Batches begin at multiples: the first may begin before the wanted offset, as in an event log.
      const begin = from - (from % perBatch);
      const wanted = Math.min(begin + perBatch - from, left);
      const batch = this.batch(partition, begin, from + wanted);
      const input = { topic: 'windows', partition };
      // A job takes records of both kinds: from an event log, and from the job before it in a replay.
      if (from % 2 === 0) this.job.step(this.state, { type: 'batch', ...input, batch, startOffset: from });
      else this.job.step(this.state, { type: 'records', ...input, records: decodeBatch(batch, from) });
      this.read[partition] = from + wanted;
      left -= wanted;
    }
    return this;
  }

  unread(partition: number): number {
    return (this.topic[partition]?.length ?? 0) - (this.read[partition] ?? 0);
  }

  foldAll(): this {
    for (const partition of this.topic.keys()) this.fold(partition);
    return this;
  }

  /** Ticks until the time is believed. */
  tick(now: number): this {
    for (const input of ticksTo(this.state.now, now)) this.job.step(this.state, input);
    return this;
  }

  /** One tick, of a clock that may be wrong. */
  tickOnce(now: number): this {
    this.job.step(this.state, { type: 'tick', now });
    return this;
  }

  end(): this {
    this.job.step(this.state, { type: 'end' });
    return this;
  }

  /** One transaction: returns the mails of it. */
  flush(): MailReport[] {
    const { outputs, head, suppressed = 0, unmatched = [] } = this.job.flush(this.state);
    this.unmatched.push(...unmatched.map(({ rule, glob }) => `${rule} ${glob}`));
    this.suppressed += suppressed;
    if (head !== null) this.head = head;
    this.committed = [...this.read];
    this.outputs.push(...outputs);
    return mailsIn(outputs);
  }

  /** A transaction that is never committed. */
  loseFlush(): void {
    this.job.flush(this.state);
  }

  /** Where the job would continue to read. */
  position(partition: number): number {
    return this.read[partition] ?? 0;
  }

  /** Reads everything, and it is `now`. */
  catchUp(now: number): MailReport[] {
    return this.foldAll().tick(now).flush();
  }

  /** Another job starts from the windows, and from a head and records: by default from those that this one has committed. */
  restartAs(
    options: Partial<AlertingOptions>,
    { head, records } = { head: this.head, records: this.stateRecords() },
  ): Runner {
    const other = new Runner(options);
    other.topic.splice(0, other.topic.length, ...this.topic);
    other.committed = this.committed;
    other.head = head;
    return other.restart(records);
  }

  /** Dies, and starts from the committed state. */
  restart(records: readonly RecordData[] = this.stateRecords()): this {
    this.state = this.job.open(this.head);
    for (const { topic, partition = 0, from } of this.job.restoreRanges(this.state)) {
      if (topic === 'outbox') {
        const batch = encodeRecords(this.outbox(), (bytes) => crc32c(bytes));
        if (this.outbox().length > 0)
          this.job.restore(this.state, { topic, partition, from, to: Infinity }, batch, from);
        continue;
      }
      if (topic === 'alerting-state') {
        const batch = encodeRecords(records, (bytes) => crc32c(bytes));
        this.job.restore(this.state, { topic, partition, from, to: Infinity }, batch, from);
        continue;
      }
      const range = { topic, partition, from, to: this.committed[partition] ?? 0 };
      // The batch holds more than the range, on both sides.
      const batch = this.batch(partition, 0, this.topic[partition]?.length ?? 0);
      if (from < range.to) this.job.restore(this.state, range, batch, from);
    }
    this.read.splice(0, this.read.length, ...this.committed);
    return this;
  }

  /** `telltale reset alerting`: starts over from `outbox` and from `windows`, compacted. */
  reset(): this {
    this.head = null;
    this.committed = this.topic.map(() => 0);
    for (const records of this.topic) {
      const latest = new Map(records.map((record, i) => [String(record.key), i]));
      const kept = records.filter((record, i) => latest.get(String(record.key)) === i);
      records.splice(0, records.length, ...kept);
    }
    for (let i = this.outputs.length - 1; i >= 0; i--) {
      if (this.outputs[i]?.topic === 'alerting-state') this.outputs.splice(i, 1);
    }
    return this.restart();
  }

  private outbox(): RecordData[] {
    return this.outputs.filter(({ topic }) => topic === 'outbox').map((record) => ({ ...record, headers: [] }));
  }

  /** Topic `alerting-state`, compacted. */
  stateRecords(): RecordData[] {
    const latest = new Map<string, RecordData>();
    for (const { topic, ...record } of this.outputs) {
      if (topic === 'alerting-state') latest.set(record.key.toString('utf8'), { ...record, headers: [] });
    }
    return [...latest.values()];
  }

  committedHead(): Buffer | null {
    return this.head;
  }

  incidents(): { rule: string; group: string; breaches: string[] }[] {
    return this.state.incidents
      .all()
      .map(({ rule, group, breaches }) => ({ rule, group, breaches: breaches.map((start) => clock(start)) }))
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }

  mails(): MailReport[] {
    return mailsIn(this.outputs);
  }

  summaries(): SummaryReport[] {
    return summariesIn(this.outputs);
  }

  private batch(partition: number, from: number, to: number): Buffer {
    return withBaseOffset(
      encodeRecords(this.topic[partition]?.slice(from, to) ?? [], (bytes) => crc32c(bytes)),
      from,
    );
  }
}

/** Messages about one incident each. */
export function mailsIn(outputs: readonly OutputRecord[]): MailReport[] {
  return reportsIn(outputs).filter((report) => !isSummary(report));
}

export function summariesIn(outputs: readonly OutputRecord[]): SummaryReport[] {
  return reportsIn(outputs).filter(isSummary);
}

function reportsIn(outputs: readonly OutputRecord[]): AnyReport[] {
  return outputs.flatMap(({ key, value }) => {
    const record = parseOutboxRecord(key, value);
    return record?.kind === 'mail' ? [record.report] : [];
  });
}

/** `10:05` */
export function clock(time: number | string): string {
  return new Date(time).toISOString().slice(11, 16);
}
