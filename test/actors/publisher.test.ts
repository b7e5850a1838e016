import { publisher, publisherTopics } from '../../actors/publisher';
import type { LogReaderMessage, Publish, PublisherMessage, LookupReply } from '../../actors/protocol';
import { SourceReader, type Step } from '../../actors/reader/source-reader';
import { loadConfig } from '../../src/config';
import { SNIFF_BYTES } from '../../src/lines/encoding';
import { pipelines } from '../../src/pipelines';
import { ask, spawn, stopped, tell, type ActorRef } from '../../src/kit';
import { readLines, readRecords } from '../support/topics';
import { tempFolders } from '../support/temp-folder';
import { appendOutputs } from './consuming';
import {
  changedLog,
  changedStore,
  commitFaults,
  withCommitFaults,
  withStalledCommits,
  type CommitFault,
} from './decorators';
import { allTurns, gate, startTestSystem, type TestSystem } from './kit/harness';
import { clockAt, linesOf } from './observing';
import { BUCKET, inBatchesOf, info, openPlace, UPLOADED, type Place } from './producing';
import { turnsUntil } from './turns';

const KEY = 'web-1/app.log';
const SOURCE = `${BUCKET}/${KEY}`;
const folders = tempFolders();

let place: Place;
beforeEach(async () => {
  place = await openPlace(folders.make());
});
afterEach(() => place.close());

const lines = Array.from({ length: 9 }, (_, i) => info(i));
const text = (count: number): string =>
  lines
    .slice(0, count)
    .map((line) => `${line}\n`)
    .join('');
const published = (count: number): string[] => lines.slice(0, count).map((line, i) => `0:${text(i).length} ${line}`);

describe('publisher', () => {
  it.each(commitFaults)('loses no line and repeats none when a commit fails: %s', async (fault) => {
    // Each upload is at least one commit; whether two sources share one is a matter of time.
    const faults: (CommitFault | null)[] = [null, fault, fault];
    const running = place.start({ log: withCommitFaults(place.log, () => faults.shift() ?? null) });
    for (const count of [3, 6, 9]) {
      await place.put(KEY, text(count));
      await place.put('web-2/other.log', text(count));
      await running.reconcile();
    }
    expect(faults).toEqual([]);
    expect(running.seen.crashes.map(({ path }) => path)).toEqual(Array(2).fill('test://producer/publisher-0'));
    expect(running.failures).toEqual([]);
    expect(await readLines(place.log)).toEqual({ [SOURCE]: published(9), [`${BUCKET}/web-2/other.log`]: published(9) });
  });

  it('continues after the last commit when a commit of a large object fails', async () => {
    const many = Array.from({ length: 4_000 }, (_, i) => info(i));
    const faults: (CommitFault | null)[] = ['answer lost, happened', 'answer lost, did not happen'];
    const scan = inBatchesOf(10_000, place.options);
    await place.put(KEY, many.map((line) => `${line}\n`).join(''));
    // A clock that jumps makes every transaction overdue at once: one commit a batch.
    let now = Date.now();
    const clock = { ...place.options.clock, now: () => (now += 10_000) };
    const running = place.start({ log: withCommitFaults(place.log, () => faults.shift() ?? null), ...scan, clock });
    await running.settle();
    expect(faults).toEqual([]);
    const texts = (await linesOf(place.log, KEY))?.map((line) => line.slice(line.indexOf(' ') + 1));
    expect(texts).toEqual(many);
  });
});

describe('publisher with an unreadable checkpoint', () => {
  it('blocks only the source of the checkpoint, until a later one is readable', async () => {
    await place.put(KEY, text(3));
    await place.put('web-2/other.log', text(3));
    const record = { key: Buffer.from(SOURCE), timestamp: Date.now() };
    await appendOutputs(place.log, 'checkpoints', [{ ...record, value: Buffer.from('{"v":99}') }]);
    const running = place.start();
    expect(await running.producer.awaitIdle(20_000)).toEqual([
      {
        key: KEY,
        reason: expect.stringMatching(/^The checkpoint of ".*" cannot be read: its version is 99/) as string,
      },
    ]);
    expect(running.seen.crashes).toEqual([]);
    expect(await readLines(place.log)).toEqual({ [`${BUCKET}/web-2/other.log`]: published(3) });
    await running.kill();

    await appendOutputs(place.log, 'checkpoints', [{ ...record, value: null }]);
    await place.start().settle();
    expect(await linesOf(place.log, KEY)).toEqual(published(3));
  });
});

describe('publisher after partitions were added', () => {
  it('writes nothing, and names the former number, with which it continues', async () => {
    const hosts = Array.from({ length: 12 }, (_, i) => `web-${i}/app.log`);
    for (const key of hosts) await place.put(key, text(3));
    const before = place.start({ partitions: 2 });
    await before.settle();
    await before.kill();
    const written = await readLines(place.log);
    for (const key of hosts) await place.put(key, text(6));

    const wrong = place.start({ partitions: 4 });
    await turnsUntil(() => wrong.failures.length > 0);
    expect(String(wrong.seen.crashes[0]?.error)).toContain(
      'Set eventLog.partitions to 2: the added partitions stay empty.',
    );
    await wrong.kill();
    expect(await readLines(place.log)).toEqual(written);

    await place.start({ partitions: 2 }).settle();
    expect(await readLines(place.log)).toEqual(
      Object.fromEntries(hosts.map((key) => [`${BUCKET}/${key}`, published(6)])),
    );
  });
});

