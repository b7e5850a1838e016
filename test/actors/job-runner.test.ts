import { CounterRegistry } from '../../src/counters';
import fc from 'fast-check';
import { consumerGroupOf } from '../../actors/job-run';
import { decisions } from '../../src/decisions';
import { jobRunner } from '../../actors/job-runner';
import { resetJob } from '../../actors/reset-job';
import type { JobRunnerMessage } from '../../actors/protocol';
import { crc32c } from '../../src/adapters/native/checksums';
import { parseWindowRecord } from '../../src/pipelines/level-alerts/counting/parse-window-record';
import { decodeHeadEnvelope, encodeHeadEnvelope } from '../../src/stream/head-envelope';
import type { Job, Output, OutputRecord } from '../../src/stream/job';
import { outboxTopic, windowsTopic } from '../../src/pipelines/level-alerts/topics';
import { decodeBatch, type DecodedRecord } from '../../src/records/record-batch';
import { ask, spawn, stopped, type ActorRef } from '../../src/kit';
import { systemClock, type Clock } from '../../src/ports/clock';
import type { EventLog } from '../../src/ports/event-log';
import { comparable } from '../support/results';
import { flipByte, storeBytes, storedBatches } from '../support/damage';
import { tempFolders } from '../support/temp-folder';
import { readRecords, readWindows } from '../support/topics';
import { appendLines, appendOutputs, counting, openLog, untilHolds } from './consuming';
import { changedLog, commitFaults, withCommitFaults, type CommitFault } from './decorators';
import { gate, startTestSystem, type TestSystem } from './kit/harness';
import { info } from './producing';
import { turnsUntil } from './turns';

/** When the first line was ingested; processing time moves by a second with each chunk of input. */
const INGESTED = Date.parse('2026-11-20T11:00:00Z');
const clock: Clock = { ...systemClock, now: () => INGESTED };

const folders = tempFolders();
const logs: EventLog[] = [];
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close();
});

async function newLog(folder = folders.make()): Promise<EventLog> {
  const log = await openLog(folder);
  logs.push(log);
  return log;
}

/** A group that has confirmed every assignment already. */
const confirmed = (): Promise<void> => Promise.resolve();

function headRecord({ definition, offset }: { definition: string; offset: number }): OutputRecord {
  const positions = [{ topic: 'logs', partition: 0, offset }];
  const value = encodeHeadEnvelope({ definition, positions, head: null });
  return { key: Buffer.from('counting/0'), value, timestamp: INGESTED };
}

/** A job-runner that counts, in a system of its own. */
class Counter {
  readonly seen: TestSystem = startTestSystem();
  private readonly counters = new CounterRegistry();
  readonly ref: ActorRef<JobRunnerMessage>;

  constructor(log: EventLog, changed: { confirm?: () => Promise<void>; tickMs?: number } = {}) {
    const job = { ...counting(), flushIntervalMs: 0 };
    const options = {
      job,
      partition: 0,
      log,
      clock,
      crc32c,
      counters: this.counters,
      tickMs: 60_000,
      confirm: confirmed,
      ...changed,
    };
    this.ref = spawn(this.seen.system, jobRunner('counting-0', options));
  }

  /** Sum of all counters. */
  counts(): number {
    return this.counters.samples().reduce((sum, { value }) => sum + value, 0);
  }

  async finish(): Promise<void> {
    await ask(this.ref, (replyTo) => ({ type: 'finish', replyTo }), 20_000);
  }

  async drain(): Promise<void> {
    await ask(this.ref, (replyTo) => ({ type: 'drain', replyTo }), 20_000);
    await this.stop();
  }

  /** Nothing is drained. */
  stop(): Promise<void> {
    return this.seen.system.stop(20_000);
  }
}

/** Input in chunks: two sources of two origins, windows that overlap, stack traces, errors. */
const chunks = Array.from({ length: 12 }, (_, i) => {
  const lines = Array.from({ length: 9 }, (_, j) => {
    const line = info(i * 40 + j * 7, `request ${j}`);
    return j % 4 === 1
      ? `${line.replace('INFO ', 'ERROR')}\njava.lang.Oops: ${i}\n\tat app.Main(Main.java:${j})`
      : line;
  });
  return { key: i % 3 === 0 ? 'web-2/app.log' : 'web-1/app.log', text: `${lines.join('\n')}\n` };
});

