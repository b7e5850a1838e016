import * as is from '../../../../src/config/fields';
import { breachedWindows } from '../../../../src/pipelines/level-alerts/alerting/breached-windows';
import { checkRules, createRule, type Rule } from '../../../../src/pipelines/level-alerts/alerting/rules';
import { newPattern } from '../../../../src/pipelines/level-alerts/alerting/rule-kinds/new-pattern';
import { rate } from '../../../../src/pipelines/level-alerts/alerting/rule-kinds/rate';
import { share } from '../../../../src/pipelines/level-alerts/alerting/rule-kinds/share';
import type { RuleKind } from '../../../../src/pipelines/level-alerts/alerting/rule-kinds/rule-kind';
import type { WindowRecord } from '../../../../src/pipelines/level-alerts/counting/window-record';
import { contentOf } from '../../../../src/pipelines/level-alerts/mail/content';
import { renderMail } from '../../../../src/pipelines/level-alerts/mail/render-mail';
import { thresholdRule } from '../../../support/rules';
import { at, clock, errorsRule, hour, minute, Runner, windowOf } from './runner';

/**
 * A kind that reads records and earlier windows: breached by lines at its level from more than `limit` origins that were
 * silent before.
 */
const newcomers: RuleKind<{ readonly limit: number }> = {
  name: 'newcomers',
  schema: { limit: is.integer(0) },
  evaluatedWhen: 'revised',
  evaluate: ({ limit }, { level, start, records }) => {
    const known = new Set(records(start - 5 * minute, start).map(({ origin }) => origin));
    const value = records().filter(({ origin, counts }) => counts[level] > 0 && !known.has(origin)).length;
    return { value, breached: value > limit };
  },
  describe: ({ limit }, { value }) => ({
    worst: `errors on ${value} new hosts`,
    limit: `limit ${limit}`,
    condition: `errors on more than ${limit} new hosts`,
    change: 'raise the limit',
    yaml: [`limit: ${value}   # now ${limit}`],
  }),
};

describe('a rule kind', () => {
  const rules = [createRule(newcomers, { limit: 1 }, { ...errorsRule, name: 'new' })];
  const windows = [
    windowOf('old', at('10:02'), 1),
    windowOf('old', at('10:05'), 9),
    windowOf('a', at('10:05'), 1),
    windowOf('b', at('10:05'), 0),
    windowOf('b', at('10:06'), 1),
    windowOf('c', at('10:06'), 1),
    windowOf('d', at('10:07'), 7),
  ];

  it('evaluates a window from its records and from earlier ones', () => {
    expect(breachedWindows(windows, rules, minute)).toEqual([]);
    expect(breachedWindows([...windows, windowOf('e', at('10:06'), 1)], rules, minute)).toEqual([
      { rule: 'new', group: 'all', start: at('10:06') },
    ]);
  });

  it('opens an incident as soon as a revision breaches its rule, and has its words in the mail', () => {
    const runner = new Runner({ rules }).write(0, at('10:06'), ...windows);
    expect(runner.catchUp(at('10:06'))).toEqual([]);
    const [report] = runner.write(0, at('10:07'), windowOf('e', at('10:06'), 1)).catchUp(at('10:07'));
    expect(report).toMatchObject({ rule: { kind: 'newcomers', limit: 1 }, worst: { count: 2 } });
    expect(report?.chart.filter(({ breached }) => breached)).toHaveLength(1);
    if (report === undefined) return;
    const { subject, text } = renderMail(contentOf(report, { zone: 'UTC', redact: true, possibleRepeat: false }));
    expect(subject).toBe('[new] errors on 2 new hosts in 1 min on b and 2 others: boom');
    expect(text).toContain('Rule new: errors on more than 1 new hosts in 1 min, hosts **');
    expect(text).toContain('kind: "newcomers"\n        level: error\n        limit: 2   # now 1\n');
  });

  it('belongs to the definition of a rule', () => {
    const [kind, others] = checkRules([...rules, createRule(newcomers, { limit: 2 }, errorsRule)], minute);
    const [threshold] = checkRules([thresholdRule({ ...errorsRule, name: 'new' })], minute);
    expect(new Set([kind, others, threshold].map((rule) => rule?.definition)).size).toBe(3);
  });
});

const words = (value: number) => ({ worst: `${value}`, limit: '', condition: '', change: '', yaml: [] });

