import type { EventLogProblem } from '../ports/event-log';

/** From when on a failing call is a problem of the program; a broker restarts in less. */
const FAILING_MS = 10_000;
/** From when on a call without an answer is a problem; fetches are held back for 5 s. */
const SILENT_MS = 20_000;

/** A call under way, with its repetitions. */
export interface Call {
  /** `Cannot read logs/7` */
  readonly what: string;
  /** Monotonic milliseconds. */
  readonly since: number;
  /** For how long the broker may hold the answer back on purpose. */
  readonly heldBackMs: number;
  /** Why the last try failed; null when none has failed. */
  failure: string | null;
}

/** The calls under way of one event log. What waits for long is why a program makes no progress. */
export class Waiting {
  private readonly calls = new Set<Call>();

  /** @param now monotonic milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  begin(what: string, heldBackMs = 0): Call {
    const call = { what, since: this.now(), heldBackMs, failure: null };
    this.calls.add(call);
    return call;
  }

  end(call: Call): void {
    this.calls.delete(call);
  }

  /** One for each thing that the program waits for. */
  get problems(): readonly EventLogProblem[] {
    const now = this.now();
    const problems = new Map<string, EventLogProblem>();
    for (const { what, since, heldBackMs, failure } of this.calls) {
      const age = now - since;
      const isLate = failure === null ? age >= SILENT_MS + heldBackMs : age >= FAILING_MS;
      if (isLate) problems.set(what, { about: what, problem: `${what}: ${failure ?? 'no answer'}` });
    }
    return [...problems.values()];
  }
}
