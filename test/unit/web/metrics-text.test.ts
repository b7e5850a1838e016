import { metricsText } from '../../../src/web/metrics-text';

describe('metricsText', () => {
  it('puts the samples of a metric together and escapes what origins hold', () => {
    const lines = { name: 'telltale_lines_total', help: 'Lines\nread \\ counted', type: 'counter' as const };
    expect(
      metricsText([
        { ...lines, value: 5, labels: { origin: 'a"b\\c\nd' } },
        { name: 'telltale_lag', help: 'Lag', type: 'gauge', value: Infinity },
        { ...lines, value: 7, labels: { origin: 'x', level: 'error' } },
      ]),
    ).toBe(
      [
        '# HELP telltale_lines_total Lines\\nread \\\\ counted',
        '# TYPE telltale_lines_total counter',
        'telltale_lines_total{origin="a\\"b\\\\c\\nd"} 5',
        'telltale_lines_total{origin="x",level="error"} 7',
        '# HELP telltale_lag Lag',
        '# TYPE telltale_lag gauge',
        'telltale_lag +Inf',
        '',
      ].join('\n'),
    );
  });
});