/** Breached by a window in which a group wrote no line. */
const silent: RuleKind = {
  name: 'silent',
  schema: {},
  evaluatedWhen: 'complete',
  evaluate: (_, { records }) => {
    const lines = records().reduce((sum, record) => sum + record.lines, 0);
    return { value: lines, breached: lines === 0 };
  },
  describe: (_, { value }) => words(value),
};

describe('a rule kind that is evaluated when windows are complete', () => {
  const silence = { rules: [createRule(silent, {}, { ...errorsRule, each: true })] };
  const said = (mails: ReturnType<Runner['mails']>): string[] =>
    mails.map(({ transition, group, from, to }) => `${transition} ${group} ${clock(from)}-${clock(to)}`);
  const line = (origin: string, time: string, changes = {}) =>
    windowOf(origin, at(time), 0, { counts: { info: 1 }, watermark: at(time) + minute, ...changes });

  it('reports windows without a record, whether lines or the time complete them', () => {
    const runner = new Runner(silence)
      .write(0, at('10:01'), line('a', '10:00'))
      .write(1, at('10:01'), line('b', '10:00'));
    expect(said(runner.catchUp(at('10:05')))).toEqual([]);
    runner.write(0, at('10:06'), line('a', '10:02'));
    expect(said(runner.catchUp(at('10:06')))).toEqual(['opened a 10:01-10:02']);
    runner.write(1, at('10:16'), line('b', '10:00', { idle: true, revision: 2 }));
    expect(said(runner.catchUp(at('10:16')))).toEqual(['opened b 10:01-10:16']);
  });

  it('evaluates each window once, wherever the job restarts', () => {
    const run = (restarts: boolean): string[] => {
      const runner = new Runner(silence).write(0, at('10:01'), line('a', '10:00', { idle: true }));
      for (let now = at('10:01'); now < at('16:00'); now += 13 * minute) {
        runner.catchUp(now);
        if (restarts) runner.restart();
      }
      runner.write(0, at('16:00'), line('a', '15:59', { idle: false }));
      runner.catchUp(at('16:00'));
      runner.write(0, at('16:15'), ...['16:00', '16:05', '16:14'].map((time) => line('a', time)));
      runner.catchUp(at('16:15'));
      return said(runner.mails());
    };
    expect(run(true)).toEqual(run(false));
    expect(run(false)).toEqual(expect.arrayContaining(['opened a 10:01-10:02', 'reminder a 10:01-14:02']));
  });

  it('uses the last revision of a window, also when it comes after the window was complete', () => {
    const runner = new Runner({ rules: [createRule(share, { percent: 50, minLines: 1 }, errorsRule)] });
    const of = (errors: number, lines: number, watermark: number) =>
      windowOf('a', at('10:05'), errors, { counts: { info: lines - errors }, watermark });
    runner.write(0, at('10:05'), of(1, 1, at('10:05'))).catchUp(at('10:05'));
    runner.write(0, at('10:06'), of(1, 9, at('10:06'))).catchUp(at('10:06'));
    expect(runner.mails()).toEqual([]);
    runner.write(0, at('10:07'), of(9, 17, at('10:06')));
    expect(runner.catchUp(at('10:07'))).toMatchObject([{ transition: 'opened', worst: { count: 52.9 } }]);
  });
});

const breachesOf = (rule: Rule, ...windows: readonly WindowRecord[]): string[] =>
  breachedWindows(windows, [rule], minute).map(({ group, start }) => `${group} ${clock(start)}`);

describe('share', () => {
  const of = (errors: number, others: number, origin = 'a') =>
    windowOf(origin, at('10:05'), errors, { counts: { info: others } });

  it.each<[string, WindowRecord[], boolean]>([
    ['more than the percentage', [of(11, 189)], true],
    ['exactly the percentage', [of(10, 190)], false],
    ['the percentage of all hosts together', [of(10, 90), of(1, 99, 'b')], true],
    ['less than the percentage of all hosts together', [of(10, 90), of(0, 101, 'b')], false],
    ['minLines records', [of(100, 0)], true],
    ['fewer than minLines records', [of(99, 0)], false],
    ['no record', [of(0, 0)], false],
  ])('compares lines with all records: %s', (_, windows, expected) => {
    const rule = createRule(share, { percent: 5, minLines: 100 }, errorsRule);
    expect(breachesOf(rule, ...windows)).toEqual(expected ? ['all 10:05'] : []);
  });

  it('has the value 0 for a window without a record', () => {
    const empty = { start: 0, end: minute, level: 'error', lines: 0, all: 0, newLines: () => 0 } as const;
    const window = { ...empty, records: () => [], linesBefore: () => null };
    expect(share.evaluate({ percent: 5, minLines: 1 }, window)).toEqual({ value: 0, breached: false });
  });

  it('does not count continuation lines as records', () => {
    const rule = createRule(share, { percent: 50, minLines: 1 }, errorsRule);
    expect(breachesOf(rule, windowOf('a', at('10:05'), 2, { counts: { none: 1 }, continuation: 9 }))).toHaveLength(1);
    expect(breachesOf(rule, windowOf('a', at('10:05'), 2, { counts: { none: 2 } }))).toHaveLength(0);
  });

  it('has words with which its worst window would not have been a breach', () => {
    expect(share.describe({ percent: 5, minLines: 100 }, { level: 'warn', value: 5.1 })).toEqual({
      worst: '5.1 % warn lines',
      limit: 'threshold 5 %',
      condition: 'more than 5 % warn lines of at least 100',
      change: 'raise the percentage',
      yaml: ['percent: 6   # now 5', 'minLines: 100'],
    });
  });
});

