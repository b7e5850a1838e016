import * as is from '../../../../src/config/fields';
import { breachedWindows } from '../../../../src/pipelines/level-alerts/alerting/breached-windows';
import { checkRules, createRule } from '../../../../src/pipelines/level-alerts/alerting/rules';
import type { RuleKind } from '../../../../src/pipelines/level-alerts/alerting/rule-kinds/rule-kind';
import { contentOf } from '../../../../src/pipelines/level-alerts/mail/content';
import { renderMail } from '../../../../src/pipelines/level-alerts/mail/render-mail';
import { thresholdRule } from '../../../support/rules';
import { at, clock, errorsRule, minute, Runner, windowOf } from './runner';

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

/** Breached by more than `percent` of all lines at the rule's level. */
const share: RuleKind<{ readonly percent: number }> = {
  name: 'share',
  schema: { percent: is.integer(0, 100) },
  evaluatedWhen: 'complete',
  evaluate: ({ percent }, { lines, records }) => {
    const value =
      (100 * lines) /
      Math.max(
        1,
        records().reduce((sum, record) => sum + record.lines, 0),
      );
    return { value, breached: value > percent };
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
    const runner = new Runner({ rules: [createRule(share, { percent: 50 }, errorsRule)] });
    const of = (errors: number, lines: number, watermark: number) =>
      windowOf('a', at('10:05'), errors, { counts: { info: lines - errors }, watermark });
    runner.write(0, at('10:05'), of(1, 1, at('10:05'))).catchUp(at('10:05'));
    runner.write(0, at('10:06'), of(1, 9, at('10:06'))).catchUp(at('10:06'));
    expect(runner.mails()).toEqual([]);
    runner.write(0, at('10:07'), of(9, 17, at('10:06')));
    expect(runner.catchUp(at('10:07'))).toMatchObject([{ transition: 'opened', worst: { count: (100 * 9) / 17 } }]);
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
