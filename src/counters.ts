import { decisions, type CounterName } from './decisions';

export interface CounterLabels {
  /** `producer`, or the name of a job or delivery. */
  readonly job: string;
  /** One of a few fixed words. */
  readonly reason: string;
}

/** Counts decisions since the start of the process. Handed to actors as an option; `/metrics` shows the counts. */
export interface Counters {
  add(name: CounterName, labels: CounterLabels, amount?: number): void;
}

export interface CounterSample {
  readonly name: CounterName;
  readonly help: string;
  readonly type: 'counter';
  readonly value: number;
  readonly labels: Readonly<Record<keyof CounterLabels, string>>;
}

/** More reasons of one job and counter than this are counted together: each is a time series in Prometheus. */
const MAX_REASONS = 50;
const OTHER = 'other';

/** The counters of one process. */
export class CounterRegistry implements Counters {
  private readonly counts = new Map<string, Map<string, number>>();

  add(name: CounterName, { job, reason }: CounterLabels, amount = 1): void {
    const series = JSON.stringify([name, job]);
    const reasons = this.counts.get(series) ?? new Map<string, number>();
    this.counts.set(series, reasons);
    const counted = reasons.has(reason) || reasons.size < MAX_REASONS ? reason : OTHER;
    reasons.set(counted, (reasons.get(counted) ?? 0) + amount);
  }

  /** In the order of the table of decisions; only counters that have counted. */
  samples(): readonly CounterSample[] {
    return Object.values(decisions).flatMap(({ counter: name, help }) =>
      [...this.counts].flatMap(([series, reasons]) => {
        const [counter, job] = JSON.parse(series) as [string, string];
        if (counter !== name) return [];
        return [...reasons].map(([reason, value]): CounterSample => ({
          name,
          help,
          type: 'counter',
          value,
          labels: { job, reason },
        }));
      }),
    );
  }
}
