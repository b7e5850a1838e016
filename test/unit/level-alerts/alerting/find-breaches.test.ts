import fc from 'fast-check';
import { breachedWindows } from '../../../../src/pipelines/level-alerts/alerting/breached-windows';
import { KeptWindows } from '../../../../src/pipelines/level-alerts/alerting/kept-windows';
import { checkRules } from '../../../../src/pipelines/level-alerts/alerting/rules';
import { thresholdRule } from '../../../support/rules';
import { at, errorsRule, minute, windowOf } from './runner';

/** Errors by minute after 10:00. */
const errorsByMinute = fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3, 9), { maxLength: 40 });

function startsOf(errors: readonly number[], window: number, threshold: number, inARow = 1): number[] {
  const windows = errors.flatMap((count, i) => (count === 0 ? [] : [windowOf('a', at('10:00') + i * minute, count)]));
  const rule = thresholdRule({ ...errorsRule, threshold, windowMs: window * minute, inARow });
  return breachedWindows(windows, [rule], minute).map(({ start }) => (start - at('10:00')) / minute);
}

function sum(errors: readonly number[], from: number, window: number): number {
  return errors.slice(Math.max(0, from), Math.max(0, from + window)).reduce((total, count) => total + count, 0);
}

describe('the breaches of a threshold', () => {
  it('reach into every window over the threshold, wherever it begins, and are over it themselves', () => {
    fc.assert(
      fc.property(
        errorsByMinute,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 0, max: 12 }),
        (errors, window, threshold) => {
          const found = startsOf(errors, window, threshold);
          for (const start of found) expect(sum(errors, start, window)).toBeGreaterThan(threshold);
          for (let from = -window; from < errors.length; from++) {
            if (sum(errors, from, window) <= threshold) continue;
            // The breach that ends with the last line of this window holds all of its lines.
            const last = errors.findLastIndex((count, i) => count > 0 && i >= from && i < from + window);
            expect(found).toContain(last + 1 - window);
          }
        },
      ),
    );
  });

  it('are windows one after the other when they are in a row', () => {
    fc.assert(
      fc.property(
        errorsByMinute,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 2, max: 3 }),
        (errors, window, inARow) => {
          const row = (end: number): number[] => Array.from({ length: inARow }, (_, i) => end - (i + 1) * window);
          const ends = errors.flatMap((count, i) => (count > 0 ? [i + 1] : []));
          const rows = ends.map(row).filter((starts) => starts.every((start) => sum(errors, start, window) > 2));
          expect(startsOf(errors, window, 2, inARow)).toEqual([...new Set(rows.flat())].sort((a, b) => a - b));
        },
      ),
    );
  });

  it('arrive with the last record of the row that completes them first', () => {
    const [rule] = checkRules([thresholdRule({ ...errorsRule, inARow: 2 })], minute);
    if (rule === undefined) throw new Error('there is no rule');
    const kept = new KeptWindows(1, minute, [rule]);
    [30, 20, 40].forEach((timestamp, i) => {
      kept.put(windowOf('a', at('10:00') + i * minute, 2), { partition: 0, offset: i, timestamp });
    });
    expect(kept.breaches(rule, 'all', at('10:01'), at('10:03'))).toEqual([
      { start: at('10:00'), arrivedAt: 30 },
      { start: at('10:01'), arrivedAt: 30 },
      { start: at('10:02'), arrivedAt: 40 },
    ]);
  });
});