describe('rate', () => {
  const daysBefore = (days: number, errors: number, time = '10:05') =>
    windowOf('a', at(time) - days * 24 * hour, errors, { counts: { info: 1 } });
  const rule = (changes = {}, base = {}) =>
    createRule(rate, { factor: 3, days: 3, minLines: 10, ...changes }, { ...errorsRule, ...base });

  it.each<[string, WindowRecord[], boolean]>([
    [
      'more than factor times the median',
      [daysBefore(3, 4), daysBefore(2, 90), daysBefore(1, 5), daysBefore(0, 16)],
      true,
    ],
    ['factor times the median', [daysBefore(3, 4), daysBefore(2, 90), daysBefore(1, 5), daysBefore(0, 15)], false],
    ['the mean of two days in the middle', [daysBefore(2, 4), daysBefore(1, 5), daysBefore(0, 14)], true],
    ['not more than that mean', [daysBefore(2, 4), daysBefore(1, 5), daysBefore(0, 13)], false],
    ['a day without a line as 0 lines', [daysBefore(3, 0), daysBefore(0, 10)], true],
    ['fewer than minLines', [daysBefore(3, 0), daysBefore(0, 9)], false],
    ['less than half of the days known', [daysBefore(1, 1), daysBefore(0, 99)], false],
  ])('compares with the same time of the days before: %s', (_, windows, expected) => {
    expect(breachesOf(rule(), ...windows)).toEqual(expected ? ['all 10:05'] : []);
  });

  it('compares sliding windows of its length', () => {
    const before = [daysBefore(1, 6, '10:02'), daysBefore(1, 6, '10:04')];
    const slow = rule({ days: 1 }, { windowMs: 5 * minute });
    expect(breachesOf(slow, ...before, daysBefore(0, 36, '10:05'))).toEqual([]);
    expect(breachesOf(slow, ...before, daysBefore(0, 36, '10:07'))).toEqual(['all 10:03']);
  });

  it('has the multiple of the median as its value, of at least one line', () => {
    const valueOf = (lines: number, ...before: (number | null)[]): number | undefined =>
      rate.evaluate(
        { factor: 3, days: before.length, minLines: 1 },
        {
          ...{ start: 0, end: minute, level: 'error', lines, all: lines, newLines: () => 0, records: () => [] },
          linesBefore: (ms) => before[ms / (24 * hour) - 1] ?? null,
        },
      ).value;
    expect([valueOf(25, 10), valueOf(7, 0), valueOf(25, 10, 20), valueOf(9, null)]).toEqual([2.5, 7, 1.7, 0]);
    expect([valueOf(8, 4, null), valueOf(8, 4, null, null)]).toEqual([2, 0]);
  });

  it('needs windows as old as its days, and has words', () => {
    expect(rate.neededMs?.({ factor: 3, days: 2, minLines: 10 }, minute)).toBe(48 * hour + minute);
    const words = rate.describe({ factor: 3, days: 1, minLines: 10 }, { level: 'error', value: 4.2 });
    expect(words).toEqual({
      worst: '4.2 times the usual error lines',
      limit: 'threshold 3 times',
      condition: 'at least 10 errors and more than 3 times as many as at this time of the day before',
      change: 'raise the factor',
      yaml: ['factor: 5   # now 3', 'days: 1', 'minLines: 10'],
    });
    expect(rate.describe({ factor: 3, days: 7, minLines: 10 }, { level: 'error', value: 4 }).condition).toContain(
      'on the 7 days before (median)',
    );
  });
});

