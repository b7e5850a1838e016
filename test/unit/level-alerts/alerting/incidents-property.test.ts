import fc from 'fast-check';
import { overFinalWindows } from '../../../../src/pipelines/level-alerts/alerting/final-windows';
import type { WindowRecord } from '../../../../src/pipelines/level-alerts/counting/window-record';
import { overlappingRules as rules } from '../../../support/rules';
import { at, clock, hour, minute, Runner, windowOf } from './runner';
import { runs } from '../../../support/runs';

/**
 * Counting writes windows of a few origins in transactions; each origin lives in one partition. Windows come in any
 * order, are revised, and only grow.
 */
interface Transaction {
  readonly timestamp: number;
  readonly partition: number;
  readonly windows: readonly WindowRecord[];
}

const origins = ['a1', 'b1', 'a2', 'b2'];

const transactions: fc.Arbitrary<Transaction[]> = fc
  .array(
    fc.record({
      partition: fc.nat(1),
      wait: fc.integer({ min: 1, max: 30 * minute }),
      changes: fc.array(fc.record({ origin: fc.nat(1), start: fc.nat(60), more: fc.nat(3) }), {
        minLength: 1,
        maxLength: 4,
      }),
    }),
    { maxLength: 25 },
  )
  .map((plan) => {
    const sums = new Map<string, number>();
    let timestamp = at('10:00');
    return plan.map(({ partition, wait, changes }) => {
      timestamp += wait;
      const windows = changes.map(({ origin: index, start, more }) => {
        const origin = origins[index * 2 + partition] ?? '';
        const sum = (sums.get(`${origin} ${start}`) ?? 0) + more;
        sums.set(`${origin} ${start}`, sum);
        return windowOf(origin, at('10:00') + start * minute, sum, { watermark: timestamp - 5 * minute });
      });
      return { timestamp, partition, windows };
    });
  });

const inOneGo = (input: readonly Transaction[]): Runner => {
  const runner = new Runner({ rules });
  for (const { partition, timestamp, windows } of input) runner.write(partition, timestamp, ...windows).fold(partition);
  runner.flush();
  return runner;
};

/** The event after a transaction was written. */
const cut = fc.record({
  perBatch: fc.integer({ min: 1, max: 4 }),
  then: fc.constantFrom('read on', 'flush', 'tick and flush', 'die', 'die in a flush'),
});

function expectEachMailedOnce(runner: Runner): void {
  const mails = runner.mails();
  expect(new Set(mails.map(({ id }) => id)).size).toBe(mails.length);
  const first = mails.filter(
    ({ transition }) => transition === 'opened' || transition === 'over' || transition === 'digest',
  );
  const summarized = runner.summaries().flatMap(({ incidents }) => incidents);
  for (const { rule, group, breaches } of runner.incidents()) {
    const about = first.filter(
      (mail) =>
        mail.rule.name === rule &&
        mail.group === group &&
        mail.breaches.some(({ windowStart }) => breaches.includes(windowStart.slice(11, 16))),
    );
    const told = summarized.filter(
      (each) =>
        each.rule === rule &&
        each.group === group &&
        breaches.some((time) => time >= clock(each.from) && time < clock(each.to)),
    );
    expect(about.length + told.length).toBeGreaterThan(0);
  }
}

