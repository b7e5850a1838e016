import type { Clock } from '../../ports/clock';
import { Waiting, type Call } from '../waiting';
import { isLocked } from './sqlite-database';

/** Pauses between tries, as those of SQLite's own busy handler. */
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;

/** As long as Kafka calls are tried again by default (`eventLog.kafka.retryFor`). */
const WAIT_MS = 120_000;

/**
 * Waits while another program has locked the database. SQLite itself would wait in the call, and the whole process with it:
 * pages, signals and shutdown.
 */
export class LockWait {
  /** The calls that wait for the lock at present. */
  readonly waiting = new Waiting();

  /** @param closed aborted when the event log is closed: then nothing waits any longer */
  constructor(
    private readonly clock: Clock,
    private readonly closed: AbortSignal,
  ) {}

  /**
   * Takes a synchronous step, at once if the database is free. The step is tried again from its beginning, so it must do
   * nothing before it has the lock, and must be rolled back when it fails.
   * @param what `Cannot read logs/7`
   * @param limitMs how long to wait before the error of the last try is thrown
   */
  async during<T>(what: string, step: () => T, limitMs: number = WAIT_MS): Promise<T> {
    let call: Call | null = null;
    try {
      for (let waitedMs = 0, pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
        try {
          return step();
        } catch (error) {
          if (!isLocked(error) || waitedMs >= limitMs) throw error;
          call ??= this.waiting.begin(what);
          call.failure = 'another program has locked events.db; it is tried again. End the other program';
          waitedMs += pauseMs;
          if (!(await this.pause(pauseMs))) throw error;
        }
      }
    } finally {
      if (call !== null) this.waiting.end(call);
    }
  }

  /** @returns false when the event log is closed, and its database with it */
  private async pause(ms: number): Promise<boolean> {
    await this.clock.sleep(ms, this.closed);
    return !this.closed.aborted;
  }
}
