/**
 * Which windows of an origin were forgotten: event times as half-open runs [from, to), epoch milliseconds, sorted and
 * apart from each other (rule 12). A line inside a run is `expired`.
 */
export interface Run {
  readonly from: number;
  readonly to: number;
}

/** So many runs are kept for each origin; beyond them the two nearest become one. */
export const maxRuns = 64;

/** The run that holds `time`, if any. */
export function runAt(runs: readonly Run[], time: number): Run | undefined {
  return runs.find((run) => time >= run.from && time < run.to);
}

/**
 * Adds a run. Runs that touch become one, and so do the two nearest (the oldest two of equals) while there are more than
 * {@link maxRuns}: what lies between those is forgotten too.
 */
export function addRun(runs: readonly Run[], added: Run): readonly Run[] {
  const apart = runs.filter((run) => run.to < added.from || run.from > added.to);
  const touching = runs.filter((run) => !apart.includes(run));
  const merged = [...apart, touching.reduce(span, added)].sort((a, b) => a.from - b.from);
  return merged.length > maxRuns ? mergeNearest(merged) : merged;
}

function mergeNearest(runs: readonly Run[]): readonly Run[] {
  const gaps = runs.slice(1).map((next, i) => next.from - (runs[i]?.to ?? next.from));
  const left = gaps.indexOf(Math.min(...gaps));
  const merged = runs.slice(left, left + 2).reduce(span);
  return [...runs.slice(0, left), merged, ...runs.slice(left + 2)];
}

function span(a: Run, b: Run): Run {
  return { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) };
}