describe('new-pattern', () => {
  const of = (time: string, pattern: string, changes = {}, origin = 'a') =>
    windowOf(origin, at(time), 2, { patterns: [{ pattern, count: 2 }], ...changes });
  const rule = (base = {}, threshold = 0) => createRule(newPattern, { threshold }, { ...errorsRule, ...base });

  it('is breached by a pattern that no earlier window has, and not by those of the first window', () => {
    expect(breachesOf(rule(), of('10:01', 'boom'), of('10:02', 'boom'))).toEqual([]);
    expect(breachesOf(rule(), of('10:01', 'boom'), of('10:02', 'bang'), of('10:03', 'bang'))).toEqual(['all 10:02']);
    expect(breachesOf(rule({}, 2), of('10:01', 'boom'), of('10:02', 'bang'))).toEqual([]);
    expect(breachesOf(rule({}, 1), of('10:01', 'boom'), of('10:02', 'bang'))).toEqual(['all 10:02']);
  });

  it('knows the patterns of the group and of the level of the rule', () => {
    const windows = [of('10:01', 'boom'), of('10:01', 'bang', {}, 'b'), of('10:02', 'bang')];
    expect(breachesOf(rule(), ...windows)).toEqual([]);
    expect(breachesOf(rule({ each: true }), ...windows)).toEqual(['a 10:02']);
    const warn = (time: string, pattern: string) =>
      windowOf('a', at(time), 0, {
        levels: { warn: { patterns: [{ pattern, count: 1 }], otherPatterns: 0, samples: [] } },
      });
    expect(
      breachesOf(rule({ level: 'warn' }), of('10:00', 'bang'), warn('10:01', 'boom'), warn('10:02', 'bang')),
    ).toEqual(['all 10:01', 'all 10:02']);
  });

  it('mails when the window is complete, and again finds nothing after a restart', () => {
    const runner = new Runner({ rules: [rule()] }).write(0, at('10:03'), of('10:01', 'boom'));
    runner.write(0, at('10:03'), of('10:02', 'bang', { watermark: at('10:02') }));
    expect(runner.catchUp(at('10:03'))).toEqual([]);
    const [report] = runner.write(0, at('10:04'), of('10:03', 'boom')).catchUp(at('10:04'));
    expect(report).toMatchObject({
      transition: 'opened',
      worst: { count: 2 },
      from: new Date(at('10:02')).toISOString(),
    });
    expect(report?.rule.words.worst).toBe('2 errors of a new kind');
    runner.restart().write(0, at('10:05'), of('10:04', 'bang')).catchUp(at('10:05'));
    expect(runner.incidents()).toEqual([{ rule: 'errors', group: 'all', breaches: ['10:02'] }]);
  });

  it('has words', () => {
    expect(newPattern.describe({ threshold: 1 }, { level: 'warn', value: 3 })).toEqual({
      worst: '3 warnings of a new kind',
      limit: 'threshold 1',
      condition: 'more than 1 warning of a kind that was not seen before',
      change: 'raise the threshold',
      yaml: ['threshold: 3   # now 1'],
    });
  });

  it('forgets the patterns of windows that are evicted', () => {
    const runner = new Runner({ rules: [rule()], keepWindowsMs: hour }).write(
      0,
      at('10:02'),
      of('10:00', 'boom'),
      of('10:01', 'bang'),
    );
    runner.catchUp(at('10:02'));
    runner.write(0, at('10:30'), of('10:29', 'boom')).catchUp(at('10:30'));
    runner.write(0, at('11:20'), of('11:19', 'bang')).catchUp(at('11:20'));
    const opened = runner.mails().filter(({ transition }) => transition === 'opened');
    expect(opened.map(({ from }) => clock(from))).toEqual(['10:01', '11:19']);
  });
});

describe('threshold', () => {
  it.each([
    { lines: 1, breached: false },
    { lines: 2, breached: true },
  ])('is breached when a window has more lines than the threshold: $lines', ({ lines, breached }) => {
    const windows = [windowOf('a', at('10:05'), lines)];
    expect(breachedWindows(windows, [thresholdRule(errorsRule)], minute)).toHaveLength(breached ? 1 : 0);
  });

  it('gives rules the definition that earlier versions have stored', () => {
    expect(checkRules([thresholdRule(errorsRule)], minute)).toMatchObject([{ definition: 'a4554a0b2ef62719' }]);
  });
});
