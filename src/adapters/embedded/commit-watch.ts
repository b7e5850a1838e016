import type { SqliteDatabase } from './sqlite-database';
import { numberField } from './sqlite-database';

/** How often to look for commits of other processes. */
const POLL_MS = 50;

/**
 * Wakes waiting readers after a commit: at once after one of this process; after one of another process when SQLite's data
 * version has changed, which is polled only while a reader waits.
 */
export class CommitWatch {
  private readonly selectVersion;
  private readonly waiting = new Set<() => void>();
  private timer: NodeJS.Timeout | null = null;
  private version: number;

  constructor(database: SqliteDatabase) {
    this.selectVersion = database.prepare('PRAGMA data_version');
    this.version = this.readVersion();
  }

  /** Resolves at the next commit of any process, or when the signal is aborted. */
  nextCommit(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.waiting.delete(done);
        signal.removeEventListener('abort', done);
        if (this.waiting.size === 0) this.stopPolling();
        resolve();
      };
      if (signal.aborted) {
        resolve();
        return;
      }
      this.waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
      this.timer ??= setInterval(() => this.poll(), POLL_MS).unref();
    });
  }

  /** Reports a commit of this process. */
  wake(): void {
    for (const done of [...this.waiting]) done();
  }

  private poll(): void {
    let version: number;
    try {
      version = this.readVersion();
    } catch {
      // The readers look for themselves, and report the error.
      this.wake();
      return;
    }
    if (version === this.version) return;
    this.version = version;
    this.wake();
  }

  private stopPolling(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  private readVersion(): number {
    return numberField(this.selectVersion.get(), 'data_version');
  }
}
