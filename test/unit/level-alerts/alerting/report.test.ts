import type { MailReport } from '../../../../src/pipelines/level-alerts/alerting/mail-report';
import type { WindowRecord } from '../../../../src/pipelines/level-alerts/counting/window-record';
import { at, clock, iso, minute, Runner, windowOf } from './runner';

/** The first mail about windows that arrive at once. */
function reportOf(now: string, ...windows: readonly WindowRecord[]): MailReport {
  const [report] = new Runner().write(0, at(now), ...windows).catchUp(at(now));
  if (report === undefined) throw new Error('no mail was decided');
  return report;
}

describe('a report', () => {
  it('says which rule was broken, from when to when, and which window was worst', () => {
    const report = reportOf(
      '10:08',
      windowOf('a', at('10:05'), 2),
      windowOf('a', at('10:06'), 1),
      windowOf('a', at('10:07'), 7),
    );
    const breach = (time: string, end: string, count: number) => ({
      windowStart: iso(time),
      windowEnd: iso(end),
      count,
    });
    expect(report).toMatchObject({
      v: 1,
      transition: 'opened',
      rule: { name: 'errors', level: 'error', threshold: 1, window: minute, origins: '**' },
      group: 'all',
      from: iso('10:05'),
      to: iso('10:08'),
      breaches: [breach('10:05', '10:06', 2), breach('10:07', '10:08', 7)],
      worst: breach('10:07', '10:08', 7),
      decidedAt: iso('10:08'),
    });
    expect(report.id).toMatch(/^[0-9a-f]{16}$/);
    expect(report.incident).toMatch(/^[0-9a-f]{16}$/);
  });

  it('sums the levels and notes of the breached windows only', () => {
    const some = { continuation: 1, unparsed: 2, again: 3, future: 4, expired: 5, counts: { warn: 6, info: 7 } };
    const report = reportOf(
      '10:08',
      windowOf('a', at('10:05'), 2, some),
      windowOf('b', at('10:05'), 1, some),
      windowOf('a', at('10:06'), 1, some),
      windowOf('b', at('10:07'), 0),
    );
    expect(report.totals).toEqual({ error: 3, warn: 12, info: 14, debug: 0, none: 0 });
    expect(report.notes).toMatchObject({ continuation: 2, unparsed: 4, again: 6, future: 8, expired: 10, gaps: 0 });
  });

  it('counts possible gaps from the first breach to the last, with the windows between them', () => {
    const gap = { gaps: 1 };
    const report = reportOf(
      '10:09',
      windowOf('a', at('10:04'), 0, gap),
      windowOf('a', at('10:05'), 2, gap),
      windowOf('b', at('10:05'), 0, { gaps: 2 }),
      windowOf('a', at('10:06'), 0, gap),
      windowOf('a', at('10:07'), 3),
      windowOf('a', at('10:08'), 0, gap),
    );
    expect(report.notes.gaps).toBe(4);
  });

  it('names the sources of its hosts with the most lines that were not understood since the first breach, and counts the other lines', () => {
    const of = (source: string, unparsed: number) => ({ source, at: '0:7', text: source, unparsed });
    const report = reportOf(
      '10:09',
      windowOf('a', at('10:04'), 0, { unparsed: 9, notUnderstood: [of('before', 9)] }),
      windowOf('a', at('10:05'), 2, {
        unparsed: 9,
        notUnderstood: [of('a/few', 1), of('a/little', 2), of('a/some', 3)],
      }),
      windowOf('b', at('10:06'), 0, { unparsed: 30, notUnderstood: [of('b/all', 30)] }),
      windowOf('a', at('10:08'), 0, { unparsed: 2, notUnderstood: [{ ...of('a/some', 2), text: 'later' }] }),
    );
    expect(report.notes).toMatchObject({
      notUnderstood: [of('b/all', 30), of('a/some', 5), of('a/little', 2)],
      otherNotUnderstood: 4,
    });
  });

  it('names no source when every line was understood', () => {
    const { notes } = reportOf('10:09', windowOf('a', at('10:05'), 2));
    expect(notes).not.toHaveProperty('notUnderstood');
    expect(notes).not.toHaveProperty('otherNotUnderstood');
  });

  it('names origins whose watermark has not reached the end of the last breach, and counts incomplete windows', () => {
    const report = reportOf(
      '10:08',
      windowOf('fast', at('10:05'), 2),
      windowOf('slow', at('10:05'), 2, { watermark: at('10:05') }),
      windowOf('idle', at('10:05'), 2, { watermark: at('10:05'), idle: true }),
      windowOf('new', at('10:05'), 2, { watermark: null, complete: false }),
    );
    expect(report.notes).toMatchObject({ lagging: ['new', 'slow'], incomplete: 2 });
  });

  it.each<[string, readonly [time: string, infos: number][], number | null]>([
    ['nothing is known of before', [], null],
    ['one window', [['10:04', 5]], 5],
    ['windows in which nothing came count as empty', [['10:00', 9]], 0],
    [
      'the mean of the two in the middle',
      [
        ['10:03', 4],
        ['10:04', 7],
      ],
      5.5,
    ],
    [
      'only the hour before',
      [
        ['08:00', 9],
        ['10:04', 7],
      ],
      0,
    ],
  ])('gives the median of the hour before: %s', (_, before, median) => {
    const infos = before.map(([time, info]) => windowOf('a', at(time), 0, { counts: { info } }));
    const report = reportOf('10:06', ...infos, windowOf('a', at('10:05'), 2));
    expect(report.median?.info ?? null).toBe(median);
  });

  it('leaves incomplete windows out of the median', () => {
    const waiting = { watermark: at('10:04'), counts: { info: 9 } };
    const report = reportOf(
      '10:06',
      windowOf('a', at('10:03'), 0, waiting),
      windowOf('a', at('10:04'), 0, { ...waiting, counts: { info: 1 } }),
      windowOf('a', at('10:05'), 2, { watermark: at('10:04') }),
    );
    expect(report.median?.info).toBe(9);
  });

  it('charts the last 30 windows up to the last breach without gaps', () => {
    const report = reportOf(
      '10:59',
      windowOf('a', at('10:00'), 1),
      windowOf('a', at('10:30'), 2),
      windowOf('a', at('10:35'), 3),
      windowOf('a', at('10:58'), 0),
    );
    expect(report.chart).toHaveLength(30);
    expect(report.chart.map(({ windowStart }) => clock(windowStart)).slice(0, 2)).toEqual(['10:06', '10:07']);
    expect(report.chart.filter(({ breached }) => breached).map(({ error }) => error)).toEqual([2, 3]);
    expect(report.chart.at(-1)).toMatchObject({ windowStart: iso('10:35'), error: 3 });
  });

  it('charts no time before the first known window', () => {
    const report = reportOf('10:06', windowOf('a', at('10:03'), 1), windowOf('a', at('10:05'), 2));
    expect(report.chart.map(({ error }) => error)).toEqual([1, 0, 2]);
  });

  it('sums patterns over windows and origins, marks the new ones, and adds the rest to otherPatterns', () => {
    const patterns = (...counts: readonly [string, number][]) => ({
      patterns: counts.map(([pattern, count]) => ({ pattern, count })),
    });
    const many = Array.from({ length: 19 }, (_, i): [string, number] => [`many-${String(i).padStart(2, '0')}`, 2]);
    const report = reportOf(
      '10:08',
      windowOf('a', at('10:03'), 1, patterns(['known', 1])),
      windowOf('a', at('10:05'), 9, { ...patterns(['known', 3], ['rare', 1]), otherPatterns: 5 }),
      windowOf('b', at('10:05'), 9, patterns(['known', 4], ...many)),
    );
    expect(report.patterns).toHaveLength(20);
    expect(report.patterns[0]).toEqual({ pattern: 'many-00', count: 2, isNew: true });
    expect(report.patterns.at(-1)).toEqual({ pattern: 'known', count: 7, isNew: false });
    expect(report.otherPatterns).toBe(6);
  });

  it('marks nothing as new when nothing is known from before, and later only patterns that no mail of the incident had', () => {
    const patterns = (...names: readonly string[]) => ({
      patterns: names.map((pattern) => ({ pattern, count: 9 })),
    });
    const runner = new Runner();
    runner.write(0, at('10:07'), windowOf('a', at('10:05'), 9, patterns('first')));
    const [opened] = runner.catchUp(at('10:07'));
    runner.write(0, at('10:09'), windowOf('a', at('10:06'), 18, patterns('first', 'second')));
    const [added] = runner.catchUp(at('10:30'));
    expect(opened?.patterns).toEqual([{ pattern: 'first', count: 9, isNew: false }]);
    expect([added?.transition, added?.patterns]).toEqual([
      'new-pattern',
      [
        { pattern: 'second', count: 9, isNew: true },
        { pattern: 'first', count: 18, isNew: false },
      ],
    ]);
  });

  it('shows a line of the most frequent pattern first, then one of each new pattern', () => {
    const sampled = (...names: readonly string[]) => ({
      patterns: names.map((pattern, i) => ({ pattern, count: 9 - i })),
      samples: names.map((text, pattern) => ({ source: 's', at: `0:${pattern}`, text, pattern })),
    });
    const report = reportOf(
      '10:08',
      windowOf('a', at('10:03'), 1, sampled('often', 'seldom')),
      windowOf('a', at('10:05'), 24, sampled('often', 'seldom', 'new')),
    );
    expect(report.samples.map(({ text }) => text)).toEqual(['often', 'new', 'seldom']);
  });

  it('shows the first lines in the first mail, and the last lines in later mails', () => {
    const samples = (text: string) => ({
      samples: [0, 1, 2, 3, 4, 5, 6].map((i) => ({ source: 's', at: `0:${i}`, text })),
    });
    const runner = new Runner();
    const minutes = ['10:05', '10:06', '10:07', '10:08'];
    runner.write(0, at('10:09'), ...minutes.map((time) => windowOf('a', at(time), 2, samples(time))));
    const [opened] = runner.catchUp(at('10:09'));
    const [reminder] = runner.catchUp(at('14:09'));
    expect(opened?.samples.map(({ text }) => text)).toEqual(expect.arrayContaining(['10:05', '10:08']));
    expect(opened?.samples).toHaveLength(24);
    expect(opened?.samples.filter(({ text }) => text === '10:08')).toHaveLength(3);
    expect(reminder?.samples.filter(({ text }) => text === '10:05')).toHaveLength(3);
  });

  it('names the origins of the breached windows, highest first', () => {
    const report = reportOf(
      '10:06',
      windowOf('a', at('10:05'), 1),
      windowOf('b', at('10:05'), 3),
      windowOf('quiet', at('10:05'), 0),
      windowOf('c', at('10:04'), 1),
    );
    expect(report.origins).toEqual([
      { origin: 'b', count: 3 },
      { origin: 'a', count: 1 },
    ]);
  });
});