describe('start of the publisher', () => {
  it('has a deadline beyond the retries of the event log', () => {
    const { config } = loadConfig({ pipelines, env: {} });
    const { deadlineMs } = publisher({ ...place.options, name: 'publisher', transactionalId: 'late' });
    expect(deadlineMs).toBeGreaterThan(config.eventLog.kafka.retryFor);
  });

  it('closes its writer and sends no epoch when it exceeded its deadline', async () => {
    const opening = gate();
    const [begun, closed] = [gate(), gate()];
    const log = changedLog(place.log, {
      openWriter: async (options) => {
        begun.open();
        await opening.opened;
        const writer = await place.log.openWriter(options);
        const close = async (): Promise<void> => {
          await writer.close();
          closed.open();
        };
        return { begin: () => writer.begin(), close };
      },
    });
    const { system } = startTestSystem();
    spawn(system, publisher({ ...place.options, log, name: 'publisher', transactionalId: 'late' }));
    await begun.opened;
    await expect(system.stop(1)).rejects.toThrow(/Still running/);
    opening.open();
    await closed.opened;
  });
});

describe('second publisher with the same transactional id', () => {
  it('fences the first one, which reports it, writes nothing more, and still drains', async () => {
    const first = place.start();
    await place.put(KEY, text(3));
    await first.settle();
    const second = place.start();
    await second.settle();

    await place.put(KEY, text(6));
    first.signal(KEY);
    await turnsUntil(() => first.failures.length > 0);
    expect(first.failures).toEqual(['publisher-0']);
    expect(first.errors).toMatchObject([
      {
        code: 'FENCED',
        message: expect.stringMatching(/^another producer has taken over: .*telltale-producer-0/) as string,
      },
    ]);
    expect(place.counted('telltale_fenced_total', 'another-producer')).toBe(1);
    await first.producer.drain(10_000);
    expect(await readLines(place.log)).toEqual({ [SOURCE]: published(3) });

    second.signal(KEY);
    await second.settle();
    expect(await readLines(place.log)).toEqual({ [SOURCE]: published(6) });
    expect(second.failures).toEqual([]);
    expect(second.seen.crashes).toEqual([]);
  });

  it('is fenced by a third one, which continues where the second stood', async () => {
    const second = place.start();
    await second.upload(KEY, text(3));
    const restarted = place.start();
    await place.put(KEY, text(6));
    second.signal(KEY);
    await turnsUntil(() => second.failures.length > 0);
    restarted.signal(KEY);
    await restarted.settle();
    expect(restarted.failures).toEqual([]);
    expect(await readLines(place.log)).toEqual({ [SOURCE]: published(6) });
  });
});

