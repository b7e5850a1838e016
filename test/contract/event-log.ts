import { randomUUID } from 'node:crypto';
import fc from 'fast-check';

import type { TopicSpec } from '../../src/stream/topics';
import type { EventLog, EventTransaction, EventWriter } from '../../src/ports/event-log';
import { gate } from '../actors/kit/harness';
import { GroupMember } from './group-member';
import type { LostAnswer } from './lost-answers';
import { losingAnswer } from './lost-answers';
import type { Row } from './records';
import { batchOf, openWriter, readAll, readCount, readUntil, row, rowsOf, timestamp, valuesOf, write } from './records';

const settings = { compactionLagMs: 3_600_000, compression: 'uncompressed', timestamps: 'append' } as const;
const defaults = { compactionLagMs: 0, compression: 'producer', timestamps: 'create' } as const;

/** An adapter under test. */
export interface EventLogHarness {
  /** Makes an empty log, or keeps a log in which names of this run are unused: every case makes its own names. */
  fresh(): Promise<void>;
  /** Opens another client of the log that `fresh` made last. */
  open(): Promise<EventLog>;
  /** The number of random stories to run. */
  readonly stories: number;
  close(): Promise<void>;
}

const PARTITIONS = 3;

/** The contract of `ports/event-log`, as cases that every adapter must pass. */
export function eventLogContract(name: string, harness: EventLogHarness): void {
  describe(`${name} as an event log`, () => {
    let log: EventLog;
    let clients: EventLog[];
    /** Names that only this case uses. */
    let logs: string;
    let compacted: string;
    let group: string;
    let id: string;

    const open = async (): Promise<EventLog> => {
      const client = await harness.open();
      clients.push(client);
      return client;
    };

    beforeEach(async () => {
      clients = [];
      await harness.fresh();
      log = await open();
      const unique = randomUUID();
      logs = `logs-${unique}`;
      compacted = `compacted-${unique}`;
      group = `group-${unique}`;
      id = `writer-${unique}`;
      await log.ensureTopics([topic(logs, 'delete'), topic(compacted, 'compact')]);
    });
    afterEach(async () => {
      await Promise.all(clients.map((client) => client.close()));
    });
    afterAll(() => harness.close());

    describe('ensureTopics', () => {
      it('accepts topics that it or another client made before', async () => {
        await log.ensureTopics([topic(logs, 'delete')]);
        await (await open()).ensureTopics([topic(logs, 'delete'), topic(`${logs}-2`, 'compact,delete')]);
        expect(await log.offsets(`${logs}-2`, 0)).toEqual({ start: 0, end: 0 });
      });

      it('refuses another partition count or clean-up policy for a topic that exists', async () => {
        const more = { ...topic(logs, 'delete'), partitions: PARTITIONS + 1 };
        await expect(log.ensureTopics([more])).rejects.toMatchObject({ code: 'TOPIC_MISMATCH' });
        await expect(log.ensureTopics([topic(logs, 'compact')])).rejects.toMatchObject({ code: 'TOPIC_MISMATCH' });
      });

      it('accepts a topic with the settings that it was made with, and refuses others', async () => {
        const plain = topic(`${logs}-plain`, 'compact');
        const set = { ...topic(`${logs}-set`, 'compact'), ...settings };
        await log.ensureTopics([plain, set]);
        await log.ensureTopics([set, { ...plain, ...defaults }]);
        const mismatch = { code: 'TOPIC_MISMATCH' };
        await expect(log.ensureTopics([{ ...plain, timestamps: 'append' }])).rejects.toMatchObject(mismatch);
        await expect(log.ensureTopics([{ ...plain, compression: 'uncompressed' }])).rejects.toMatchObject(mismatch);
        await expect(log.ensureTopics([{ ...set, timestamps: 'create' }])).rejects.toMatchObject(mismatch);
      });

      it.each(['delete', 'compact'] as const)(
        'lets the log set all timestamps of a %s topic when they are append timestamps',
        async (cleanup) => {
          const name = `${logs}-append`;
          await log.ensureTopics([{ ...topic(name, cleanup), timestamps: 'append' }]);
          const transaction = (await openWriter(log, id, name)).begin();
          const before = Date.now();
          await transaction.append(name, 0, batchOf(row('a', 'a'), { ...row('b', 'b'), timestamp: 17 }));
          await transaction.commit();
          const read = await readCount(log, name, 0, 2);
          expect(valuesOf(read)).toEqual(['a', 'b']);
          for (const { timestamp: set } of read) {
            expect(set).toBeGreaterThanOrEqual(before);
            expect(set).toBeLessThanOrEqual(Date.now());
          }
        },
      );

      it('keeps a replaced value when the topic has a compaction lag', async () => {
        const name = `${compacted}-lag`;
        await log.ensureTopics([{ ...topic(name, 'compact'), ...settings }]);
        const writer = await openWriter(log, id, name);
        for (const value of ['old', 'new']) await write(writer, name, 0, value);
        expect(valuesOf(await readCount(await open(), name, 0, 2))).toEqual(['old', 'new']);
      });

      it('makes no topic unasked: using an unknown one is an error everywhere', async () => {
        const unknown = { code: 'UNKNOWN_TOPIC' };
        const appending = async (name: string, partition: number): Promise<void> => {
          const writer = await openWriter(log, id, name);
          await writer.begin().append(name, partition, batchOf(row('x')));
        };
        await expect(appending(`${logs}-none`, 0)).rejects.toMatchObject(unknown);
        await expect(appending(logs, PARTITIONS)).rejects.toMatchObject(unknown);
        await expect(log.offsets(`${logs}-none`, 0)).rejects.toMatchObject(unknown);
        await expect(log.offsets(logs, PARTITIONS)).rejects.toMatchObject(unknown);
        await expect(log.openReader(`${logs}-none`, 0, 0).fetch(1024, 0)).rejects.toMatchObject(unknown);
      });
    });

    describe('a committed transaction', () => {
      it('is read in order, with the timestamps, keys and headers that were written', async () => {
        const written: Row[] = [
          {
            key: 'a',
            value: 'first',
            timestamp,
            headers: [
              ['at', '0:0'],
              ['level', 'INFO'],
            ],
          },
          { key: null, value: 'no key', timestamp: timestamp - 5_000, headers: [] },
          { key: '', value: '', timestamp: timestamp + 1, headers: [['', '']] },
          {
            key: 'ü',
            value: null,
            timestamp: 0,
            headers: [
              ['level', 'ERROR'],
              ['level', 'twice'],
            ],
          },
        ];
        const writer = await openWriter(log, id, logs, compacted);
        const transaction = writer.begin();
        await transaction.append(logs, 1, batchOf(...written.slice(0, 2)));
        await transaction.append(logs, 1, batchOf(...written.slice(2)));
        await transaction.commit();
        const read = await readCount(log, logs, 1, 4);
        expect(read).toEqual(written.map((expected, offset) => ({ ...expected, offset })));
      });

      it('keeps the appended bytes when the caller reuses the buffer', async () => {
        const batch = batchOf(row('as appended'));
        const transaction = (await openWriter(log, id, logs, compacted)).begin();
        await transaction.append(logs, 0, batch);
        batch.fill(0);
        await transaction.commit();
        expect(valuesOf(await readCount(log, logs, 0, 1))).toEqual(['as appended']);
      });

      it('spans partitions and topics', async () => {
        const transaction = (await openWriter(log, id, logs, compacted)).begin();
        await transaction.append(logs, 0, batchOf(row('a')));
        await transaction.append(logs, 2, batchOf(row('b')));
        await transaction.append(compacted, 1, batchOf(row('c')));
        await transaction.commit();
        expect(valuesOf(await readCount(log, logs, 0, 1))).toEqual(['a']);
        expect(valuesOf(await readCount(log, logs, 2, 1))).toEqual(['b']);
        expect(valuesOf(await readCount(log, compacted, 1, 1))).toEqual(['c']);
        expect(await readAll(log, logs, 1)).toEqual([]);
      });

      it('is seen by other clients', async () => {
        await write(await openWriter(log, id, logs, compacted), logs, 0, 'a', 'b');
        expect(valuesOf(await readCount(await open(), logs, 0, 2))).toEqual(['a', 'b']);
      });

      it('may be empty', async () => {
        const writer = await openWriter(log, id, logs, compacted);
        await writer.begin().commit();
        await write(writer, logs, 0, 'a');
        expect(await readAll(log, logs, 0)).toEqual(['a']);
      });

      it('moves the end, and there is nothing after it', async () => {
        expect(await log.offsets(logs, 0)).toEqual({ start: 0, end: 0 });
        await write(await openWriter(log, id, logs, compacted), logs, 0, 'a', 'b', 'c');
        const read = await readCount(log, logs, 0, 3);
        const { start, end } = await log.offsets(logs, 0);
        expect(start).toBe(0);
        expect(end).toBeGreaterThan(read.at(-1)?.offset ?? Infinity);
        const after = await log.openReader(logs, 0, end).fetch(1024, 0);
        expect(after).toMatchObject({ batches: [], from: end, next: end, end });
      });
    });

    describe('a transaction that is not committed', () => {
      it('leaves nothing when it is aborted, and its writer continues', async () => {
        const writer = await openWriter(log, id, logs, compacted);
        const transaction = writer.begin();
        await transaction.append(logs, 0, batchOf(row('aborted')));
        await transaction.append(compacted, 0, batchOf(row('aborted')));
        await transaction.commitOffset(group, logs, 0, 17);
        await transaction.abort();
        await write(writer, logs, 0, 'committed');
        expect(await readAll(log, logs, 0)).toEqual(['committed']);
        expect(await readAll(log, compacted, 0)).toEqual([]);
        expect(await log.groupOffset(group, logs, 0)).toBeNull();
      });

      it('is not seen while it is open', async () => {
        const transaction = (await openWriter(log, id, logs, compacted)).begin();
        await transaction.append(logs, 0, batchOf(row('open')));
        const fetched = await log.openReader(logs, 0, 0).fetch(1024, 0);
        expect(fetched.batches).toEqual([]);
        await transaction.commit();
        expect(valuesOf(await readCount(log, logs, 0, 1))).toEqual(['open']);
      });

      it('is aborted when its client is closed', async () => {
        const client = await open();
        const transaction = (await openWriter(client, id, logs, compacted)).begin();
        await transaction.append(logs, 0, batchOf(row('open')));
        await client.close();
        await expect(transaction.commit()).rejects.toMatchObject({ code: 'CLOSED' });
        await openWriter(log, id, logs, compacted);
        expect(await readAll(log, logs, 0)).toEqual([]);
      });

      it('is aborted when its writer is closed', async () => {
        const writer = await openWriter(log, id, logs, compacted);
        const transaction = writer.begin();
        await transaction.append(logs, 0, batchOf(row('open')));
        await writer.close();
        await expect(transaction.commit()).rejects.toMatchObject({ code: 'CLOSED' });
        await openWriter(log, id, logs, compacted);
        expect(await readAll(log, logs, 0)).toEqual([]);
      });

      it('fails at a batch that is too large, and leaves the log unchanged', async () => {
        const writer = await openWriter(log, id, logs, compacted);
        const transaction = writer.begin();
        await transaction.append(logs, 0, batchOf(row('before')));
        const large = batchOf(row('x'.repeat(1 << 20)));
        await expect(transaction.append(logs, 0, large)).rejects.toMatchObject({ code: 'BATCH_TOO_LARGE' });
        await transaction.abort();
        await writer.close();
        await write(await openWriter(log, id, logs, compacted), logs, 0, 'after');
        expect(await readAll(log, logs, 0)).toEqual(['after']);
      });

      it('fails at bytes that are not a record batch', async () => {
        const writer = await openWriter(log, id, logs, compacted);
        const damaged = batchOf(row('value'));
        damaged.writeUInt8(damaged.readUInt8(damaged.length - 2) ^ 1, damaged.length - 2);
        const appending = writer.begin().append(logs, 0, damaged);
        await expect(appending).rejects.toMatchObject({ code: 'CORRUPT_BATCH' });
        await writer.close();
        await openWriter(log, id, logs, compacted);
        expect(await readAll(log, logs, 0)).toEqual([]);
      });
    });

    describe('a writer', () => {
      it('refuses to append to a topic that it did not declare', async () => {
        const writer = await openWriter(log, id, logs);
        const appending = writer.begin().append(compacted, 0, batchOf(row('undeclared')));
        await expect(appending).rejects.toMatchObject({ code: 'INTERNAL' });
        await writer.close();
        expect(await readAll(log, compacted, 0)).toEqual([]);
      });
    });

    describe('two writers in one partition', () => {
      // A read_committed reader that takes aborted transactions to be sorted by first offset, although they are sorted by end,
      // returns aborted records when transactions overlap.
      it.each([
        { first: 'aborted', over: 'aborted' },
        { first: 'aborted', over: 'committed' },
        { first: 'committed', over: 'aborted' },
        { first: 'committed', over: 'committed' },
      ])('show only committed records when $first began first and $over ends first', async ({ first, over }) => {
        const second = first === 'aborted' ? 'committed' : 'aborted';
        const transactions = new Map<string, EventTransaction>();
        for (const kind of [first, second]) {
          transactions.set(kind, (await openWriter(log, `${id}-${kind}`, logs, compacted)).begin());
        }
        const append = async (kind: string, value: string): Promise<void> =>
          transactions.get(kind)?.append(logs, 0, batchOf(row(`${kind}-${value}`)));
        const end = async (kind: string): Promise<void> =>
          kind === 'aborted' ? transactions.get(kind)?.abort() : transactions.get(kind)?.commit();

        await append(first, '1');
        await append(second, '1');
        await append(first, '2');
        await append(second, '2');
        await end(over);
        await append(over === 'aborted' ? 'committed' : 'aborted', '3');
        await end(over === 'aborted' ? 'committed' : 'aborted');

        const expected = ['committed-1', 'committed-2', ...(over === 'aborted' ? ['committed-3'] : [])];
        expect(await readAll(log, logs, 0)).toEqual(expected);
      });

      it('keep their own order each', async () => {
        const one = (await openWriter(log, `${id}-1`, logs, compacted)).begin();
        const two = (await openWriter(log, `${id}-2`, logs, compacted)).begin();
        for (const n of ['1', '2', '3']) {
          await one.append(logs, 0, batchOf(row(`one-${n}`)));
          await two.append(logs, 0, batchOf(row(`two-${n}`)));
        }
        await two.commit();
        await one.commit();
        const values = await readAll(log, logs, 0);
        expect(values.filter((value) => value?.startsWith('one'))).toEqual(['one-1', 'one-2', 'one-3']);
        expect(values.filter((value) => value?.startsWith('two'))).toEqual(['two-1', 'two-2', 'two-3']);
      });
    });

    describe('a new writer of a transactional id', () => {
      const use = async (writer: EventWriter): Promise<void> => write(writer, logs, 0, 'from the old writer');

      it('fences the old one permanently', async () => {
        const old = await openWriter(log, id, logs, compacted);
        await use(old);
        const next = await openWriter(log, id, logs, compacted);
        await expect(use(old)).rejects.toMatchObject({ code: 'FENCED' });
        await expect(use(old)).rejects.toMatchObject({ code: 'FENCED' });
        await write(next, logs, 0, 'from the new one');
        expect(await readAll(log, logs, 0)).toEqual(['from the old writer', 'from the new one']);
      });

      it('aborts the open transaction of the old one, which can no longer commit it', async () => {
        const open = (await openWriter(log, id, logs, compacted)).begin();
        await open.append(logs, 0, batchOf(row('open')));
        await open.commitOffset(group, logs, 0, 17);
        const next = await openWriter(log, id, logs, compacted);
        // Readers see later commits of others at once.
        expect(await readAll(log, logs, 0)).toEqual([]);
        await expect(open.commit()).rejects.toMatchObject({ code: 'FENCED' });
        await write(next, logs, 0, 'new');
        expect(await readAll(log, logs, 0)).toEqual(['new']);
        expect(await log.groupOffset(group, logs, 0)).toBeNull();
      });

      it('fences across clients', async () => {
        const old = await openWriter(log, id, logs, compacted);
        await openWriter(await open(), id, logs, compacted);
        await expect(use(old)).rejects.toMatchObject({ code: 'FENCED' });
        expect(await readAll(log, logs, 0)).toEqual([]);
      });

      it('leaves writers of other ids alone', async () => {
        const other = (await openWriter(log, `${id}-other`, logs, compacted)).begin();
        await other.append(logs, 0, batchOf(row('other')));
        await openWriter(log, id, logs, compacted);
        await other.commit();
        expect(await readAll(log, logs, 0)).toEqual(['other']);
      });

      it.each<[LostAnswer, string[]]>([
        ['commit happened', ['before', 'unsure']],
        ['commit did not happen', ['before']],
      ])('reads the truth after the answer to a commit was lost: %s', async (lost, truth) => {
        const writer = await openWriter(log, id, logs, compacted);
        await write(writer, logs, 0, 'before');
        const losing = write(losingAnswer(writer, lost), logs, 0, 'unsure');
        await expect(losing).rejects.toMatchObject({ code: 'COMMIT_OUTCOME_UNKNOWN' });
        const next = await openWriter(log, id, logs, compacted);
        expect(await readAll(log, logs, 0)).toEqual(truth);
        await write(next, logs, 0, 'after');
        expect(await readAll(log, logs, 0)).toEqual([...truth, 'after']);
      });
    });

    describe('a reader', () => {
      it('returns a batch whole, and where its part begins, when it starts in the middle of the batch', async () => {
        const transaction = (await openWriter(log, id, logs, compacted)).begin();
        await transaction.append(logs, 0, batchOf(row('0'), row('1'), row('2')));
        await transaction.append(logs, 0, batchOf(row('3'), row('4')));
        await transaction.commit();
        await readCount(log, logs, 0, 5);
        const { batches, from, next } = await log.openReader(logs, 0, 2).fetch(1 << 20, 0);
        expect(from).toBe(2);
        const rows = batches.flatMap((batch) => rowsOf(batch, from));
        expect(valuesOf(rows)).toEqual(['2', '3', '4']);
        // Kafka's own record of the commit may follow already.
        expect(next).toBeGreaterThan(rows.at(-1)?.offset ?? Infinity);
        expect(next).toBeLessThanOrEqual((await log.offsets(logs, 0)).end);
      });

      it('continues where it stopped, a bounded part at a time, up to the end', async () => {
        const values = Array.from({ length: 20 }, (_, i) => `${i}`.padEnd(1000, '.'));
        await write(await openWriter(log, id, logs, compacted), logs, 0, ...values);
        await readCount(log, logs, 0, 20);
        const reader = log.openReader(logs, 0, 0);
        const seen: (string | null)[] = [];
        for (let atEnd = false; !atEnd;) {
          const { batches, from, next, end } = await reader.fetch(2500, 0);
          expect(batches.length).toBeLessThanOrEqual(4);
          seen.push(...valuesOf(batches.flatMap((batch) => rowsOf(batch, from))));
          atEnd = next >= end;
        }
        expect(seen).toEqual(values);
      });

      it('returns at least one batch, however little it asks for', async () => {
        await write(await openWriter(log, id, logs, compacted), logs, 0, 'x'.repeat(10_000));
        await readCount(log, logs, 0, 1);
        const { batches } = await log.openReader(logs, 0, 0).fetch(1, 0);
        expect(batches).toHaveLength(1);
      });

      it('may start after the end, and returns later records there', async () => {
        const reader = log.openReader(logs, 0, 2);
        expect(await reader.fetch(1024, 0)).toMatchObject({ batches: [], from: 2, next: 2, end: 0 });
        await write(await openWriter(log, id, logs, compacted), logs, 0, 'a', 'b', 'c');
        const { batches, from } = await reader.fetch(1024, 20_000);
        expect(valuesOf(batches.flatMap((batch) => rowsOf(batch, from)))).toEqual(['c']);
      });

      it('returns nothing after the wait when no record comes', async () => {
        const started = performance.now();
        const fetched = await log.openReader(logs, 0, 0).fetch(1024, 100);
        expect(fetched).toMatchObject({ batches: [], from: 0, next: 0, end: 0 });
        expect(performance.now() - started).toBeGreaterThan(90);
      });

      it.each(['the same client', 'another client'])('wakes from its wait at a commit of %s', async (who) => {
        const committing = who === 'the same client' ? log : await open();
        const writer = await openWriter(committing, id, logs, compacted);
        const started = performance.now();
        const waiting = log.openReader(logs, 0, 0).fetch(1024, 20_000);
        await write(writer, logs, 1, 'elsewhere');
        await write(writer, logs, 0, 'here');
        const { batches } = await waiting;
        expect(valuesOf(batches.flatMap((batch) => rowsOf(batch)))).toEqual(['here']);
        expect(performance.now() - started).toBeLessThan(10_000);
      });

      it('rejects a waiting fetch when it or its client is closed', async () => {
        const client = await open();
        const one = client.openReader(logs, 0, 0);
        const two = client.openReader(logs, 0, 0);
        const waitingOne = one.fetch(1024, 20_000);
        const waitingTwo = two.fetch(1024, 20_000);
        await Promise.all([expect(waitingOne).rejects.toMatchObject({ code: 'CLOSED' }), one.close()]);
        await Promise.all([expect(waitingTwo).rejects.toMatchObject({ code: 'CLOSED' }), client.close()]);
        await expect(two.fetch(1024, 0)).rejects.toMatchObject({ code: 'CLOSED' });
        await expect(openWriter(client, id, logs, compacted)).rejects.toMatchObject({ code: 'CLOSED' });
        await expect(client.offsets(logs, 0)).rejects.toMatchObject({ code: 'CLOSED' });
      });
    });

    describe('a compacted topic', () => {
      it('keeps the newest value of every key, in order', async () => {
        const writer = await openWriter(log, id, logs, compacted);
        for (let revision = 0; revision < 5; revision++) {
          const transaction = writer.begin();
          await transaction.append(compacted, 0, batchOf(row(`a${revision}`, 'a'), row(`b${revision}`, 'b')));
          if (revision === 2) await transaction.append(compacted, 0, batchOf(row('c2', 'c')));
          await transaction.commit();
        }
        const read = await readUntil(log, compacted, 0, ({ value }) => value === 'b4');
        expect([...newest(read)]).toEqual([
          ['c', 'c2'],
          ['a', 'a4'],
          ['b', 'b4'],
        ]);
        const offsets = read.map(({ offset }) => offset);
        expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
      });

      it('returns the tombstone of a deleted key', async () => {
        const writer = await openWriter(log, id, logs, compacted);
        await write(writer, compacted, 0, 'value');
        const transaction = writer.begin();
        await transaction.append(compacted, 0, batchOf(row(null)));
        await transaction.commit();
        const read = await readUntil(log, compacted, 0, ({ value }) => value === null);
        expect([...newest(read)]).toEqual([['k', null]]);
      });

      it('keeps headers and timestamps', async () => {
        const written: Row[] = ['a', 'b'].map((key) => ({ key, value: key, timestamp: 17, headers: [['h', key]] }));
        const transaction = (await openWriter(log, id, logs, compacted)).begin();
        await transaction.append(compacted, 0, batchOf(...written));
        await transaction.commit();
        const read = await readCount(log, compacted, 0, 2);
        expect(read).toEqual(written.map((expected, offset) => ({ ...expected, offset })));
      });

      it('can be read to the end from any offset, even one that compaction removed', async () => {
        const writer = await openWriter(log, id, logs, compacted);
        for (let i = 0; i < 5; i++) await write(writer, compacted, 0, `${i}`);
        await readUntil(log, compacted, 0, ({ value }) => value === '4');
        const { end } = await log.offsets(compacted, 0);
        for (let offset = 0; offset < end; offset++) {
          const reader = log.openReader(compacted, 0, offset);
          let next = offset;
          while (next < end) next = (await reader.fetch(1024, 1000)).next;
          expect(next).toBeGreaterThanOrEqual(end);
        }
      });
    });

    describe('the offset of a group', () => {
      it('exists if and only if its transaction was committed', async () => {
        expect(await log.groupOffset(group, logs, 0)).toBeNull();
        const writer = await openWriter(log, id, logs, compacted);
        const committed = writer.begin();
        await committed.append(logs, 1, batchOf(row('output')));
        await committed.commitOffset(group, logs, 0, 3);
        expect(await log.groupOffset(group, logs, 0)).toBeNull();
        await committed.commit();
        // The output is visible, so the transaction is committed.
        await readCount(log, logs, 1, 1);
        const aborted = writer.begin();
        await aborted.commitOffset(group, logs, 0, 5);
        await aborted.abort();
        expect(await (await open()).groupOffset(group, logs, 0)).toBe(3);
      });

      it('is kept per group and partition, and may move back', async () => {
        const writer = await openWriter(log, id, logs, compacted);
        const commit = async (name: string, partition: number, offset: number): Promise<void> => {
          const transaction = writer.begin();
          await transaction.append(logs, 2, batchOf(row(`${name} ${partition} ${offset}`)));
          await transaction.commitOffset(name, logs, partition, offset);
          await transaction.commit();
        };
        await commit(group, 0, 7);
        await commit(group, 1, 9);
        await commit(`${group}-2`, 0, 1);
        await commit(group, 0, 2);
        await readCount(log, logs, 2, 4);
        expect(await log.groupOffset(group, logs, 0)).toBe(2);
        expect(await log.groupOffset(group, logs, 1)).toBe(9);
        expect(await log.groupOffset(`${group}-2`, logs, 0)).toBe(1);
        expect(await log.groupOffset(group, logs, 2)).toBeNull();
      });
    });

    describe('a group', () => {
      it('assigns all partitions to its only member', async () => {
        const member = new GroupMember('only', []);
        await member.join(log, group, logs);
        await member.has(PARTITIONS);
        expect([...member.partitions].sort()).toEqual([0, 1, 2]);
      });

      it('assigns each partition to one of two members, and all to the one that stays', async () => {
        const story: string[] = [];
        // Giving up takes some time; meanwhile no other member may have the partition.
        const slow = async (): Promise<void> => {
          for (let i = 0; i < 10; i++) await log.offsets(logs, 0);
        };
        const one = new GroupMember('one', story, slow);
        const two = new GroupMember('two', story, slow);
        await one.join(log, group, logs);
        await one.has(PARTITIONS);
        await two.join(await open(), group, logs);
        await two.hasSome();
        await one.has(PARTITIONS - two.partitions.size);
        expect([...one.partitions, ...two.partitions].sort()).toEqual([0, 1, 2]);
        await one.leave();
        expect(one.partitions.size).toBe(0);
        await two.has(PARTITIONS);
        expect(ownedByOneAtATime(story)).toBe(true);
      });

      it('reassigns the partitions of a member whose client is closed', async () => {
        const story: string[] = [];
        const client = await open();
        const leaving = new GroupMember('leaving', story);
        const staying = new GroupMember('staying', story);
        await leaving.join(client, group, logs);
        await leaving.has(PARTITIONS);
        await staying.join(log, group, logs);
        await staying.hasSome();
        await client.close();
        await staying.has(PARTITIONS);
        expect(leaving.partitions.size).toBe(0);
        expect(ownedByOneAtATime(story)).toBe(true);
      });

      it('confirms the assignment of a member again and again', async () => {
        const member = new GroupMember('only', []);
        await member.join(log, group, logs);
        await member.has(PARTITIONS);
        await member.confirm();
        await member.confirm();
        expect(member.partitions.size).toBe(PARTITIONS);
      });

      it('confirms an assignment only after the current rebalance', async () => {
        const story: string[] = [];
        const [asked, allowed] = [gate(), gate()];
        const one = new GroupMember('one', story, async () => {
          asked.open();
          await allowed.opened;
        });
        const two = new GroupMember('two', story);
        await one.join(log, group, logs);
        await one.has(PARTITIONS);
        await two.join(await open(), group, logs);
        await asked.opened;
        const confirmed = one.confirm().then(() => story.push('one is confirmed'));
        allowed.open();
        await confirmed;
        expect(one.partitions.size).toBeLessThan(PARTITIONS);
        expect(story.filter((line) => line.startsWith('one gave up'))).not.toEqual([]);
        expect(story.indexOf('one is confirmed')).toBeGreaterThan(
          story.findLastIndex((l) => l.startsWith('one gave up')),
        );
      });

      it('confirms nothing to a member that has left, or to a caller that gave up', async () => {
        const member = new GroupMember('only', []);
        await member.join(log, group, logs);
        await member.has(PARTITIONS);
        await expect(member.confirm(AbortSignal.abort())).rejects.toMatchObject({ code: 'CLOSED' });
        const confirmed = expect(member.confirm()).rejects.toMatchObject({ code: 'CLOSED' });
        await Promise.all([member.leave(), confirmed]);
        await expect(member.confirm()).rejects.toMatchObject({ code: 'CLOSED' });
      });

      it('assigns independently of other groups', async () => {
        const one = new GroupMember('one', []);
        const two = new GroupMember('two', []);
        await one.join(log, group, logs);
        await two.join(log, `${group}-2`, logs);
        await Promise.all([one.has(PARTITIONS), two.has(PARTITIONS)]);
      });
    });

    it('shows exactly the committed records after any steps of writers', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          const story = `story-${randomUUID()}`;
          await log.ensureTopics([topic(story, 'delete')]);
          const expected = await tell(log, story, steps);
          for (let partition = 0; partition < PARTITIONS; partition++) {
            const seen = await readAll(log, story, partition);
            const committed = expected.get(partition) ?? [];
            expect([...seen].sort()).toEqual([...committed].sort());
            for (const writer of writerNames) {
              const ofWriter = (value: string | null): boolean => value?.startsWith(`${writer}-`) === true;
              expect(seen.filter(ofWriter)).toEqual(committed.filter(ofWriter));
            }
          }
        }),
        { numRuns: harness.stories },
      );
    }, 120_000);
  });
}

