import { CounterRegistry } from '../../src/counters';
import { decisions } from '../../src/decisions';
import type { LogFields, Logger } from '../../src/log';
import { createTrace } from '../../src/trace';
import { metricsText } from '../../src/web/metrics-text';

describe('counter registry', () => {
  it('adds up per job and reason when a decision is counted repeatedly', () => {
    const counters = new CounterRegistry();
    counters.add('telltale_fenced_total', { job: 'counting', reason: 'commit' });
    counters.add('telltale_fenced_total', { job: 'counting', reason: 'commit' });
    counters.add('telltale_fenced_total', { job: 'producer', reason: 'commit' });
    counters.add('telltale_repeated_lines_total', { job: 'producer', reason: 'rewrite' }, 40);
    expect(metricsText(counters.samples()).split('\n')).toEqual([
      `# HELP telltale_repeated_lines_total ${decisions.repeatedLines.help}`,
      '# TYPE telltale_repeated_lines_total counter',
      'telltale_repeated_lines_total{job="producer",reason="rewrite"} 40',
      `# HELP telltale_fenced_total ${decisions.fenced.help}`,
      '# TYPE telltale_fenced_total counter',
      'telltale_fenced_total{job="counting",reason="commit"} 2',
      'telltale_fenced_total{job="producer",reason="commit"} 1',
      '',
    ]);
  });

  it('counts further reasons together when there are too many', () => {
    const counters = new CounterRegistry();
    for (let i = 0; i < 1_000; i++) counters.add('telltale_fenced_total', { job: 'a', reason: `${i}` });
    const samples = counters.samples();
    expect(samples).toHaveLength(51);
    expect(samples.at(-1)).toMatchObject({ labels: { reason: 'other' }, value: 950 });
  });
});

describe('table of decisions', () => {
  it('has another event and another counter for each decision', () => {
    const all = Object.values(decisions);
    expect(new Set(all.map(({ event }) => event)).size).toBe(all.length);
    expect(new Set(all.map(({ counter }) => counter)).size).toBe(all.length);
  });

  it('names counters as Prometheus wants them', () => {
    for (const { counter } of Object.values(decisions)) expect(counter).toMatch(/^telltale_[a-z_]+_total$/);
  });
});

describe('trace', () => {
  it('logs the event and counts it when a decision is reported', () => {
    const lines: [string, string, LogFields | undefined][] = [];
    const write = (level: string) => (message: string, fields?: LogFields) => void lines.push([level, message, fields]);
    const log: Logger = {
      error: write('error'),
      warn: write('warn'),
      info: write('info'),
      debug: write('debug'),
      child: () => log,
    };
    const counters = new CounterRegistry();
    const trace = createTrace(log, counters, 'producer');
    trace('appended', { source: 'b/k', reason: 'proven' });
    trace('repeatedLines', { source: 'b/k', reason: 'rewrite', amount: 7 });
    expect(lines).toEqual([
      ['debug', 'object appended', { source: 'b/k', reason: 'proven' }],
      ['info', 'repeated lines not counted', { source: 'b/k', reason: 'rewrite', amount: 7 }],
    ]);
    expect(counters.samples().map(({ name, value }) => [name, value])).toEqual([
      ['telltale_appends_total', 1],
      ['telltale_repeated_lines_total', 7],
    ]);
  });
});
