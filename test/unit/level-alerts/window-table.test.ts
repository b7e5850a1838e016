import { windowTable } from '../../../src/pipelines/level-alerts/window-table';
import { at, windowOf } from './alerting/runner';

describe('windowTable', () => {
  it('names repeated and expired lines and possible gaps, so that no row has only zeros, when a window has them', () => {
    const none = { error: 0, warn: 0, info: 0, debug: 0, none: 0 };
    const [, ...rows] = windowTable([
      { ...windowOf('web-1', at('10:00'), 3), complete: true },
      { ...windowOf('web-1', at('10:01'), 0), counts: none, lines: 0, complete: true, again: 2, expired: 4, gaps: 1 },
      { ...windowOf('web-1', at('10:02'), 0), counts: none, lines: 0, complete: false, gaps: 2 },
    ]);
    expect(rows.map((row) => row.slice(row.search(/complete|open/)))).toEqual([
      'complete',
      'complete, 2 repeated, 4 expired, 1 possible gap',
      'open, 2 possible gaps',
    ]);
  });
});