async function appendChunk(log: EventLog, i: number): Promise<void> {
  const { key, text } = chunks[i] ?? { key: '', text: '' };
  const before = chunks.slice(0, i).filter((chunk) => chunk.key === key);
  const offset = before.reduce((sum, chunk) => sum + chunk.text.length, 0);
  await appendLines(log, key, offset, text, INGESTED + i * 1000);
}

async function windows(log: EventLog): Promise<object> {
  const all = await readWindows(log, 1);
  return Object.fromEntries(
    [...all].map(([name, window]) => [name, { ...comparable(window), complete: window.complete }]),
  );
}

function linesIn(records: readonly DecodedRecord[]): number {
  const lines = new Map<string, number>();
  for (const { key, value } of records) {
    const window = key === null || value === null ? null : parseWindowRecord(key, value);
    if (window !== null) lines.set(String(key), window.lines);
  }
  return [...lines.values()].reduce((sum, count) => sum + count, 0);
}

const linesOf = (count: number): number =>
  chunks.slice(0, count).reduce((sum, { text }) => sum + text.split('\n').length - 1, 0);

/** Copies its inputs to both of its outputs; it has no head. */
const copyingJob: Job<Output[]> = {
  name: 'copying',
  definition: 'copying',
  over: 'topic',
  inputs: [
    { topic: 'logs', partitions: 1 },
    { topic: 'quarantine', partitions: 1 },
  ],
  outputs: [windowsTopic(1, 0), outboxTopic(0)],
  stateTopics: [],
  flushIntervalMs: 0,
  open: () => [],
  restoreRanges: () => [],
  restore: () => undefined,
  step: (outputs, input) => {
    if (input.type !== 'batch') return;
    for (const { key, value, timestamp } of decodeBatch(input.batch, input.startOffset)) {
      for (const topic of ['windows', 'outbox']) outputs.push({ topic, key: key ?? Buffer.alloc(0), value, timestamp });
    }
  },
  flush: (outputs) => ({ outputs: outputs.splice(0), head: null }),
};

/** The windows of one run over all the input. */
let expected: object;
beforeAll(async () => {
  const log = await openLog(folders.make());
  for (let i = 0; i < chunks.length; i++) await appendChunk(log, i);
  const counter = new Counter(log);
  await counter.finish();
  expected = await windows(log);
  await counter.stop();
  await log.close();
});

