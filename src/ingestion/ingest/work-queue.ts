import { rareRetryDelay, retryDelay, type ListedObject } from '../reconcile';

/** A request for a new generation (`telltale reingest`). */
export interface ReingestRequest {
  /** Count lines again that were counted before. */
  readonly count: boolean;
  /** Generation before the reingest, once known; prevents a second start. */
  readonly after: number | null;
}

/** A request beyond reading the new bytes of a source. */
interface ReadRequest {
  readonly restart: ReingestRequest | null;
  /** The object as a listing named it, if its content from before the first start is skipped (`Since.listed`). */
  readonly skipUpTo: ListedObject | null;
}

/** One reading of one source. */
export interface ReadTask extends ReadRequest {
  readonly key: string;
}

export interface FailedSource {
  readonly key: string;
  readonly reason: string;
}

/** A source that is being read. */
interface Work {
  readonly request: ReadRequest;
  /** Came while it was being read: read it again afterwards. */
  next: ReadRequest | null;
}

/** A failed reading that is retried. */
interface Failure {
  readonly reason: string;
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly failedAt: number;
  readonly request: ReadRequest;
  readonly withheld: Withheld | null;
}

/** The object that the store did not give. */
interface Withheld {
  readonly etag: string;
  /** It is not expected to give it soon. */
  readonly isRare: boolean;
}

const nothingAsked: ReadRequest = { restart: null, skipUpTo: null };

/** Which keys wait to be read, which are being read, and which could not be read at their last attempt. */
export class WorkQueue {
  /** In order of arrival. */
  private readonly waiting = new Map<string, ReadRequest>();
  private readonly active = new Map<string, Work>();
  private readonly failed = new Map<string, Failure>();
  /** Why only another object can be read. */
  private readonly refused = new Map<string, string>();

  get isEmpty(): boolean {
    return this.waiting.size === 0 && this.active.size === 0;
  }

  /** The keys that wait or are being read. */
  *keys(): Generator<string> {
    yield* this.waiting.keys();
    yield* this.active.keys();
  }

  /** True when this key waits or is being read. */
  has(key: string): boolean {
    return this.waiting.has(key) || this.active.has(key);
  }

  /** Merges requests of one key. A request for a key that is being read makes it be read again afterwards. */
  add(key: string, request: Partial<ReadRequest> = {}): void {
    const work = this.active.get(key);
    if (work !== undefined) work.next = mergeRequests(request, work.next);
    else {
      const waiting = mergeRequests(request, this.waiting.get(key));
      this.waiting.set(key, mergeRequests(waiting, this.failed.get(key)?.request));
    }
  }

  /** Takes the keys that have waited longest, until `concurrency` keys are being read. */
  take(concurrency: number): ReadTask[] {
    const tasks: ReadTask[] = [];
    for (const [key, request] of this.waiting) {
      if (this.active.size >= concurrency) break;
      this.waiting.delete(key);
      this.active.set(key, { request, next: null });
      tasks.push({ key, ...request });
    }
    return tasks;
  }

  /** The reading of this key has ended. */
  done(key: string): void {
    const work = this.active.get(key);
    this.active.delete(key);
    if (work !== undefined && work.next !== null) this.add(key, work.next);
  }

  /** Drops all waiting keys. */
  clear(): void {
    this.waiting.clear();
  }

  succeeded(key: string): void {
    this.failed.delete(key);
    this.refused.delete(key);
  }

  /** A retry may help, after a pause that grows. It keeps the content that the failed reading had to skip. */
  failedForNow(
    { key, restart }: Pick<ReadTask, 'key' | 'restart'>,
    reason: string,
    now: number,
    withheld: Withheld | null = null,
  ): void {
    const before = this.failed.get(key);
    const isAgain = before !== undefined && (before.withheld?.isRare ?? false) === (withheld?.isRare ?? false);
    const attempts = isAgain ? before.attempts + 1 : 1;
    this.refused.delete(key);
    const { skipUpTo } = this.active.get(key)?.request ?? nothingAsked;
    this.failed.set(key, { reason, attempts, failedAt: now, request: { restart, skipUpTo }, withheld });
  }

  /** Only another object can be read: never retries this one. */
  failedPermanently(key: string, reason: string): void {
    this.failed.delete(key);
    this.refused.set(key, reason);
  }

  /**
   * False while a failed key waits for its retry. If the store refused the object, another object under the key does not
   * wait. Signals do not ask: they are read at once.
   * @param etag of the object now; null when it is gone
   */
  mayRead(key: string, etag: string | null, now: number): boolean {
    const failure = this.failed.get(key);
    if (failure === undefined || isDue(failure, now)) return true;
    return failure.withheld !== null && failure.withheld.etag !== etag;
  }

  /** Adds the failed keys whose pause is over. The pause of a key that is being read begins when that reading fails. */
  retry(now: number): void {
    for (const [key, failure] of this.failed) if (isDue(failure, now) && !this.active.has(key)) this.add(key);
  }

  get hasRetries(): boolean {
    return this.failed.size > 0;
  }

  /** True when this key will be retried. */
  hasFailed(key: string): boolean {
    return this.failed.has(key);
  }

  get failedKeys(): Iterable<string> {
    return this.failed.keys();
  }

  get failures(): readonly FailedSource[] {
    return [
      ...[...this.failed].map(([key, { reason }]) => ({ key, reason })),
      ...[...this.refused].map(([key, reason]) => ({ key, reason })),
    ];
  }
}

/** The latest reingest request, and the earliest listed object. */
function mergeRequests(request: Partial<ReadRequest>, earlier: ReadRequest | null | undefined): ReadRequest {
  return {
    restart: request.restart ?? earlier?.restart ?? null,
    skipUpTo: earlier?.skipUpTo ?? request.skipUpTo ?? null,
  };
}

/** A clock that was set back must not make a pause longer. */
function isDue({ failedAt, attempts, withheld }: Failure, now: number): boolean {
  const delay = withheld?.isRare === true ? rareRetryDelay(attempts) : retryDelay(attempts);
  return now < failedAt || now - failedAt >= delay;
}
