import { partsOf } from '../../../src/apps/parts';
import { windowKey } from '../../../src/pipelines/level-alerts/counting/window-record';
import { levelAlertsView } from '../../../src/pipelines/level-alerts/view';
import { configWith } from '../../support/in-process';
import { at, windowOf } from './alerting/runner';

const window = windowOf('web-1', at('10:00'), 3);
const key = Buffer.from(windowKey(window.origin, window.windowStart));
const counted = { topic: 'windows', key, value: Buffer.from(JSON.stringify(window)), isNew: true };
/** The tombstone that `telltale reset` writes. */
const takenBack = { topic: 'windows', key, value: null, isNew: true };

describe('levelAlertsView', () => {
  it('shows no window that telltale reset has deleted', () => {
    const view = levelAlertsView();
    const empty = view.table();
    view.add(counted);
    expect(view.table()).not.toEqual(empty);
    view.add(takenBack);
    expect(view.table()).toEqual(empty);
  });
});

describe('the results of level-alerts', () => {
  it('print no window that telltale reset has deleted', () => {
    const linesOf = (...records: (typeof counted | typeof takenBack)[]): readonly string[] =>
      partsOf(configWith(), 'final').results.flatMap((results) => {
        for (const record of records) results.add(record);
        return results.lines(true, new Map());
      });
    expect(linesOf(counted)).not.toEqual(linesOf());
    expect(linesOf(counted, takenBack)).toEqual(linesOf());
  });

  it('sum up the bytes of their own topic of lines when another topic has some', () => {
    const bytes = new Map([
      ['logs', 3],
      ['logins', 5],
    ]);
    const [summary = ''] = partsOf(configWith(), 'final').results.flatMap((results) => results.lines(true, bytes));
    expect(JSON.parse(summary)).toMatchObject({ lines: 0, bytes: 3 });
  });
});
