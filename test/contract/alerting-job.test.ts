import fc from 'fast-check';
import { createAlerting } from '../../src/pipelines/level-alerts/alerting/alerting';
import { windowKey } from '../../src/pipelines/level-alerts/counting/window-record';
import { overlappingRules as rules } from '../support/rules';
import { ticksTo } from '../support/ticks';
import { at, defaults, hour, minute, windowOf } from '../unit/level-alerts/alerting/runner';
import { runs } from '../support/runs';
import { describeJob, type InputRecord } from './job';

const revision = fc.record({
  wait: fc.oneof({ weight: 3, arbitrary: fc.nat(minute) }, { weight: 1, arbitrary: fc.nat(30 * minute) }),
  // Each origin lives in one partition.
  origin: fc.constantFrom('a0', 'b0', 'a1', 'b1'),
  // Few windows, so that origins share them.
  start: fc.nat(9),
  more: fc.nat(3),
});

/** Counting writes windows of a few origins in any order, and revises them; windows only grow. */
const input: fc.Arbitrary<readonly InputRecord[]> = fc.array(revision, { maxLength: 40 }).map((revisions) => {
  const sums = new Map<string, number>();
  let timestamp = at('10:00');
  return revisions.map(({ wait, origin, start, more }) => {
    timestamp += wait;
    const name = `${origin} ${start}`;
    sums.set(name, (sums.get(name) ?? 0) + more);
    const window = windowOf(origin, at('10:00') + start * minute, sums.get(name) ?? 0, {
      watermark: timestamp - 5 * minute,
    });
    const key = Buffer.from(windowKey(origin, window.windowStart));
    const record = { key, value: Buffer.from(JSON.stringify(window)), headers: [], timestamp };
    return { topic: 'windows', partition: Number(origin.slice(1)), record };
  });
});

interface StoredIncident {
  readonly rule: string;
  readonly group: string;
  readonly runs: readonly (readonly [number, number])[];
}

describeJob({
  job: createAlerting({ ...defaults, rules }),
  partition: 0,
  input,
  ending: (last) => ticksTo(last, last + 24 * hour),
  // All breaches. If two partitions are read in another order, the breaches may join other incidents.
  finals: (latest) => {
    const windowMs = new Map(rules.map((rule) => [rule.name, rule.windowMs]));
    const incidents = latest('alerting-state').flatMap(({ value }) =>
      value === null ? [] : [JSON.parse(value.toString()) as StoredIncident],
    );
    return incidents
      .flatMap(({ rule, group, runs }) =>
        runs.flatMap(([start, n]) =>
          Array.from({ length: n }, (_, i) => `${rule} ${group} ${start + i * (windowMs.get(rule) ?? 0)}`),
        ),
      )
      .sort();
  },
  numRuns: runs(150),
});
