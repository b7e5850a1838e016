import { retryDelay } from '../src/ingestion/reconcile';
import type { ActorRef } from '../src/kit';
import type { Task } from './log-reader';
import type { LogReaderMessage, Settled } from './protocol';

/** What is to be done about a source. */
type Wish = Omit<Task, 'key'>;

/** A source in work. */
interface Work {
  readonly reader: ActorRef<LogReaderMessage>;
  /** What it was started with. */
  readonly wish: Wish;
  /** Another hint came while it was in work: look again afterwards, and do what was asked for meanwhile. */
  next: Wish | null;
}

/** Trying again may help. */
interface Failure {
  readonly reason: string;
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly failedAt: number;
  /** Still to be done. */
  readonly wish: Wish;
}

/** Which keys wait to be read, which are being read, and which could not be read when they were tried last. */
export class WorkList {
  /** In order of arrival. */
  private readonly waiting = new Map<string, Wish>();
  private readonly working = new Map<string, Work>();
  private readonly failed = new Map<string, Failure>();
  /** Those that only another object can help, and why. */
  private readonly refused = new Map<string, string>();

  get isEmpty(): boolean {
    return this.waiting.size === 0 && this.working.size === 0;
  }

  /** Is this key to be read, or being read? */
  has(key: string): boolean {
    return this.waiting.has(key) || this.working.has(key);
  }

  /** Hints of one key that come together are one; one that comes while the key is in work makes it be looked at again. */
  want(key: string, wish: Partial<Wish> = {}): void {
    const work = this.working.get(key);
    if (work !== undefined) work.next = joined(wish, work.next);
    else this.waiting.set(key, joined(joined(wish, this.waiting.get(key)), this.failed.get(key)?.wish));
  }

  /** Starts what waits longest, until so many are in work. */
  start(concurrency: number, begin: (task: Task) => Work['reader']): void {
    for (const [key, wish] of this.waiting) {
      if (this.working.size >= concurrency) return;
      this.waiting.delete(key);
      this.working.set(key, { reader: begin({ key, ...wish }), wish, next: null });
    }
  }

  finished(key: string): void {
    const work = this.working.get(key);
    this.working.delete(key);
    if (work !== undefined && work.next !== null) this.want(key, work.next);
  }

  /** Forgets what waits. Returns the readers at work. */
  abandon(): ActorRef<LogReaderMessage>[] {
    this.waiting.clear();
    return [...this.working.values()].map(({ reader }) => reader);
  }

  succeeded(key: string): void {
    this.failed.delete(key);
    this.refused.delete(key);
  }

  /** Trying again may help: after a pause that grows. What was to be passed over is so still. */
  failedForNow({ key, restart }: Pick<Task, 'key' | 'restart'>, reason: string, now: number): void {
    const attempts = (this.failed.get(key)?.attempts ?? 0) + 1;
    this.refused.delete(key);
    const passOver = this.working.get(key)?.wish.passOver ?? null;
    this.failed.set(key, { reason, attempts, failedAt: now, wish: { restart, passOver } });
  }

  /** Only another object can help. */
  failedForGood(key: string, reason: string): void {
    this.failed.delete(key);
    this.refused.set(key, reason);
  }

  /** What failed is left alone until its time has come; a hint does not wait for it. */
  mayRead(key: string, now: number): boolean {
    const failure = this.failed.get(key);
    return failure === undefined || isDue(failure, now);
  }

  /** Wants what failed and whose time has come. One that is in work is being tried: its pause begins when that fails. */
  retry(now: number): void {
    for (const [key, failure] of this.failed) if (isDue(failure, now) && !this.working.has(key)) this.want(key);
  }

  get hasRetries(): boolean {
    return this.failed.size > 0;
  }

  /** Is this key to be tried again? */
  hasFailed(key: string): boolean {
    return this.failed.has(key);
  }

  get failedKeys(): Iterable<string> {
    return this.failed.keys();
  }

  get failures(): Settled['failed'] {
    return [
      ...[...this.failed].map(([key, { reason }]) => ({ key, reason })),
      ...[...this.refused].map(([key, reason]) => ({ key, reason })),
    ];
  }
}

/** The reingest that was asked for last, and what the first listing said. */
function joined(wish: Partial<Wish>, earlier: Wish | null | undefined): Wish {
  return {
    restart: wish.restart ?? earlier?.restart ?? null,
    passOver: earlier?.passOver ?? wish.passOver ?? null,
  };
}

/** A clock that was set back is no reason to wait for longer. */
function isDue({ failedAt, attempts }: Failure, now: number): boolean {
  return now < failedAt || now - failedAt >= retryDelay(attempts);
}
