import { realpathSync } from 'node:fs';

import type { TopicSpec } from '../../stream/topics';
import { TelltaleError } from '../../errors';
import type { Clock } from '../../ports/clock';
import type {
  AssignmentListener,
  EventLog,
  EventLogProblem,
  EventReader,
  EventWriter,
  GroupMembership,
  WriterOptions,
} from '../../ports/event-log';
import { Memberships } from '../memberships';
import { isReplacing } from './replace-log';
import { CommitWatch } from './commit-watch';
import { ConsumerGroup } from './consumer-group';
import { LockWait } from './lock-wait';
import type { SqliteDatabase } from './sqlite-database';
import { eventLogError, isLocked, numberField, openDatabase } from './sqlite-database';
import { ReaderParts, SqliteReader } from './sqlite-reader';
import { SqliteRetention } from './sqlite-retention';
import { SqliteTopics } from './sqlite-topics';
import { SqliteWriter, WriterParts } from './sqlite-writer';

export interface SqliteEventLogOptions {
  /** The file; it is made if it is missing, with its folder. */
  readonly path: string;
  /** Waits, and gives retention the time. */
  readonly clock: Clock;
}

const RETENTION_INTERVAL_MS = 60_000;

/** How long a start waits for the lock of another program: a command reports it soon. */
const WAIT_AT_START_MS = 10_000;

/**
 * Opens an event log in one SQLite file: record batches are rows, a transaction is a SQLite transaction. Any number of
 * processes may write and read it at once; all members of a consumer group must be in one process.
 * @throws DATA_FOLDER when the file cannot be used
 */
export async function openSqliteEventLog(options: SqliteEventLogOptions): Promise<EventLog> {
  const { path, clock } = options;
  const what = `Cannot open the event log ${path}`;
  const lock = new LockWait(clock, new AbortController().signal);
  try {
    return await lock.during(what, () => openNow(options), WAIT_AT_START_MS);
  } catch (error) {
    throw eventLogError(error, what);
  }
}

function openNow(options: SqliteEventLogOptions): EventLog {
  if (isReplacing(options.path)) {
    const message = `${options.path} is being replaced: run "telltale repair", which completes a repair that was interrupted.`;
    throw new TelltaleError('DATA_FOLDER', message);
  }
  const database = openDatabase(options.path);
  try {
    return new SqliteEventLog(database, options);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Shared by the clients of one file in this process. */
interface Neighbours {
  readonly watches: Set<CommitWatch>;
  /** By group and topic. */
  readonly groups: Map<string, ConsumerGroup>;
}

const neighboursByPath = new Map<string, Neighbours>();

/** The event log over a database that {@link openDatabase} opened. */
export class SqliteEventLog implements EventLog {
  private readonly path: string;
  private readonly topics: SqliteTopics;
  private readonly watch: CommitWatch;
  private readonly lock: LockWait;
  private readonly readers: ReaderParts;
  private readonly writers: WriterParts;
  private readonly selectGroupOffset;
  private readonly neighbours: Neighbours;
  private readonly memberships = new Memberships();
  private readonly closed = new AbortController();
  private closing: Promise<void> | null = null;

  constructor(
    private readonly database: SqliteDatabase,
    private readonly options: SqliteEventLogOptions,
  ) {
    const { clock } = options;
    const { signal } = this.closed;
    this.path = realpathSync(options.path);
    this.topics = new SqliteTopics(database);
    this.watch = new CommitWatch(database);
    this.lock = new LockWait(clock, signal);
    this.neighbours = neighboursByPath.get(this.path) ?? { watches: new Set(), groups: new Map() };
    this.readers = new ReaderParts(database, this.topics, this.watch, clock, signal, this.lock);
    this.writers = new WriterParts(database, this.topics, signal, clock, this.lock, () => {
      for (const watch of this.neighbours.watches) watch.wake();
    });
    this.selectGroupOffset = database.prepare(
      'SELECT next_offset FROM group_offset WHERE group_id = ? AND partition = ?',
    );
    startRetention(new SqliteRetention(database, this.topics, this.lock), clock, signal);
    this.neighbours.watches.add(this.watch);
    neighboursByPath.set(this.path, this.neighbours);
  }

  ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    const ensure = (): void => this.topics.ensure(topics);
    return this.attempt('Cannot make the topics', ensure, WAIT_AT_START_MS);
  }

  openWriter({ id, writes }: WriterOptions): Promise<EventWriter> {
    return this.attempt(`Cannot open the writer ${id}`, () => {
      return new SqliteWriter(id, writes, this.writers);
    });
  }

  openReader(topic: string, partition: number, offset: number): EventReader {
    this.checkOpen();
    return new SqliteReader({ topic, partition, offset }, this.readers);
  }

  offsets(topic: string, partition: number): Promise<{ start: number; end: number }> {
    return this.attempt(`Cannot read the offsets of ${topic}/${partition}`, () => {
      return this.topics.offsets(this.topics.partition(topic, partition));
    });
  }

  /** A file on this machine: everything but a lock of another program fails at once. */
  problems(): readonly EventLogProblem[] {
    return this.lock.waiting.problems;
  }

  joinGroup(group: string, topic: string, listener: AssignmentListener): Promise<GroupMembership> {
    return this.attempt(`Cannot join the group ${group}`, () => {
      const { groups } = this.neighbours;
      const name = JSON.stringify([group, topic]);
      const members = groups.get(name) ?? new ConsumerGroup(this.topics.partitions(topic).length);
      groups.set(name, members);
      return this.memberships.add(members.join(listener));
    });
  }

  groupOffset(group: string, topic: string, partition: number): Promise<number | null> {
    return this.attempt(`Cannot read the offset of ${group}`, () => {
      const row = this.selectGroupOffset.get(group, this.topics.partition(topic, partition).id);
      return row === undefined ? null : numberField(row, 'next_offset');
    });
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    await this.memberships.leaveAll();
    this.closed.abort();
    this.neighbours.watches.delete(this.watch);
    if (this.neighbours.watches.size === 0) neighboursByPath.delete(this.path);
    this.database.close();
  }

  /** The database's calls are synchronous; the port's are not. */
  private async attempt<T>(what: string, step: () => T, waitMs?: number): Promise<T> {
    this.checkOpen();
    try {
      return await this.lock.during(what, step, waitMs);
    } catch (error) {
      throw eventLogError(error, `${what} in ${this.options.path}`);
    }
  }

  private checkOpen(): void {
    if (!this.closed.signal.aborted) return;
    throw new TelltaleError('CLOSED', `The event log ${this.options.path} is closed: open it again.`);
  }
}

/** Deletes a part of the old records at once, then more every minute. After a failed run, the next one continues. */
function startRetention(retention: SqliteRetention, clock: Clock, closed: AbortSignal): void {
  try {
    retention.step(clock.now());
  } catch (error) {
    if (!isLocked(error)) throw error;
  }
  const run = (): void => void retention.run(clock.now(), closed).catch(() => undefined);
  const timer = setInterval(run, RETENTION_INTERVAL_MS).unref();
  closed.addEventListener('abort', () => clearInterval(timer), { once: true });
}