describe('publish', () => {
  let seen: TestSystem;
  let ref: ActorRef<PublisherMessage>;
  beforeEach(() => {
    seen = startTestSystem();
    const { log, crc32c, counters, partitions, lineTopics } = place.options;
    // Time stands still: no transaction grows old enough for a commit between two steps.
    const clock = clockAt(UPLOADED);
    ref = spawn(
      seen.system,
      publisher({ name: 'p', transactionalId: 't', log, clock, crc32c, counters, partitions, lineTopics }),
    );
  });
  afterEach(() => seen.system.stop(10_000));

  const standing = (): Promise<LookupReply> =>
    ask(ref, (replyTo) => ({ type: 'lookup', source: SOURCE, replyTo }), 10_000);

  /** The steps of reading the object as it is now, from the beginning. */
  async function stepsOf(content: string, batchBytes = 900_000): Promise<Step[]> {
    await place.put(KEY, content);
    const since = { ms: -Infinity, older: 'ignored' as const };
    const options = { ...place.options, ...inBatchesOf(batchBytes, place.options), rules: { ...place.options, since } };
    const reader = new SourceReader({ key: KEY, request: null }, options, () => undefined);
    await reader.start(null);
    const steps: Step[] = [];
    for (let turn = await reader.next(); turn.kind !== 'ended'; turn = await reader.next()) {
      if (turn.kind === 'step') steps.push(turn.step);
    }
    return steps;
  }

  /** An actor that remembers the messages to a reader. */
  function fakeReader(name: string): { ref: ActorRef<LogReaderMessage>; told: LogReaderMessage[] } {
    const told: LogReaderMessage[] = [];
    const reader = spawn(seen.system, {
      name,
      initialState: () => null,
      receive: (_: null, message: LogReaderMessage) => {
        told.push(message);
        return null;
      },
    });
    return { ref: reader, told };
  }

  const publish = (step: Step, epoch: number, replyTo: ActorRef<LogReaderMessage>): Publish => ({
    type: 'publish',
    source: SOURCE,
    ...step,
    epoch,
    replyTo,
  });

  it('accepts steps that follow one another, and commits them with the last checkpoint', async () => {
    const reader = fakeReader('reader');
    const steps = await stepsOf(text(9), 300);
    expect(steps.length).toBeGreaterThan(3);
    const { epoch } = await standing();
    for (const step of steps) tell(ref, publish(step, epoch, reader.ref));
    await ask(ref, (replyTo) => ({ type: 'drain', replyTo }), 10_000);
    await allTurns();
    expect(reader.told.map(({ type }) => type)).toEqual([...steps.map(() => 'accepted'), 'committed']);
    expect(reader.told.at(-1)).toEqual({ type: 'committed', epoch, checkpoint: steps.at(-1)?.checkpoint });
    expect(await readLines(place.log)).toEqual({ [SOURCE]: published(9) });
    expect(await readRecords(place.log, 'checkpoints')).toHaveLength(1);
  });

  it.each<[string, (steps: Step[]) => { step: Step | undefined; epochs: number }]>([
    ['leaves a gap', (steps) => ({ step: steps[2], epochs: 0 })],
    ['begins in mid-object though nothing is committed', (steps) => ({ step: steps[1], epochs: 0 })],
    ['is of an epoch that is over', (steps) => ({ step: steps[0], epochs: -1 })],
    ['is of an epoch that never was', (steps) => ({ step: steps[0], epochs: 1 })],
  ])('refuses a step that %s, and answers where to resume', async (_, choose) => {
    const reader = fakeReader('reader');
    const { step, epochs } = choose(await stepsOf(text(9), 300));
    if (step === undefined) throw new Error('too few steps');
    const { epoch } = await standing();
    tell(ref, publish(step, epoch + epochs, reader.ref));
    await ask(ref, (replyTo) => ({ type: 'drain', replyTo }), 10_000);
    await allTurns();
    expect(reader.told).toEqual([{ type: 'resumeFrom', epoch, checkpoint: null }]);
    expect(await readLines(place.log)).toEqual({});
  });

  it('refuses a step that was accepted before, and a generation that does not begin at 0', async () => {
    const reader = fakeReader('reader');
    const [first, ...rest] = await stepsOf(text(9), 300);
    const last = rest.at(-1);
    if (first === undefined || last === undefined) throw new Error('too few steps');
    const { epoch } = await standing();
    tell(ref, publish(first, epoch, reader.ref));
    tell(ref, publish(first, epoch, reader.ref));
    tell(ref, publish({ ...last, from: { ...last.from, generation: 1 } }, epoch, reader.ref));
    await ask(ref, (replyTo) => ({ type: 'drain', replyTo }), 10_000);
    await allTurns();
    expect(reader.told.map(({ type }) => type)).toEqual(['accepted', 'resumeFrom', 'resumeFrom', 'committed']);
    expect(await readLines(place.log)).toEqual({ [SOURCE]: published(first.batch?.count ?? 0) });
  });

  it('answers a lookup with everything that it has accepted of the source', async () => {
    const reader = fakeReader('reader');
    const [first] = await stepsOf(text(9), 300);
    if (first === undefined) throw new Error('too few steps');
    tell(ref, publish(first, (await standing()).epoch, reader.ref));
    expect(await standing()).toEqual({ checkpoint: first.checkpoint, epoch: 1 });
  });

  it('stops when it is fenced', async () => {
    const reader = fakeReader('reader');
    const [first] = await stepsOf(text(2));
    const { epoch } = await standing();
    await place.log.openWriter({ id: 't', ...publisherTopics(['logs']) });
    if (first !== undefined) tell(ref, publish(first, epoch, reader.ref));
    expect(await stopped(ref)).toEqual({ kind: 'stopped' });
    expect(seen.crashes).toEqual([]);
    expect(await readLines(place.log)).toEqual({});
  });
});

describe('back-pressure', () => {
  it('stops reading when the event log stalls: credit bounds the steps in flight', async () => {
    const stalled = gate();
    const firstRead = gate();
    let read = 0;
    const store = changedStore(place.store, {
      read: async (bucket, key, range) => counted(await place.store.read(bucket, key, range)),
    });
    async function* counted(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        // One line a chunk, so that each line is a step of its own.
        for (let at = 0; at < chunk.length;) {
          const end = chunk.indexOf(10, at) + 1;
          read += 1;
          if (read === 1) firstRead.open();
          yield chunk.subarray(at, end);
          at = end;
        }
      }
    }
    // The first chunk is enough to detect the encoding, which reads no further.
    const many = Array.from({ length: 200 }, (_, i) => info(i, 'x'.repeat(SNIFF_BYTES)));
    await place.put(KEY, many.map((line) => `${line}\n`).join(''));
    const running = place.start({ store, log: withStalledCommits(place.log, stalled.opened), credit: 3 });
    try {
      await firstRead.opened;
      await allTurns();
      await allTurns();
      expect(read).toBe(3);
    } finally {
      // Otherwise the publisher never stops.
      stalled.open();
    }
    await running.settle();
    expect(read).toBe(200);
    expect(await linesOf(place.log, KEY)).toHaveLength(200);
  });
});
