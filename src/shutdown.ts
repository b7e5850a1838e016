/** For steps at the end of a program that ends by itself. */
const NO_HURRY_MS = 24 * 60 * 60_000;

/**
 * The end of a program, which takes at most `timeoutMs` in any state of its parts. A step that is not done in time is left: it
 * continues at the next start, as after a `kill -9`.
 */
export class Shutdown {
  private begunAt: number | null = null;
  private readonly notDone = new Set<string>();
  private readonly notes: string[] = [];

  /** @param now monotonic milliseconds */
  constructor(
    readonly timeoutMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** The time begins to run; later calls change nothing. */
  begin(): void {
    this.begunAt ??= this.now();
  }

  get remainingMs(): number {
    return this.begunAt === null ? NO_HURRY_MS : Math.max(0, this.timeoutMs - (this.now() - this.begunAt));
  }

  /** The work for the next start: the steps that are not done, and what they noted. */
  get left(): readonly string[] {
    return [...this.notDone, ...this.notes];
  }

  /** True while a step is not done, whether it is active or was given up. */
  get isIncomplete(): boolean {
    return this.notDone.size > 0;
  }

  /** Notes work that waits for the next start in good order. */
  leave(what: string): void {
    this.notes.push(what);
  }

  /**
   * Does a step, and gives it up after a share of the time that remains: the steps after it need some, too. Never rejects.
   * @param what completes "left: …"
   * @param share above 0, up to 1
   * @param work gets the time that it has, in milliseconds
   * @returns the error of the work, if any
   */
  async step(what: string, share: number, work: (withinMs: number) => Promise<unknown>): Promise<unknown> {
    const withinMs = this.remainingMs * share;
    this.notDone.add(what);
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, withinMs, false);
    });
    try {
      const done = work(withinMs).then(() => true);
      done.catch(() => undefined);
      if (await Promise.race([done, timeout])) this.notDone.delete(what);
      return undefined;
    } catch (error) {
      return error;
    } finally {
      clearTimeout(timer);
    }
  }
}
