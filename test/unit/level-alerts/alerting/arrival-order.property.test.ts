import fc from 'fast-check';
import { overFinalWindows } from '../../../../src/pipelines/level-alerts/alerting/final-windows';
import { shortHash } from '../../../../src/pipelines/level-alerts/alerting/ids';
import {
  isIncidentRecord,
  type IncidentRecord,
} from '../../../../src/pipelines/level-alerts/alerting/incident-records';
import type { WindowRecord } from '../../../../src/pipelines/level-alerts/counting/window-record';
import { overlappingRules as rules } from '../../../support/rules';
import { runs } from '../../../support/runs';
import { at, hour, minute, Runner, windowOf } from './runner';

/** Errors of a host in one minute, that arrive together some minutes after those before them. */
interface Upload {
  readonly host: string;
  readonly minute: number;
  readonly errors: number;
  readonly wait: number;
}

const hosts = ['a1', 'b1', 'a2'];

/** Bursts, with pauses on both sides of the quiet time (10 min) and of the reach (60 min). */
const uploads: fc.Arbitrary<Upload[]> = fc.array(
  fc.record({
    host: fc.constantFrom(...hosts),
    minute: fc.tuple(fc.nat(8), fc.nat(2)).map(([burst, later]) => burst * 33 + later),
    errors: fc.integer({ min: 1, max: 4 }),
    wait: fc.nat(12),
  }),
  { minLength: 4, maxLength: 36 },
);

const start = at('10:00');
/** The longest pause between two mails. */
const pause = 20 * minute;

/** Reads uploads one after the other, as counting would write their windows, and decides mails after each of them. */
function live(input: readonly Upload[]): Runner {
  const runner = new Runner({ rules, repeatIntervalMs: pause });
  const counts = new Map<string, number>();
  const watermarks = new Map<string, number>();
  let now = start + 6 * hour;
  const window = (host: string, time: number, idle: boolean): WindowRecord =>
    windowOf(host, time, counts.get(`${host} ${time}`) ?? 0, { idle, watermark: watermarks.get(host) ?? null });
  const write = (host: string, time: number, idle: boolean): void => {
    runner.write(hosts.indexOf(host) % 2, now, window(host, time, idle)).catchUp(now);
  };
  for (const line of input) {
    const time = start + line.minute * minute;
    now += line.wait * minute;
    counts.set(`${line.host} ${time}`, (counts.get(`${line.host} ${time}`) ?? 0) + line.errors);
    watermarks.set(line.host, Math.max(time, watermarks.get(line.host) ?? 0));
    write(line.host, time, false);
  }
  now += 15 * minute;
  for (const [host, watermark] of watermarks) write(host, watermark, true);
  // Growth of an open incident, its end, and what grew in between.
  for (let i = 0; i < 4; i++) runner.catchUp((now += pause));
  return runner;
}

function replayed(input: readonly Upload[]): Runner {
  const runner = new Runner({ rules }, overFinalWindows);
  const counts = new Map<string, number>();
  for (const { host, minute: at, errors } of input) {
    counts.set(`${host} ${at}`, (counts.get(`${host} ${at}`) ?? 0) + errors);
  }
  for (const [key, count] of counts) {
    const [host = '', at = ''] = key.split(' ');
    runner.write(hosts.indexOf(host) % 2, 0, windowOf(host, start + Number(at) * minute, count));
  }
  runner.foldAll().end().flush();
  return runner;
}

/** The hosts that any message about a rule and group named. */
function reportedHosts(runner: Runner): Record<string, string[]> {
  const named = [
    ...runner.mails().map(({ rule, group, origins }) => ({
      key: `${rule.name} ${group}`,
      origins: origins.map(({ origin }) => origin),
    })),
    ...runner
      .summaries()
      .flatMap(({ incidents }) => incidents.map(({ rule, group, origins }) => ({ key: `${rule} ${group}`, origins }))),
  ];
  const sets = new Map<string, Set<string>>();
  for (const { key, origins } of named) sets.set(key, new Set([...(sets.get(key) ?? []), ...origins]));
  return Object.fromEntries([...sets].sort().map(([key, set]) => [key, [...set].sort()]));
}

function records(runner: Runner): IncidentRecord[] {
  return runner.stateRecords().flatMap(({ value }) => {
    const record: unknown = value === null ? null : JSON.parse(String(value));
    return isIncidentRecord(record) ? [record] : [];
  });
}

/** The final state of each incident. Ids depend on the order. */
function finalFigures(runner: Runner): unknown[] {
  return records(runner)
    .map(({ rule, group, from, to, runs: breaches, flaps, closed, mailed }) => ({
      ...{ rule, group, from, to, breaches, flaps, closed },
      toldOver: mailed?.toldOver,
      told: mailed?.told === null || mailed?.told === undefined ? null : { ...mailed.told, lines: null },
    }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** Hosts with lines in the breached windows of an incident, and how many lines. */
function truth(
  input: readonly Upload[],
  { rule: name, group, runs: breaches }: IncidentRecord,
): { lines: number; hosts: string[] } {
  const rule = rules.find((each) => each.name === name);
  const step = minute;
  const starts = breaches.flatMap(([first, n]) => Array.from({ length: n }, (_, i) => first + i * step));
  const within = input.filter(({ host, minute: at }) => {
    const time = start + at * minute;
    const isMember = group === 'all' ? name !== 'longer' || host.startsWith('a') : host === group;
    return isMember && starts.some((each) => time >= each && time < each + (rule?.windowMs ?? minute));
  });
  return {
    lines: within.reduce((sum, { errors }) => sum + errors, 0),
    hosts: [...new Set(within.map(({ host }) => host))],
  };
}

it('finds the same incidents in any order of arrival, and in the end reports all of each: span, worst window, hosts', () => {
  fc.assert(
    fc.property(
      uploads.chain((input) => fc.tuple(fc.constant(input), fc.shuffledSubarray(input, { minLength: input.length }))),
      ([input, shuffled]) => {
        const inOrder = live([...input].sort((a, b) => a.minute - b.minute));
        const mixed = live(shuffled);
        expect(mixed.incidents()).toEqual(inOrder.incidents());
        expect(finalFigures(mixed)).toEqual(finalFigures(inOrder));
        expect(reportedHosts(mixed)).toEqual(reportedHosts(inOrder));
        const replay = replayed(input);
        expect(replay.incidents()).toEqual(inOrder.incidents());
        expect(reportedHosts(replay)).toEqual(reportedHosts(inOrder));
        for (const record of records(mixed)) {
          const { closed, from, to, mailed } = record;
          const { lines: count, hosts: names } = truth(input, record);
          expect(closed).toBe(true);
          expect(mailed).toMatchObject({ toldOver: true });
          expect(mailed?.told).toMatchObject({ from, to, hosts: names.map((name) => shortHash(name)).sort() });
          expect(count).toBeLessThan(2 * (mailed?.told?.lines ?? 0));
        }
        const ids = mixed.mails().map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        const heads = mixed.mails().filter(({ transition }) => transition === 'merged');
        for (const { incident, mergedInto } of heads) expect(mergedInto).not.toBe(incident);
      },
    ),
    // In `npm run chaos`, 1,000 shuffles.
    { numRuns: runs(1) > 1 ? runs(100) : 8 },
  );
});
