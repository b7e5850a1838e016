import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import Database from 'libsql';

import { LockWait } from '../../../../src/adapters/embedded/lock-wait';
import { openDatabase } from '../../../../src/adapters/embedded/sqlite-database';
import { SqliteEventLog, openSqliteEventLog } from '../../../../src/adapters/embedded/sqlite-event-log';
import { SqliteRetention } from '../../../../src/adapters/embedded/sqlite-retention';
import { SqliteTopics } from '../../../../src/adapters/embedded/sqlite-topics';
import type { TopicSpec } from '../../../../src/stream/topics';
import type { Clock } from '../../../../src/ports/clock';
import { systemClock } from '../../../../src/ports/clock';
import type { EventLog } from '../../../../src/ports/event-log';
import { crashTopics } from '../../../contract/children/crash-topics';
import { killChildren, spawnChild } from '../../../contract/children/spawn-child';
import { batchOf, openWriter, readAll, readUntil, row, timestamp, valuesOf, write } from '../../../contract/records';

const DAY = 24 * 60 * 60 * 1000;

describe('The SQLite event log', () => {
  let folder: string;
  let path: string;
  let now: number;
  let clients: EventLog[];
  const clock: Clock = { now: () => now, sleep: (ms, signal) => systemClock.sleep(ms, signal) };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'telltale-sqlite-'));
    path = join(folder, 'below', 'events.db');
    now = timestamp;
    clients = [];
  });
  afterEach(async () => {
    await killChildren();
    await Promise.all(clients.map((client) => client.close()));
    await rm(folder, { recursive: true, force: true });
  });

  const open = async (): Promise<EventLog> => {
    const log = await openSqliteEventLog({ path, clock });
    clients.push(log);
    return log;
  };
  const reopen = async (): Promise<EventLog> => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    return open();
  };
  /** Retention believes a jump of the clock after a day. */
  const passTo = async (time: number): Promise<void> => {
    now = time - DAY;
    await reopen();
    now = time;
  };
  const topic = (cleanup: TopicSpec['cleanup'], retentionMs = DAY): TopicSpec => {
    return { name: 't', partitions: 1, cleanup, retentionMs };
  };
  const writeAt = async (log: EventLog, at: number, value: string | null, key = 'k'): Promise<void> => {
    const writer = await openWriter(log, 'w', 't', 'none');
    const transaction = writer.begin();
    await transaction.append('t', 0, batchOf({ ...row(value, key), timestamp: at }));
    await transaction.commit();
    await writer.close();
  };

  it('keeps records and offsets when it is closed and opened again', async () => {
    const log = await open();
    await log.ensureTopics([topic('delete')]);
    const transaction = (await openWriter(log, 'w', 't', 'none')).begin();
    await transaction.append('t', 0, batchOf(row('a')));
    await transaction.commitOffset('g', 't', 0, 5);
    await transaction.commit();
    const again = await reopen();
    expect(await again.groupOffset('g', 't', 0)).toBe(5);
    expect(await again.offsets('t', 0)).toEqual({ start: 0, end: 1 });
    expect(await readAll(again, 't', 0)).toEqual(['a']);
  });

  describe('when a process is killed', () => {
    it('holds each transaction whole or not at all, and every acknowledged one', async () => {
      let acknowledged = 0;
      for (let round = 0; round < 4; round++) {
        const child = spawnChild('write-transactions', path, 'child', '2000');
        expect(await child.line()).toBe('open');
        const before = acknowledged;
        // At a random point of a transaction.
        for (let i = 0; i < 3 + 7 * round; i++) {
          await child.line();
          acknowledged++;
        }
        await child.kill();

        const log = await reopen();
        const logs = (await readAll(log, 'logs', 0)).map((value) => value?.replace(/\.+$/, ''));
        expect((await readAll(log, 'logs', 1)).map((value) => value?.replace(/\.+$/, ''))).toEqual(logs);
        const last = logs.length - before;
        expect(logs.slice(before)).toEqual(Array.from({ length: last }, (_, i) => `child-${i + 1}`));
        expect(logs.length).toBeGreaterThanOrEqual(acknowledged);
        expect(await readAll(log, 'checkpoints', 0)).toEqual([`child-${last}`]);
        expect(await log.groupOffset('child', 'logs', 0)).toBe(last);
        acknowledged = logs.length;
      }
    });
  });

  describe('when several processes use it', () => {
    it('wakes a reader that waits for another process', async () => {
      const log = await open();
      await log.ensureTopics(crashTopics);
      const waiting = log.openReader('logs', 1, 0).fetch(1024, 20_000);
      const child = spawnChild('write-transactions', path, 'child', '1');
      expect((await waiting).batches).toHaveLength(1);
      await child.kill();
    });

    it('fences the writer of another process', async () => {
      const child = spawnChild('write-transactions', path, 'child', '2000');
      expect(await child.line()).toBe('open');
      expect(await child.line()).toBe('1');
      const log = await open();
      await openWriter(log, 'child');
      let line = await child.line();
      while (/^\d+$/.test(line)) line = await child.line();
      expect(line).toBe('FENCED');
      await child.kill();
      const seen = await readAll(log, 'logs', 0);
      expect(await log.groupOffset('child', 'logs', 0)).toBe(seen.length);
    });

    it('takes the transactions of all of them, even when they make the file at the same time', async () => {
      const names = ['a', 'b', 'c'];
      const children = names.map((name) => spawnChild('write-transactions', path, name, '40'));
      for (const child of children) {
        let line = await child.line();
        while (line === 'open' || /^\d+$/.test(line)) line = await child.line();
        expect(line).toBe('done');
      }
      await Promise.all(children.map((child) => child.kill()));
      const log = await open();
      const seen = (await readAll(log, 'logs', 0)).map((value) => value?.replace(/\.+$/, ''));
      for (const name of names) {
        const own = seen.filter((value) => value?.startsWith(name));
        expect(own).toEqual(Array.from({ length: 40 }, (_, i) => `${name}-${i + 1}`));
      }
      expect((await readAll(log, 'checkpoints', 0)).sort()).toEqual(['a-40', 'b-40', 'c-40']);
    });
  });

  describe('while another program has locked the file', () => {
    let other: Database.Database;
    /** Runs at each pause of a call that waits for the lock. */
    let onPause: (pauses: number) => void;
    let pauses: number;
    const waiting: Clock = {
      now: () => now,
      sleep: async () => {
        onPause(++pauses);
        await setImmediate();
      },
    };
    beforeEach(async () => {
      pauses = 0;
      onPause = (): void => undefined;
      const log = await open();
      await log.ensureTopics([topic('delete')]);
      other = new Database(path);
    });
    afterEach(() => other.close());
    const lock = (): unknown => other.exec('BEGIN IMMEDIATE');
    const unlock = (): unknown => other.exec('ROLLBACK');
    const openWaiting = async (): Promise<EventLog> => {
      const log = await openSqliteEventLog({ path, clock: waiting });
      clients.push(log);
      return log;
    };

    it('commits once it is free, exactly once, and the event loop continues meanwhile', async () => {
      const log = await openWaiting();
      const writer = await openWriter(log, 'w', 't', 'none');
      lock();
      let turns = 0;
      onPause = (pause): void => {
        turns++;
        if (pause === 100) unlock();
      };
      await write(writer, 't', 0, 'a');
      await write(writer, 't', 0, 'b');
      expect(turns).toBe(100);
      expect(await readAll(log, 't', 0)).toEqual(['a', 'b']);
    });

    it('reads committed records', async () => {
      const log = await openWaiting();
      await write(await openWriter(log, 'w', 't', 'none'), 't', 0, 'a');
      lock();
      expect(valuesOf(await readUntil(log, 't', 0, () => true))).toEqual(['a']);
      expect(pauses).toBe(0);
      unlock();
    });

    it('says after ten seconds what waits, until it is free', async () => {
      jest.spyOn(performance, 'now').mockImplementation(() => pauses * 1_000);
      const log = await openWaiting();
      const writer = await openWriter(log, 'w', 't', 'none');
      lock();
      const told = new Map<number, readonly unknown[]>();
      onPause = (pause): void => {
        told.set(pause, log.problems());
        if (pause === 12) unlock();
      };
      await write(writer, 't', 0, 'a');
      expect(told.get(9)).toEqual([]);
      const problem = 'Cannot commit: another program has locked events.db; it is tried again. End the other program';
      expect(told.get(12)).toEqual([{ about: 'Cannot commit', problem }]);
      expect(log.problems()).toEqual([]);
      jest.restoreAllMocks();
    });

    it('gives up after two minutes: nothing is written, and a new writer continues', async () => {
      const log = await openWaiting();
      const writer = await openWriter(log, 'w', 't', 'none');
      lock();
      await expect(write(writer, 't', 0, 'a')).rejects.toMatchObject({
        code: 'TRANSACTION_ABORTED',
        retriable: true,
        message: expect.stringMatching(
          /^The transaction was not written to .*\.db \(SQLITE_BUSY\): another program has locked it; end that program, and try again\.$/,
        ) as string,
      });
      expect(pauses).toBeGreaterThan(1_000);
      unlock();
      await write(await openWriter(log, 'w', 't', 'none'), 't', 0, 'b');
      expect(await readAll(log, 't', 0)).toEqual(['b']);
    });

    it.each([
      ['writer', 'CLOSED'],
      ['event log', 'TRANSACTION_ABORTED'],
    ])('writes nothing after the %s is closed', async (what, code) => {
      const log = await openWaiting();
      const writer = await openWriter(log, 'w', 't', 'none');
      lock();
      onPause = (pause): void => {
        if (pause === 3) void (what === 'writer' ? writer : log).close();
        if (pause === 6) unlock();
      };
      await expect(write(writer, 't', 0, 'a')).rejects.toMatchObject({ code });
      if (pauses < 6) unlock();
      expect(await readAll(await open(), 't', 0)).toEqual([]);
    });

    it('opens, and refuses after ten seconds what must be written at a start', async () => {
      lock();
      const log = await openWaiting();
      await expect(log.ensureTopics([topic('delete')])).rejects.toMatchObject({
        code: 'EVENT_LOG',
        message: expect.stringMatching(
          /^Cannot make the topics in .*\.db \(SQLITE_BUSY\): another program has locked it; end that program, and try again\.$/,
        ) as string,
      });
      expect(pauses).toBeLessThan(250);
      unlock();
      await log.ensureTopics([topic('delete')]);
    });

    it('opens a new file once another program has made it', async () => {
      await rm(dirname(path), { recursive: true });
      await mkdir(dirname(path));
      const maker = new Database(path);
      maker.exec('PRAGMA journal_mode = WAL; BEGIN IMMEDIATE');
      onPause = (pause): void => {
        if (pause === 3) maker.exec('ROLLBACK');
      };
      await (await openWaiting()).ensureTopics([topic('delete')]);
      expect(pauses).toBe(3);
      maker.close();
    });
  });

  describe('when the disk is full', () => {
    it('aborts the transaction, keeps older records, and continues once there is space', async () => {
      const database = openDatabase(path);
      const log = new SqliteEventLog(database, { path, clock });
      clients.push(log);
      await log.ensureTopics([topic('delete')]);
      await write(await openWriter(log, 'w', 't', 'none'), 't', 0, 'before');
      database.exec('PRAGMA max_page_count = 40');
      const writing = write(await openWriter(log, 'w', 't', 'none'), 't', 0, 'x'.repeat(700_000), 'y'.repeat(700_000));
      await expect(writing).rejects.toMatchObject({
        code: 'TRANSACTION_ABORTED',
        retriable: true,
        message: expect.stringContaining('the disk is full; free some space') as string,
        cause: { code: 'DISK_FULL' },
      });
      database.exec('PRAGMA max_page_count = 1000000');
      await write(await openWriter(log, 'w', 't', 'none'), 't', 0, 'after');
      expect(await readAll(log, 't', 0)).toEqual(['before', 'after']);
    });
  });

  describe('a file of version 1', () => {
    beforeEach(async () => {
      await mkdir(dirname(path), { recursive: true });
      const old = new Database(path);
      old.exec(readFileSync(join(__dirname, 'sqlite-version-1.sql'), 'utf8'));
      old.close();
    });

    it('continues with its records, offsets and groups, and with default settings', async () => {
      const log = await open();
      await log.ensureTopics([topic('compact')]);
      expect(await log.offsets('t', 0)).toEqual({ start: 0, end: 2 });
      expect(await log.groupOffset('g', 't', 0)).toBe(2);
      const read = await readUntil(log, 't', 0, ({ offset }) => offset === 1);
      expect(read).toEqual([{ ...row('second', 'a'), offset: 1 }]);
      const appending = { ...topic('compact'), timestamps: 'append' } as const;
      await expect(log.ensureTopics([appending])).rejects.toMatchObject({ code: 'TOPIC_MISMATCH' });
    });

    it('takes topics with settings, and opens again', async () => {
      await open();
      const log = await reopen();
      await log.ensureTopics([{ ...topic('compact'), compactionLagMs: DAY }]);
      await writeAt(log, now, 'third', 'a');
      expect(await readAll(log, 't', 0)).toEqual(['second', 'third']);
    });
  });

  describe('retention', () => {
    it('deletes old batches from the start on, and rejects a fetch of a deleted offset', async () => {
      const log = await open();
      await log.ensureTopics([topic('delete')]);
      await writeAt(log, now - 2 * DAY, 'old');
      await writeAt(log, now - DAY - 1, 'just old');
      await writeAt(log, now - DAY, 'just young');
      await writeAt(log, now - 3 * DAY, 'old, after a young one');
      const again = await reopen();
      expect(await again.offsets('t', 0)).toEqual({ start: 2, end: 4 });
      const late = again.openReader('t', 0, 1).fetch(1024, 0);
      await expect(late).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
      const read = await readUntil(again, 't', 0, ({ offset }) => offset === 3, 2);
      expect(valuesOf(read)).toEqual(['just young', 'old, after a young one']);
    });

    it('assigns no offset twice when everything was deleted', async () => {
      const log = await open();
      await log.ensureTopics([topic('delete')]);
      await writeAt(log, now, 'a');
      now += 2 * DAY;
      const again = await reopen();
      expect(await again.offsets('t', 0)).toEqual({ start: 1, end: 1 });
      await writeAt(again, now, 'b');
      const read = await readUntil(again, 't', 0, () => true, 1);
      expect(read).toMatchObject([{ offset: 1, value: 'b' }]);
    });

    it('deletes nothing at a start with the clock 400 days ahead, nor after it, until time itself has passed', async () => {
      const log = await open();
      await log.ensureTopics([topic('delete', 30 * DAY), { ...topic('compact,delete', 30 * DAY), name: 'u' }]);
      await writeAt(log, now, 'a');
      now += 400 * DAY;
      const wrong = await reopen();
      await writeAt(wrong, now, 'written with the wrong clock');
      expect(await wrong.offsets('t', 0)).toEqual({ start: 0, end: 2 });
      now += DAY / 2;
      expect((await (await reopen()).offsets('t', 0)).start).toBe(0);
      now -= 400 * DAY;
      expect((await (await reopen()).offsets('t', 0)).start).toBe(0);
      for (let day = 0; day < 30; day++) {
        now += DAY;
        await reopen();
      }
      expect((await (await reopen()).offsets('t', 0)).start).toBe(1);
    });

    it('deletes old records a day after the start when no program ran for 400 days', async () => {
      const log = await open();
      await log.ensureTopics([topic('delete', 30 * DAY)]);
      await writeAt(log, now, 'a');
      now += 400 * DAY;
      expect((await (await reopen()).offsets('t', 0)).start).toBe(0);
      now += DAY;
      expect((await (await reopen()).offsets('t', 0)).start).toBe(1);
    });

    it('begins at the newest record when the version before wrote the event log', async () => {
      const log = await open();
      await log.ensureTopics([topic('delete', 30 * DAY)]);
      await writeAt(log, now, 'a');
      await Promise.all(clients.splice(0).map((client) => client.close()));
      const old = new Database(path);
      old.exec('DROP TABLE retention_clock; PRAGMA user_version = 2');
      old.close();
      now += 400 * DAY;
      expect((await (await open()).offsets('t', 0)).start).toBe(0);
    });

    it('takes a changed retention from the ensured topics', async () => {
      const log = await open();
      await log.ensureTopics([topic('delete', 10 * DAY)]);
      await writeAt(log, now - 2 * DAY, 'old');
      expect((await (await reopen()).offsets('t', 0)).start).toBe(0);
      await (await open()).ensureTopics([topic('delete', DAY)]);
      expect((await (await reopen()).offsets('t', 0)).start).toBe(1);
    });

    it('deletes nothing from a compacted topic, however old', async () => {
      const log = await open();
      await log.ensureTopics([topic('compact')]);
      await writeAt(log, 0, 'old');
      expect(await readAll(await reopen(), 't', 0)).toEqual(['old']);
    });

    it('deletes old records of a compact,delete topic without moving its start', async () => {
      const log = await open();
      await log.ensureTopics([topic('compact,delete')]);
      await writeAt(log, now, 'young', 'a');
      await writeAt(log, now - 2 * DAY, 'old', 'b');
      const again = await reopen();
      expect(await again.offsets('t', 0)).toEqual({ start: 0, end: 2 });
      const reader = again.openReader('t', 0, 0);
      expect((await reader.fetch(1, 0)).next).toBe(1);
      expect(await reader.fetch(1, 0)).toMatchObject({ batches: [], from: 1, next: 2, end: 2 });
    });
  });

  describe('compaction', () => {
    it('removes the tombstone of a deleted key after a day', async () => {
      const log = await open();
      await log.ensureTopics([topic('compact')]);
      await writeAt(log, now, 'value');
      await writeAt(log, now, null);
      expect(await readAll(await reopen(), 't', 0)).toEqual([null]);
      now += DAY + 1;
      expect(await readAll(await reopen(), 't', 0)).toEqual([]);
    });

    it('keeps the file as small as its keys', async () => {
      const log = await open();
      await log.ensureTopics([topic('compact')]);
      const writer = await openWriter(log, 'w', 't', 'none');
      for (let i = 0; i < 300; i++) {
        const transaction = writer.begin();
        await transaction.append('t', 0, batchOf(row(`${i}`.padEnd(50_000, '.'), `key-${i % 3}`)));
        await transaction.commit();
      }
      await (await reopen()).close();
      expect((await stat(path)).size).toBeLessThan(1_000_000);
    });

    it('keeps a replaced record until both it and the newer one are older than the compaction lag', async () => {
      const log = await open();
      await log.ensureTopics([{ ...topic('compact'), compactionLagMs: 10 * DAY }]);
      const start = now;
      await writeAt(log, start, 'a1', 'a');
      await writeAt(log, start, 'b1', 'b');
      await writeAt(log, start + 5 * DAY, 'a2', 'a');
      now = start + 12 * DAY;
      expect(await readAll(await reopen(), 't', 0)).toEqual(['a1', 'b1', 'a2']);
      now = start + 15 * DAY + 1;
      expect(await readAll(await reopen(), 't', 0)).toEqual(['b1', 'a2']);
    });

    it('never makes a replaced value the newest when it removes a tombstone or an old record', async () => {
      const log = await open();
      await log.ensureTopics([{ ...topic('compact,delete', 10 * DAY), compactionLagMs: 20 * DAY }]);
      const start = now;
      await writeAt(log, start, 'value', 'a');
      await writeAt(log, start, null, 'a');
      await writeAt(log, start + 15 * DAY, 'first, but stamped later', 'b');
      await writeAt(log, start, 'second', 'b');
      await passTo(start + 13 * DAY);
      expect(await readAll(await reopen(), 't', 0)).toEqual([null, 'first, but stamped later', 'second']);
      expect(await readAll(await reopen(), 't', 0)).toEqual(['first, but stamped later', 'second']);
      await passTo(start + 40 * DAY);
      expect(await readAll(await reopen(), 't', 0)).not.toContain('first, but stamped later');
      expect(await readAll(await reopen(), 't', 0)).toEqual([]);
    });

    it('compacts every key of a topic with a compaction lag, however many there are', async () => {
      const log = await open();
      await log.ensureTopics([{ ...topic('compact'), compactionLagMs: 1 }]);
      const writer = await openWriter(log, 'w', 't');
      for (const revision of ['old', 'older than the lag']) {
        const transaction = writer.begin();
        const rows = Array.from({ length: 1000 }, (_, i) => ({ ...row(revision, `key-${i}`), timestamp: now - 10 }));
        await transaction.append('t', 0, batchOf(...rows));
        await transaction.commit();
      }
      const database = openDatabase(path);
      const topics = new SqliteTopics(database);
      const { signal } = new AbortController();
      await new SqliteRetention(database, topics, new LockWait(clock, signal)).run(now, signal);
      database.close();
      const values = await readAll(log, 't', 0);
      expect([values.length, new Set(values)]).toEqual([1000, new Set(['older than the lag'])]);
    });

    it('takes a changed compaction lag from the ensured topics', async () => {
      const log = await open();
      await log.ensureTopics([{ ...topic('compact'), compactionLagMs: 10 * DAY }]);
      await writeAt(log, now - 2 * DAY, 'old', 'a');
      await writeAt(log, now - 2 * DAY, 'new', 'a');
      expect(await readAll(await reopen(), 't', 0)).toEqual(['old', 'new']);
      await (await open()).ensureTopics([{ ...topic('compact'), compactionLagMs: DAY }]);
      expect(await readAll(await reopen(), 't', 0)).toEqual(['new']);
    });

    it('refuses a record without a key', async () => {
      const log = await open();
      await log.ensureTopics([topic('compact')]);
      const appending = (await openWriter(log, 'w', 't', 'none')).begin().append('t', 0, batchOf(row('value', null)));
      await expect(appending).rejects.toMatchObject({ code: 'CORRUPT_BATCH' });
    });
  });

  describe('a writer', () => {
    it('accepts no more after an error, and says so', async () => {
      const log = await open();
      await log.ensureTopics([topic('delete')]);
      const writer = await openWriter(log, 'w', 't', 'none');
      const transaction = writer.begin();
      await expect(transaction.append('none', 0, batchOf(row('x')))).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' });
      await expect(transaction.commit()).rejects.toMatchObject({ code: 'CLOSED' });
      expect(() => writer.begin()).toThrow('The writer w has failed: close it and open a new one.');
    });

    it('begins one transaction at a time', async () => {
      const writer = await openWriter(await open(), 'w');
      writer.begin();
      expect(() => writer.begin()).toThrow('before the end of the last one');
    });
  });

  it.each([
    ['something else', 'no database at all, but long enough to be one. '.repeat(100)],
    ['half a database', 'SQLite format 3\0'],
  ])('refuses to open %s', async (_what, content) => {
    path = join(folder, 'file');
    await writeFile(path, content);
    await expect(open()).rejects.toMatchObject({ code: 'DATA_FOLDER' });
  });

  it('refuses a file of another version, and says what to do', async () => {
    await (await open()).close();
    const database = openDatabase(path);
    database.exec('PRAGMA user_version = 7');
    database.close();
    await expect(open()).rejects.toMatchObject({
      code: 'DATA_FOLDER',
      message: expect.stringContaining('use the version that wrote it, or another data folder') as string,
    });
  });
});