describe('jobRunner', () => {
  it('counts every line, completes every window and commits its position when it finishes', async () => {
    const log = await newLog();
    for (let i = 0; i < chunks.length; i++) await appendChunk(log, i);
    const counter = new Counter(log);
    await counter.finish();
    const all = [...(await readWindows(log, 1)).values()];
    expect(all.reduce((sum, { lines }) => sum + lines, 0)).toBe(linesOf(chunks.length));
    expect(all.every(({ complete }) => complete)).toBe(true);
    expect(await log.groupOffset(consumerGroupOf('counting'), 'logs', 0)).toBe((await log.offsets('logs', 0)).end);
    await counter.stop();
  });

  it('writes as soon as the input is read to its end', async () => {
    const log = await newLog();
    const counter = new Counter(log);
    for (let i = 0; i < 3; i++) {
      await appendChunk(log, i);
      await untilHolds(log, 'windows', (records) => linesIn(records) === linesOf(i + 1));
    }
    await counter.stop();
  });

  it.each([0, 1, 2, 5, 11])('continues from its own output when it was stopped after chunk %i', async (last) => {
    const log = await newLog();
    const first = new Counter(log);
    for (let i = 0; i <= last; i++) await appendChunk(log, i);
    await untilHolds(log, 'windows', (records) => linesIn(records) > 0);
    await first.stop();
    for (let i = last + 1; i < chunks.length; i++) await appendChunk(log, i);
    const second = new Counter(log);
    await second.finish();
    expect(await windows(log)).toEqual(expected);
    expect(second.seen.crashes).toEqual([]);
    await second.stop();
  });

  it.each(commitFaults)('counts each line once when a commit goes wrong (%s)', async (fault) => {
    const log = await newLog();
    const faults: (CommitFault | null)[] = [null, fault, null, fault];
    const counter = new Counter(withCommitFaults(log, () => faults.shift() ?? null));
    for (let i = 0; i < chunks.length; i++) {
      await appendChunk(log, i);
      await untilHolds(log, 'windows', (records) => linesIn(records) === linesOf(i + 1));
    }
    await counter.finish();
    expect(faults).toEqual([]);
    expect(counter.seen.crashes).toHaveLength(2);
    expect(await windows(log)).toEqual(expected);
    await counter.stop();
  });

  it('stamps an output with the time of writing when the job does not restore itself from it', async () => {
    const log = await newLog();
    const old = INGESTED - 400 * 24 * 60 * 60_000;
    await appendOutputs(log, 'quarantine', [{ key: Buffer.from('a'), value: Buffer.from('a'), timestamp: old }]);
    const { system } = startTestSystem();
    const job = { ...copyingJob, stateTopics: ['windows'] };
    const options = {
      job,
      partition: 0,
      log,
      clock,
      crc32c,
      counters: new CounterRegistry(),
      tickMs: 60_000,
      confirm: confirmed,
    };
    const ref = spawn(system, jobRunner('copying-0', options));
    await ask(ref, (replyTo) => ({ type: 'finish', replyTo }), 20_000);
    await system.stop(20_000);
    const timestamps = async (topic: string): Promise<number[]> =>
      (await readRecords(log, topic, 1)).map(({ timestamp }) => timestamp);
    expect(await timestamps('outbox')).toEqual([INGESTED]);
    expect(await timestamps('windows')).toEqual([old]);
  });

  it('starts again when a fetch fails', async () => {
    const log = await newLog();
    let failures = 2;
    const failing = changedLog(log, {
      openReader: (topic, partition, offset) => {
        const reader = log.openReader(topic, partition, offset);
        return {
          fetch: (maxBytes, waitMs) =>
            topic === 'logs' && failures-- > 0
              ? Promise.reject(new Error('the connection broke'))
              : reader.fetch(maxBytes, waitMs),
          close: () => reader.close(),
        };
      },
    });
    const counter = new Counter(failing);
    for (let i = 0; i < chunks.length; i++) await appendChunk(log, i);
    await untilHolds(log, 'windows', (records) => linesIn(records) === linesOf(chunks.length));
    await counter.finish();
    expect(counter.seen.crashes).toHaveLength(2);
    expect(await windows(log)).toEqual(expected);
    await counter.stop();
  });

  it('waits for the group when a second one fences it, which continues from the written state', async () => {
    const log = await newLog();
    const first = new Counter(log, { confirm: () => new Promise(() => undefined) });
    await appendChunk(log, 0);
    await untilHolds(log, 'windows', (records) => linesIn(records) === linesOf(1));
    const second = new Counter(log);
    for (let i = 1; i < chunks.length; i++) await appendChunk(log, i);
    await turnsUntil(() =>
      first.seen.log.some(({ level, message }) => level === 'warn' && message === decisions.fenced.event),
    );
    await second.finish();
    expect(await windows(log)).toEqual(expected);
    expect([...first.seen.crashes, ...second.seen.crashes]).toEqual([]);
    await first.drain();
    await second.stop();
  });

  it('counts every line when it is fenced once and the group confirms that the partition is still its own', async () => {
    const log = await newLog();
    const group = gate();
    const counter = new Counter(log, { confirm: () => group.opened });
    await appendChunk(log, 0);
    await untilHolds(log, 'windows', (records) => linesIn(records) === linesOf(1));
    await (await log.openWriter({ id: 'telltale-counting-0', reads: [], writes: [] })).close();
    for (let i = 1; i < chunks.length; i++) await appendChunk(log, i);
    await turnsUntil(() => counter.seen.log.some(({ message }) => message === decisions.fenced.event));
    expect(linesIn(await readRecords(log, 'windows', 1))).toBe(linesOf(1));
    group.open();
    await untilHolds(log, 'windows', (records) => linesIn(records) === linesOf(chunks.length));
    await counter.finish();
    expect(await windows(log)).toEqual(expected);
    expect(counter.seen.crashes).toEqual([]);
    await counter.stop();
  });

  it('opens no writer after a crash before the group confirms that the partition is still its own', async () => {
    const log = await newLog();
    const group = gate();
    const faults: (CommitFault | null)[] = ['aborted'];
    let writers = 0;
    const faulty = withCommitFaults(log, () => faults.shift() ?? null);
    const counted = changedLog(faulty, {
      openWriter: (writer) => {
        writers++;
        return faulty.openWriter(writer);
      },
    });
    let asked = 0;
    const confirm = (): Promise<void> => {
      asked++;
      return group.opened;
    };
    const counter = new Counter(counted, { confirm });
    await appendChunk(log, 0);
    await turnsUntil(() => asked === 1);
    expect(writers).toBe(1);
    group.open();
    await untilHolds(log, 'windows', (records) => linesIn(records) === linesOf(1));
    expect([asked, writers]).toEqual([1, 2]);
    await counter.stop();
  });

  it('fails at once, and says what to do, when its input ends before its position: the topic was created again', async () => {
    const log = await newLog();
    await appendOutputs(log, 'state', [headRecord({ definition: 'counting', offset: 70 })]);
    await appendChunk(log, 0);
    const counter = new Counter(log);
    const outcome = await stopped(counter.ref);
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'RESET_NEEDED' } });
    expect(counter.seen.crashes.map(({ error }) => error.message)).toEqual([
      'counting has read topic "logs", partition 0, up to offset 70, but the partition ends at 13: the topic was created ' +
        'again, or has lost records. Run "telltale reset counting", with the --data, --config and --set of this program, to read it from its start.',
    ]);
    expect(await readRecords(log, 'windows', 1)).toEqual([]);
  });

  it('fails at once, and says what to do, when its state was made by another definition', async () => {
    const log = await newLog();
    await appendOutputs(log, 'state', [headRecord({ definition: 'something else', offset: 0 })]);
    const counter = new Counter(log);
    expect(await stopped(counter.ref)).toMatchObject({ kind: 'failed', error: { code: 'RESET_NEEDED' } });
    expect(counter.seen.crashes.map(({ error }) => error.message)).toEqual([
      'The definition of counting has changed: its state was made with "something else", and it is now "counting". ' +
        'Run "telltale reset counting", with the --data, --config and --set of this program, to start over, or restore the former configuration.',
    ]);
  });

  it('fails at once, and says where, when a batch of its own state is damaged', async () => {
    const log = await newLog();
    await appendChunk(log, 0);
    const first = new Counter(log);
    await untilHolds(log, 'windows', (records) => linesIn(records) === linesOf(1));
    await first.drain();
    const damaged = changedLog(log, {
      openReader: (topic, partition, offset) => {
        const reader = log.openReader(topic, partition, offset);
        if (topic !== 'windows') return reader;
        return {
          fetch: async (maxBytes, waitMs) => {
            const fetched = await reader.fetch(maxBytes, waitMs);
            return { ...fetched, batches: fetched.batches.map((batch) => batch.subarray(1)) };
          },
          close: () => reader.close(),
        };
      },
    });
    const second = new Counter(damaged);
    expect(await stopped(second.ref)).toMatchObject({ kind: 'failed', error: { code: 'RESET_NEEDED' } });
    expect(second.seen.crashes.map(({ error }) => error.message)).toEqual([
      expect.stringMatching(
        /^counting cannot read a record of its own state: topic "windows", partition 0, offset \d+\./,
      ),
    ]);
  });

  it('quarantines a batch of its input that is damaged, and counts all others', async () => {
    const folder = folders.make();
    const log = await newLog(folder);
    for (let i = 0; i < 4; i++) await appendChunk(log, i);
    const [, damaged, ...others] = storedBatches(folder).filter(({ topic }) => topic === 'logs');
    if (damaged === undefined) throw new Error('there is no second batch');
    flipByte(folder, damaged, 100);
    const counter = new Counter(log);
    await counter.finish();
    const place = { topic: 'logs', partition: 0, from: 13, next: damaged.lastOffset + 1 };
    const problem = 'its checksum is wrong';
    expect(others.length).toBeGreaterThan(1);
    expect(linesIn(await readRecords(log, 'windows', 1))).toBe(linesOf(4) - (place.next - place.from));
    const quarantined = await readRecords(log, 'quarantine', 1);
    expect(quarantined.map(({ key, value }) => [String(key), JSON.parse(String(value)) as unknown])).toEqual([
      ['topic:logs/0/13', { v: 1, ...place, job: 'counting', detail: problem }],
    ]);
    expect(counter.seen.log.filter(({ message }) => message === decisions.batchUnreadable.event)).toMatchObject([
      { level: 'error', fields: { job: 'counting', ...place, problem } },
    ]);
    await counter.drain();
    // The next run does not report it again.
    const second = new Counter(log);
    await second.finish();
    expect(await readRecords(log, 'quarantine', 1)).toHaveLength(1);
    expect(counter.seen.crashes).toEqual([]);
  });

  it('quarantines a batch whose records are not encoded as such, although its checksum is right', async () => {
    const folder = folders.make();
    const log = await newLog(folder);
    for (let i = 0; i < 2; i++) await appendChunk(log, i);
    const [first] = storedBatches(folder).filter(({ topic }) => topic === 'logs');
    if (first === undefined) throw new Error('there is no batch');
    const bytes = Buffer.from(first.bytes);
    bytes.fill(0xff, 70, 90);
    bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
    storeBytes(folder, first.id, bytes);
    const counter = new Counter(log);
    await counter.finish();
    expect(linesIn(await readRecords(log, 'windows', 1))).toBe(linesOf(2) - first.lastOffset - 1);
    expect((await readRecords(log, 'quarantine', 1)).map(({ value }) => JSON.parse(String(value)) as unknown)).toEqual([
      expect.objectContaining({ from: 0, next: first.lastOffset + 1 }),
    ]);
    expect(counter.seen.crashes).toEqual([]);
  });

  describe('when a record of its own state is damaged', () => {
    let folder: string;
    let log: EventLog;
    beforeEach(async () => {
      folder = folders.make();
      log = await newLog(folder);
      await appendChunk(log, 0);
      const first = new Counter(log);
      await first.finish();
      await first.drain();
    });

    const damage = (topic: string, key: RegExp): void => {
      const found = storedBatches(folder).find(
        (batch) => batch.topic === topic && key.test(batch.bytes.toString('latin1')),
      );
      if (found === undefined) throw new Error(`there is no such record in ${topic}`);
      flipByte(folder, found, found.bytes.length - 3);
    };

    it.each(['windows', 'counting-state', 'state'])(
      'stops at once and says where in %s, and starts over after a reset',
      async (topic) => {
        damage(topic, /web-|counting\/0/);
        const second = new Counter(log);
        expect(await stopped(second.ref)).toMatchObject({ kind: 'failed', error: { code: 'EVENT_LOG_DAMAGED' } });
        expect(second.seen.crashes.map(({ error }) => error.message)).toEqual([
          expect.stringMatching(
            new RegExp(
              `^counting cannot read its own state at topic "${topic}", partition 0, offset \\d+: its checksum is wrong\\. ` +
                'Stop the programs and run "telltale repair", .* Run "telltale reset counting", .* to start counting over without it\\.$',
            ),
          ),
        ]);
        await resetJob({ job: counting(), partition: 0, log, clock, crc32c });
        const third = new Counter(log);
        await third.finish();
        expect(linesIn(await readRecords(log, 'windows', 1))).toBe(linesOf(1));
        await third.drain();
        const fourth = new Counter(log);
        await fourth.finish();
        expect([...third.seen.crashes, ...fourth.seen.crashes]).toEqual([]);
      },
    );

    it('continues when the damaged record of topic state is of another job', async () => {
      const other = { ...headRecord({ definition: 'other', offset: 0 }), key: Buffer.from('other/0') };
      await appendOutputs(log, 'state', [other]);
      damage('state', /other\/0/);
      const second = new Counter(log);
      await second.finish();
      expect(second.seen.crashes).toEqual([]);
    });

    it('continues without it after a reset when the log, as Kafka, does not know its key', async () => {
      damage('windows', /web-/);
      const blind = changedLog(log, {
        openReader: (topic, partition, offset) => {
          const reader = log.openReader(topic, partition, offset);
          return {
            fetch: async (maxBytes, waitMs) => {
              const fetched = await reader.fetch(maxBytes, waitMs);
              return { ...fetched, unreadable: fetched.unreadable.map((place) => ({ ...place, key: null })) };
            },
            close: () => reader.close(),
          };
        },
      });
      expect(await stopped(new Counter(blind).ref)).toMatchObject({ error: { code: 'EVENT_LOG_DAMAGED' } });
      await resetJob({ job: counting(), partition: 0, log: blind, clock, crc32c });
      // The tombstone of the reset keeps its head away; nothing writes the damaged record again at first.
      for (let i = 0; i < 2; i++) {
        const counter = new Counter(blind);
        await appendChunk(log, i + 1);
        await counter.finish();
        await counter.drain();
        expect(counter.seen.crashes).toEqual([]);
      }
    });
  });

  it('reports how many records were deleted before it folded them, also at its first start', async () => {
    const log = await newLog();
    for (let i = 0; i < 3; i++) await appendChunk(log, i);
    let start = 2;
    const deleted = changedLog(log, {
      offsets: async (topic, partition) => {
        const { end } = await log.offsets(topic, partition);
        return { start: topic === 'logs' ? start : 0, end };
      },
    });
    const lost = ({ seen }: Counter): unknown[] =>
      seen.log.flatMap(({ message, fields }) => (message === decisions.recordsLost.event ? [fields] : []));
    const first = new Counter(deleted);
    await untilHolds(log, 'windows', (records) => linesIn(records) > 0);
    await first.drain();
    const { end } = await log.offsets('logs', 0);
    for (let i = 3; i < 6; i++) await appendChunk(log, i);
    start = end + 5;
    const second = new Counter(deleted);
    await second.finish();
    const place = { job: 'counting', topic: 'logs', partition: 0 };
    expect(lost(first)).toMatchObject([{ ...place, reason: 'before the first fold', wanted: 0, start: 2, amount: 2 }]);
    expect(lost(second)).toMatchObject([{ ...place, reason: 'while it was behind', wanted: end, start, amount: 5 }]);
    expect([first.counts(), second.counts()]).toEqual([2, 5]);
    await second.stop();
  });

  it('reads only unfolded records when it starts again', async () => {
    const log = await newLog();
    for (let i = 0; i < 6; i++) await appendChunk(log, i);
    const first = new Counter(log);
    await untilHolds(log, 'windows', (records) => linesIn(records) === linesOf(6));
    await first.drain();
    const { end } = await log.offsets('logs', 0);
    const opened: number[] = [];
    const watched = changedLog(log, {
      openReader: (topic, partition, offset) => {
        if (topic === 'logs') opened.push(offset);
        return log.openReader(topic, partition, offset);
      },
    });
    const second = new Counter(watched);
    await second.finish();
    expect(opened).toEqual([end]);
    await second.stop();
  });

  it('continues from the offsets in the head when the version before wrote it', async () => {
    const log = await newLog();
    for (let i = 0; i < 6; i++) await appendChunk(log, i);
    const first = new Counter(log);
    await untilHolds(log, 'windows', (records) => linesIn(records) === linesOf(6));
    await first.drain();
    const written = (await readRecords(log, 'state', 1)).at(-1)?.value ?? Buffer.alloc(0);
    const { positions, head } = decodeHeadEnvelope(written, 'counting/0', counting().inputs);
    const fields = JSON.parse(head?.toString() ?? '') as object;
    const offsets = { 0: positions.find(({ topic }) => topic === 'logs')?.offset };
    const value = Buffer.from(JSON.stringify({ ...fields, v: 1, offsets }));
    await appendOutputs(log, 'state', [{ key: Buffer.from('counting/0'), value, timestamp: INGESTED }]);
    for (let i = 6; i < chunks.length; i++) await appendChunk(log, i);
    const second = new Counter(log);
    await second.finish();
    expect(await windows(log)).toEqual(expected);
    await second.stop();
  });

  it('folds all inputs into all outputs, and continues at its position in each when it starts again', async () => {
    const log = await newLog();
    const append = (topic: string, value: string): Promise<void> =>
      appendOutputs(log, topic, [{ key: Buffer.from(value), value: Buffer.from(topic), timestamp: INGESTED }]);
    const copied = async (topic: string): Promise<string[]> =>
      (await readRecords(log, topic, 1)).map(({ key, value }) => `${String(key)} ${String(value)}`).sort();
    await append('logs', 'a');
    await append('quarantine', 'b');
    const run = async (): Promise<void> => {
      const seen = startTestSystem();
      const options = {
        job: copyingJob,
        partition: 0,
        log,
        clock,
        crc32c,
        counters: new CounterRegistry(),
        tickMs: 60_000,
        confirm: confirmed,
      };
      const ref = spawn(seen.system, jobRunner('copying-0', options));
      await ask(ref, (replyTo) => ({ type: 'finish', replyTo }), 20_000);
      await seen.system.stop(20_000);
    };
    await run();
    await append('logs', 'c');
    await run();
    const all = ['a logs', 'b quarantine', 'c logs'];
    expect([await copied('windows'), await copied('outbox')]).toEqual([all, all]);
    expect(await log.groupOffset('telltale-copying', 'quarantine', 0)).toBe((await log.offsets('quarantine', 0)).end);
  });

  it('folds nothing when it has been drained', async () => {
    const log = await newLog();
    await appendChunk(log, 0);
    const counter = new Counter(log);
    await untilHolds(log, 'windows', (records) => linesIn(records) === linesOf(1));
    await counter.drain();
    await appendChunk(log, 1);
    expect(linesIn(await readRecords(log, 'windows', 1))).toBe(linesOf(1));
  });

  type Action = 'append' | 'wait' | 'drain' | 'stop' | CommitFault;
  const action = fc.constantFrom<Action>('append', 'append', 'append', 'wait', 'drain', 'stop', ...commitFaults);
  const RUNS = Number(process.env['TELLTALE_TEST_RUNS'] ?? 10);
  const SEED = Number(process.env['TELLTALE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

  it(`writes the windows of one run when it is stopped, drained and fails at random (seed ${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 20 }), async (actions) => {
        const log = await newLog();
        const faults: CommitFault[] = [];
        let injected = 0;
        const start = (): Counter => new Counter(withCommitFaults(log, () => faults.shift() ?? null));
        let counter = start();
        let appended = 0;
        for (const next of actions) {
          if (next === 'append') {
            if (appended < chunks.length) await appendChunk(log, appended++);
          } else if (next === 'wait') {
            await untilHolds(log, 'windows', (records) => linesIn(records) === linesOf(appended));
          } else if (next === 'drain' || next === 'stop') {
            // The next start handles a commit that fails while the runner drains.
            if (next === 'drain') await counter.drain().catch(() => undefined);
            await counter.stop();
            counter = start();
          } else if (injected++ < 3) {
            faults.push(next);
          }
        }
        while (appended < chunks.length) await appendChunk(log, appended++);
        await untilHolds(log, 'windows', (records) => linesIn(records) === linesOf(appended));
        faults.splice(0);
        await counter.finish();
        expect(await windows(log)).toEqual(expected);
        await counter.stop();
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    );
  });
});