function topic(name: string, cleanup: TopicSpec['cleanup']): TopicSpec {
  return { name, partitions: PARTITIONS, cleanup, retentionMs: 100 * 365 * 24 * 60 * 60 * 1000 };
}

/** The newest value of each key, in the order of the records. */
function newest(rows: readonly Row[]): Map<string | null, string | null> {
  const values = new Map<string | null, string | null>();
  for (const { key, value } of rows) {
    values.delete(key);
    values.set(key, value);
  }
  return values;
}

function ownedByOneAtATime(story: readonly string[]): boolean {
  const owners = new Map<string, string>();
  return story.every((line) => {
    const words = line.split(' ');
    const [name = '', partition = ''] = [words[0], words.at(-1)];
    if (words[1] === 'gave') return owners.get(partition) === name && owners.delete(partition);
    return !owners.has(partition) && owners.set(partition, name);
  });
}

const writerNames = ['a', 'b'] as const;

/** The next step of a writer; it begins a transaction if it has none. */
const step = fc.record({
  writer: fc.constantFrom(...writerNames),
  does: fc.oneof(
    { weight: 5, arbitrary: fc.constant('append' as const) },
    fc.constantFrom('commit', 'abort', 'open again', 'lose the answer to its commit'),
  ),
  partition: fc.nat(PARTITIONS - 1),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Takes the steps; returns the committed values by partition, in the order of each writer. */
async function tell(log: EventLog, topic: string, steps: readonly Step[]): Promise<Map<number, string[]>> {
  const committed = new Map<number, string[]>();
  const writers = new Map<string, EventWriter>();
  const open = new Map<string, { transaction: EventTransaction; values: [number, string][] }>();
  const settle = (values: readonly [number, string][]): void => {
    for (const [partition, value] of values) committed.set(partition, [...(committed.get(partition) ?? []), value]);
  };
  for (const [i, { writer: name, does, partition }] of steps.entries()) {
    const id = `${topic}-${name}`;
    const writer = writers.get(name) ?? (await openWriter(log, id, topic));
    writers.set(name, writer);
    if (does === 'open again') {
      writers.set(name, await openWriter(log, id, topic));
      open.delete(name);
      continue;
    }
    const { transaction, values } = open.get(name) ?? { transaction: writer.begin(), values: [] };
    open.set(name, { transaction, values });
    if (does === 'append') {
      const value = `${name}-${i}`;
      await transaction.append(topic, partition, batchOf(row(value)));
      values.push([partition, value]);
      continue;
    }
    open.delete(name);
    if (does === 'abort') {
      await transaction.abort();
    } else {
      await transaction.commit();
      settle(values);
      // A writer whose answer is lost is replaced.
      if (does === 'lose the answer to its commit') writers.set(name, await openWriter(log, id, topic));
    }
  }
  // A new writer aborts the open transaction of the old one.
  for (const name of writers.keys()) await openWriter(log, `${topic}-${name}`, topic);
  return committed;
}
