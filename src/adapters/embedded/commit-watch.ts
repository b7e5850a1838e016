import type { SqliteDatabase } from './sqlite-database';
import { numberField } from './sqlite-database';

/** How long a commit of another process may go unnoticed. */
const POLL_MS = 50;

/**
 * Tells those who wait that somebody has committed. Commits of this process are told at once; those of others are seen by
 * SQLite's data version, which is looked at only while somebody waits.
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

  /** Resolves at the next commit of anybody, or when the signal is aborted. */
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

  /** This process has committed. */
  wake(): void {
    for (const done of [...this.waiting]) done();
  }

  private poll(): void {
    const version = this.readVersion();
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
