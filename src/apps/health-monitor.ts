import { isUnmended } from '../../actors/owned-part';
import { isTelltaleError } from '../errors';
import { foldHealth, initialHealth, notAlive, notReady, type Health, type HealthEvent } from '../health';
import type { Crash } from '../kit';
import type { Logger } from '../log';
import type { EventLog, EventLogProblem } from '../ports/event-log';

/** How often the event log is asked for its problems. */
const ASK_MS = 5_000;

/** The health of one program: `/livez`, `/readyz` and the status page show it. */
export class HealthMonitor {
  private health: Health = initialHealth;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** All parts were begun. From now on, what the event log waits for is logged when it begins and when it ends. */
  started(log: Pick<EventLog, 'problems'>, logger: Pick<Logger, 'warn' | 'info'>): void {
    this.fold({ type: 'started' });
    this.timer ??= setInterval(() => this.ask(log, logger), ASK_MS).unref();
  }

  /** @param parts by name, with the reason */
  held(parts: ReadonlyMap<string, string>): void {
    this.fold({ type: 'held', parts });
  }

  /** @param problem names the remedy */
  damaged(problem: string): void {
    this.fold({ type: 'damaged', problem });
  }

  /** For the hook of an actor system. */
  readonly crashed = ({ path, error, restartInMs, gaveUp }: Crash): void => {
    const part = partOf(path);
    // A held part is reported as such. Below the parts, crashes are about one object, which is read again.
    if (part === null || isUnmended(error)) return;
    // It is being stopped, for example because the group gives its partition to another program.
    if (restartInMs === null && !gaveUp) return;
    const passes = isTelltaleError(error) && error.retriable;
    const problem = error.message;
    this.fold({ type: 'crashed', part, problem, passes, restarts: !gaveUp, at: this.now() });
  };

  /** Why the program does not do all of its work. */
  notReady(): readonly string[] {
    return notReady(this.health, this.now());
  }

  /** Why only a restart may help. */
  notAlive(): readonly string[] {
    return notAlive(this.health, this.now());
  }

  close(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  private ask(log: Pick<EventLog, 'problems'>, logger: Pick<Logger, 'warn' | 'info'>): void {
    const before = byName(this.health.waits);
    const problems = log.problems();
    this.fold({ type: 'waits', problems });
    for (const { about, problem } of problems) {
      if (before.get(about) !== problem) logger.warn(`not ready: ${problem}`, { about });
    }
    const now = byName(problems);
    for (const about of before.keys()) if (!now.has(about)) logger.info('ready again', { about });
  }

  private fold(event: HealthEvent): void {
    this.health = foldHealth(this.health, event);
  }
}

function byName(problems: readonly EventLogProblem[]): ReadonlyMap<string, string> {
  return new Map(problems.map(({ about, problem }) => [about, problem]));
}

/** `consumer://consumer/counting-0` is the part counting-0; null for an actor below a part. */
function partOf(path: string): string | null {
  const [, ...names] = path.split('/').filter((name) => name !== '');
  return names.length <= 2 ? (names.at(-1) ?? null) : null;
}
