import { blocks, chartOf } from '../../../../src/pipelines/level-alerts/mail/chart';
import { chartBars, report } from './sample-reports';

describe('blocks', () => {
  it.each([
    [0, ''],
    [1, '████'],
    [0.5, '██'],
    [0.4, '█▋'],
    [0.0001, '▏'],
  ])('draws %d of four', (share, bar) => expect(blocks(share, 4)).toBe(bar));
});

describe('chartOf', () => {
  it('draws the counts of the rule level, and returns the first of the highest windows', () => {
    const chart = chartOf(report({ chart: chartBars(4, '2026-11-20T10:05:00Z', (i) => [0, 8, 2, 8][i] ?? 0) }));
    expect(chart?.bars.map(({ share }) => share)).toEqual([0, 1, 0.25, 1]);
    expect(chart?.highest).toEqual({ time: '10:03', count: 8, share: 1, breached: true });
  });

  it('returns null when there are no windows', () => expect(chartOf(report({ chart: [] }))).toBeNull());
});