describe('the alerting job', () => {
  it('finds the same incidents, mails each, and decides no mail twice when input is cut anywhere and the job dies anywhere', () => {
    fc.assert(
      fc.property(transactions, fc.array(cut, { minLength: 1, maxLength: 30 }), (input, cuts) => {
        const runner = new Runner({ rules });
        // Partitions are read in the order of writing here, also after a restart.
        const order: { partition: number; from: number; to: number }[] = [];
        const lengths = [0, 0];
        input.forEach(({ partition, timestamp, windows }, i) => {
          const { perBatch, then } = cuts[i % cuts.length] ?? { perBatch: 1, then: 'flush' };
          runner.write(partition, timestamp, ...windows);
          const from = lengths[partition] ?? 0;
          lengths[partition] = from + windows.length;
          order.push({ partition, from, to: from + windows.length });
          runner.fold(partition, Infinity, perBatch);
          if (then === 'tick and flush') runner.tick(timestamp);
          if (then.endsWith('flush') && then !== 'die in a flush') runner.flush();
          if (then === 'die in a flush') runner.loseFlush();
          if (then.startsWith('die')) {
            runner.restart();
            for (const { partition, from, to } of order) {
              runner.fold(partition, Math.max(0, to - Math.max(from, runner.position(partition))), perBatch);
            }
          }
        });
        runner.catchUp(at('23:59') + 24 * hour);
        expect(runner.incidents()).toEqual(inOneGo(input).incidents());
        expectEachMailedOnce(runner);

        const mailed = runner.mails().length;
        runner.restart().catchUp(at('23:59') + 24 * hour);
        expect(runner.mails()).toHaveLength(mailed);
      }),
      { numRuns: runs(40) },
    );
  });

  it('finds the same breaches, and the same incidents of single origins, when partitions are read in another order', () => {
    fc.assert(
      fc.property(transactions, fc.array(fc.boolean(), { minLength: 1 }), (input, flushes) => {
        const runner = new Runner({ rules });
        input.forEach(({ partition, timestamp, windows }, i) => {
          runner.write(partition, timestamp, ...windows);
          if (flushes[i % flushes.length] === true) runner.fold(1).fold(0).flush();
          else if (i % 3 === 0) runner.restart().fold(1);
        });
        runner.fold(1).fold(0).flush();
        const reference = inOneGo(input);
        expect(breached(runner)).toEqual(breached(reference));
        expect(runner.incidents().filter(({ rule }) => rule === 'each')).toEqual(
          reference.incidents().filter(({ rule }) => rule === 'each'),
        );
      }),
      { numRuns: runs(40) },
    );
  });
});

/** How mails are decided after a transaction: further ticks, as shares of the time to the next one, and a restart. */
const pause = fc.record({ ticks: fc.array(fc.double({ min: 0, max: 1, noNaN: true })), restart: fc.boolean() });

// Reminders are the exception: those that became due while no tick came are one.
it('decides the same mails at the same times when ticks come more often and it restarts in between', () => {
  const options = { rules, groupWaitMs: 7 * minute, repeatIntervalMs: 48 * 60 * minute };
  const idle = (windows: readonly WindowRecord[]) => windows.map((window) => ({ ...window, idle: true }));
  fc.assert(
    fc.property(transactions, fc.boolean(), fc.array(pause, { minLength: 1 }), (input, isIdle, pauses) => {
      const mails = (pausing: boolean) => {
        const runner = new Runner(options);
        input.forEach(({ partition, timestamp, windows }, i) => {
          runner.write(partition, timestamp, ...(isIdle ? idle(windows) : windows)).catchUp(timestamp);
          const { ticks, restart } = pauses[i % pauses.length] ?? { ticks: [], restart: false };
          const next = input[i + 1]?.timestamp ?? at('23:59');
          if (!pausing) return;
          if (restart) runner.restart().catchUp(timestamp);
          const times = ticks.map((share) => Math.floor(timestamp + share * (next - 1 - timestamp)));
          for (const time of times.sort((a, b) => a - b)) runner.catchUp(time);
        });
        runner.catchUp(at('23:59'));
        return [...runner.mails(), ...runner.summaries()];
      };
      expect(mails(true)).toEqual(mails(false));
    }),
    { numRuns: runs(40) },
  );
});

it('decides the same mails over final windows when they come in another order', () => {
  const options = { rules, repeatIntervalMs: 10 * minute };
  fc.assert(
    fc.property(transactions, fc.array(fc.nat(), { minLength: 7, maxLength: 7 }), (input, random) => {
      const final = new Map<string, { partition: number; window: WindowRecord }>();
      for (const { partition, windows } of input) {
        for (const window of windows) final.set(`${window.origin} ${window.windowStart}`, { partition, window });
      }
      const keyed = [...final.values()].map((entry, i) => ({ entry, key: (random[i % random.length] ?? 0) * (i + 1) }));
      const replay = (order: readonly { partition: number; window: WindowRecord }[]) => {
        const runner = new Runner(options, overFinalWindows);
        for (const { partition, window } of order) runner.write(partition, 0, window);
        const mails = runner.foldAll().end().flush();
        return [...mails, ...runner.summaries()];
      };
      const mails = replay(keyed.map(({ entry }) => entry));
      expect(replay(keyed.toSorted((a, b) => a.key - b.key).map(({ entry }) => entry))).toEqual(mails);
      expect(new Set(mails.map(({ id }) => id)).size).toBe(mails.length);
    }),
    { numRuns: runs(40) },
  );
});

function breached(runner: Runner): string[] {
  return runner
    .incidents()
    .flatMap(({ rule, group, breaches }) => breaches.map((start) => `${rule} ${group} ${start}`))
    .sort();
}
