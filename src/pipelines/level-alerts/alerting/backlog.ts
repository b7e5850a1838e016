import { Progress, type ProgressRecord } from '../../../stream/progress';

/** A barrier is younger while the producer lists the bucket: three times the default schedule. */
const BARRIER_HOLDS_MS = 15 * 60_000;
/** Where there were barriers, the next one is awaited longer by this factor. */
const PATIENCE = 6;
/** A pause without a window: hosts upload one after the other. */
const QUIET_MS = 2_000;
/** With many hosts there is no pause. */
const LONGEST_MS = 60_000;

/**
 * Whether the windows that were read are all that there are: the lines before them are read and counted up to a barrier. Asked
 * at ticks, when the windows are read to their end.
 *
 * | the latest barrier                                             | the backlog is               |
 * |----------------------------------------------------------------|------------------------------|
 * | is young and complete, counting has come to it                 | read                         |
 * | the same, but since this tick only                             | not read, at the next tick   |
 * | is old, incomplete, or counting has not come to it             | not read, for 6 x the wait   |
 * | never came                                                     | not read, for the wait       |
 *
 * After the wait nothing is known, and messages no longer wait for it. Hosts that upload one after the other, after the listing, are
 * one backlog, too: it is read when no window has come for 2 s, or windows have come for a minute.
 */
export class Backlog {
  private readonly progress = new Progress('counting');
  private wasComplete = false;
  private waitsSince: number | null = null;
  /** When the first and the last window came that no tick has found read. */
  private unread: { readonly since: number; readonly last: number } | null = null;

  /** @param waitMs 0: the windows that are there are all */
  constructor(private readonly waitMs: number) {}

  note(record: ProgressRecord): void {
    this.progress.note(record);
  }

  /** @param at when a window came, epoch milliseconds */
  noteWindow(at: number): void {
    this.unread = { since: this.unread?.since ?? at, last: Math.max(at, this.unread?.last ?? at) };
  }

  /** @param now of the tick, epoch milliseconds */
  isRead(now: number): boolean {
    if (this.waitMs === 0) return true;
    if (!this.isCounted(now) || !this.isQuiet(now)) return false;
    this.unread = null;
    return true;
  }

  /** False when nothing is known about the lines that are still to be read. */
  get isKnown(): boolean {
    return this.waitMs === 0 || this.wasComplete;
  }

  private isQuiet(now: number): boolean {
    const { unread } = this;
    return unread === null || now - unread.last >= QUIET_MS || now - unread.since >= LONGEST_MS;
  }

  private isCounted(now: number): boolean {
    // The windows of the transaction that told the position may come after it: the next tick has read them.
    const before = this.wasComplete;
    this.wasComplete = this.progress.isComplete(now - BARRIER_HOLDS_MS);
    if (this.wasComplete) {
      this.waitsSince = null;
      return before;
    }
    this.waitsSince ??= now;
    // Windows after a pause are another backlog: it is awaited as long.
    const since = Math.max(this.waitsSince, this.unread?.since ?? 0);
    const wait = this.progress.hasBarrier ? PATIENCE * this.waitMs : this.waitMs;
    return now - since >= wait;
  }
}
