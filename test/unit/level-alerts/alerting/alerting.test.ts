import { createAlerting } from '../../../../src/pipelines/level-alerts/alerting/alerting';
import { overFinalWindows } from '../../../../src/pipelines/level-alerts/alerting/final-windows';
import type { MailReport } from '../../../../src/pipelines/level-alerts/alerting/mail-report';
import { checkRules } from '../../../../src/pipelines/level-alerts/alerting/rules';
import { thresholdRule } from '../../../support/rules';
import { at, clock, defaults, errorsRule, hour, iso, minute, Runner, windowOf } from './runner';

/** `opened 10:05-10:06` */
function said(mails: readonly MailReport[]): string[] {
  return mails.map(({ transition, from, to }) => `${transition} ${clock(from)}-${clock(to)}`);
}

/** Two origins in two partitions whose watermarks stand where `time` says. */
function quietUntil(runner: Runner, time: string, now = at(time)): MailReport[] {
  const start = at(time) - minute;
  return runner
    .write(0, now, windowOf('a', start, 0))
    .write(1, now, windowOf('b', start, 0))
    .catchUp(now);
}

describe('a breach', () => {
  it.each([
    { errors: 1, mails: [] },
    { errors: 2, mails: ['opened 10:05-10:06'] },
  ])('exists when one window has more errors than the threshold: $errors', ({ errors, mails }) => {
    const runner = new Runner().write(0, at('10:06'), windowOf('a', at('10:05'), errors));
    expect(said(runner.catchUp(at('10:06')))).toEqual(mails);
  });

  it('exists as soon as a revision passes the threshold, before the window is complete', () => {
    const runner = new Runner();
    const early = windowOf('a', at('10:05'), 2, { complete: false, watermark: at('10:05') });
    expect(said(runner.write(0, at('10:05'), early).catchUp(at('10:05')))).toEqual(['opened 10:05-10:06']);
  });

  it('sums over origins and partitions when the rule says all together', () => {
    const runner = new Runner()
      .write(0, at('10:06'), windowOf('a', at('10:05'), 1))
      .write(1, at('10:06'), windowOf('b', at('10:05'), 1));
    const [mail] = runner.catchUp(at('10:06'));
    expect(mail).toMatchObject({ group: 'all', totals: { error: 2 }, worst: { count: 2 } });
    expect(mail?.origins).toEqual([
      { origin: 'a', count: 1 },
      { origin: 'b', count: 1 },
    ]);
  });

  it('counts each origin by itself when the rule says so, and only those that match its glob', () => {
    const runner = new Runner({
      rules: [
        thresholdRule({
          name: 'pay',
          level: 'warn',
          threshold: 2,
          windowMs: minute,
          origins: 'pay-*',
          each: true,
          severity: 'error',
        }),
      ],
    });
    const warn = (origin: string, n: number) => windowOf(origin, at('10:05'), 0, { counts: { warn: n } });
    runner.write(0, at('10:06'), warn('pay-1', 3), warn('pay-2', 2), warn('shop-1', 9));
    expect(runner.catchUp(at('10:06')).map(({ group, totals }) => [group, totals.warn])).toEqual([['pay-1', 3]]);
  });

  describe('of a rule with a longer window than counting', () => {
    const slow = thresholdRule({ ...errorsRule, name: 'slow', threshold: 5, windowMs: 5 * minute });

    it('is found in any five minutes, from one window of counting to the next', () => {
      const runner = new Runner({ rules: [slow] });
      runner.write(0, at('10:06'), windowOf('a', at('10:04'), 3), windowOf('a', at('10:09'), 3));
      expect(said(runner.catchUp(at('10:06')))).toEqual([]);
      runner.write(0, at('10:10'), windowOf('a', at('10:08'), 3));
      expect(said(runner.catchUp(at('10:10')))).toEqual(['opened 10:04-10:10']);
    });

    it('is one for a burst, however many windows hold it, and counts each line once', () => {
      const runner = new Runner({ rules: [slow] });
      runner.write(0, at('10:06'), windowOf('a', at('10:04'), 5), windowOf('a', at('10:05'), 5));
      const [report, ...others] = runner.catchUp(at('10:06'));
      expect(others).toEqual([]);
      expect(report).toMatchObject({
        from: iso('10:01'),
        to: iso('10:06'),
        totals: { error: 10 },
        worst: { count: 10 },
      });
      expect(report?.breaches).toHaveLength(1);
    });

    it('shows windows that do not overlap, the worst among them, and sums all of its lines', () => {
      const runner = new Runner({ rules: [slow] });
      const burst = (time: string, errors: number) => windowOf('a', at(time), errors);
      runner.write(0, at('10:20'), ...['10:04', '10:06', '10:09', '10:12', '10:14'].map((time) => burst(time, 4)));
      runner.write(0, at('10:20'), burst('10:10', 9), burst('10:19', 8));
      const [report] = runner.catchUp(at('10:20'));
      expect(report).toMatchObject({ totals: { error: 37 }, worst: { windowStart: iso('10:06'), count: 17 } });
      expect(report?.breaches.map(({ windowStart, count }) => `${clock(windowStart)} ${count}`)).toEqual([
        '10:06 17',
        '10:15 8',
      ]);
      expect(report?.chart.map(({ windowStart, error }) => `${clock(windowStart)} ${error}`)).toEqual([
        '10:00 4',
        '10:05 8',
        '10:10 17',
        '10:15 8',
      ]);
    });

    it('resolves when every window that starts within resolveAfter is complete and held no breach', () => {
      const runner = new Runner({ rules: [slow] });
      runner.write(0, at('10:06'), windowOf('a', at('10:05'), 6)).catchUp(at('10:06'));
      const quiet = (time: string) => windowOf('a', at(time) - minute, 0);
      expect(said(runner.write(0, at('10:19'), quiet('10:19')).catchUp(at('10:19')))).toEqual([]);
      expect(said(runner.write(0, at('10:20'), quiet('10:20')).catchUp(at('10:20')))).toEqual(['resolved 10:01-10:06']);
    });

    it('continues with the aligned windows of the version before', () => {
      const runner = new Runner({ rules: [slow] });
      runner.write(0, at('10:06'), windowOf('a', at('10:05'), 6)).catchUp(at('10:06'));
      const records = runner.stateRecords().map((record) => {
        const { slide, ...written } = JSON.parse(String(record.value)) as { slide: number; mailed: object };
        expect(slide).toBe(minute);
        const before = { ...written, mailed: { ...written.mailed, told: undefined } };
        const aligned = { runs: [[at('10:00'), 2]], from: at('10:00'), to: at('10:10') };
        return { ...record, value: Buffer.from(JSON.stringify({ ...before, ...aligned })) };
      });
      const next = runner.restartAs({ rules: [slow] }, { head: runner.committedHead(), records });
      expect(next.incidents()).toEqual([{ rule: 'slow', group: 'all', breaches: ['10:00', '10:05'] }]);
      expect(said(next.write(0, at('10:11'), windowOf('a', at('10:10'), 6)).catchUp(at('10:11')))).toEqual([]);
      expect(next.incidents()).toEqual([{ rule: 'slow', group: 'all', breaches: ['10:00', '10:05', '10:06'] }]);
    });
  });

  describe('of a rule with `for: 3`', () => {
    const lasting = thresholdRule({ ...errorsRule, inARow: 3 });
    const breachAt = (...times: string[]) => times.map((time) => windowOf('a', at(time), 2));

    it('is found when the third window in a row breaches it, and begins with the first', () => {
      const runner = new Runner({ rules: [lasting] });
      runner.write(0, at('10:09'), ...breachAt('10:01', '10:02', '10:04', '10:05', '10:07'));
      expect(said(runner.catchUp(at('10:09')))).toEqual([]);
      runner.write(0, at('10:10'), ...breachAt('10:06'));
      expect(said(runner.catchUp(at('10:10')))).toEqual(['opened 10:04-10:08']);
    });

    it('is in the definition of the rule', () => {
      const definitions = [1, 2, 3].map((inARow) => {
        return checkRules([thresholdRule({ ...errorsRule, inARow })], minute)[0]?.definition;
      });
      expect(new Set([...definitions, checkRules([thresholdRule(errorsRule)], minute)[0]?.definition]).size).toBe(3);
    });

    it('counts rows of sliding windows one after the other', () => {
      const rule = thresholdRule({ ...errorsRule, windowMs: 5 * minute, inARow: 2, threshold: 3 });
      const runner = new Runner({ rules: [rule] });
      // A burst over the edge between two windows is not two windows in a row.
      runner.write(0, at('10:12'), windowOf('a', at('10:04'), 4), windowOf('a', at('10:05'), 4));
      expect(said(runner.catchUp(at('10:12')))).toEqual([]);
      runner.write(0, at('10:12'), windowOf('a', at('10:11'), 4));
      expect(said(runner.catchUp(at('10:12')))).toEqual(['opened 10:02-10:12']);
    });
  });

  it('counts only the latest revision of a window', () => {
    const runner = new Runner().write(0, at('10:06'), windowOf('a', at('10:05'), 1), windowOf('a', at('10:05'), 1));
    expect(said(runner.catchUp(at('10:06')))).toEqual([]);
  });

  it('stays a breach when a later revision has fewer lines', () => {
    const runner = new Runner().write(0, at('10:06'), windowOf('a', at('10:05'), 2), windowOf('a', at('10:05'), 1));
    expect(said(runner.catchUp(at('10:06')))).toEqual(['opened 10:05-10:06']);
  });

  it('is evaluated once when a revision adds lines to a breached window', () => {
    const runner = new Runner().write(0, at('10:06'), windowOf('a', at('10:05'), 2));
    runner.catchUp(at('10:06'));
    runner.write(0, at('10:07'), windowOf('a', at('10:05'), 5, { revision: 2 }));
    expect(said(runner.catchUp(at('10:07')))).toEqual([]);
    expect(runner.incidents()).toEqual([{ rule: 'errors', group: 'all', breaches: ['10:05'] }]);
  });
});

describe('an incident', () => {
  it('is resolved when complete windows of every origin of its group cover resolveAfter without a breach', () => {
    const runner = new Runner();
    runner.write(0, at('10:06'), windowOf('a', at('10:05'), 2)).write(1, at('10:06'), windowOf('b', at('10:05'), 0));
    expect(said(runner.catchUp(at('10:06')))).toEqual(['opened 10:05-10:06']);
    expect(said(quietUntil(runner, '10:15'))).toEqual([]);
    runner.write(0, at('10:20'), windowOf('a', at('10:19'), 0));
    expect(said(runner.catchUp(at('10:20')))).toEqual([]);
    expect(said(quietUntil(runner, '10:16', at('10:21')))).toEqual(['resolved 10:05-10:06']);
    expect(said(quietUntil(runner, '10:50'))).toEqual([]);
  });

  it('does not wait for an origin that is idle', () => {
    const runner = new Runner();
    runner.write(0, at('10:06'), windowOf('a', at('10:05'), 2)).write(1, at('10:06'), windowOf('b', at('10:05'), 0));
    runner.catchUp(at('10:06'));
    runner.write(0, at('10:16'), windowOf('a', at('10:15'), 0));
    expect(said(runner.catchUp(at('10:16')))).toEqual([]);
    runner.write(1, at('10:21'), windowOf('b', at('10:05'), 0, { idle: true, revision: 2 }));
    expect(said(runner.catchUp(at('10:21')))).toEqual(['resolved 10:05-10:06']);
  });

  it.each([
    { next: '11:05', incidents: [['10:05', '11:05']] },
    { next: '11:06', incidents: [['10:05'], ['11:06']] },
  ])('gets a breach that is less than six times resolveAfter from its span: $next', ({ next, incidents }) => {
    const runner = new Runner().write(0, at('11:30'), windowOf('a', at('10:05'), 2), windowOf('a', at(next), 2));
    runner.catchUp(at('11:30'));
    expect(runner.incidents().map(({ breaches }) => breaches)).toEqual(incidents);
  });

  it('is merged with another one by a breach between them, under the id of the one that opened first', () => {
    const runner = new Runner();
    runner.write(0, at('12:30'), windowOf('a', at('12:20'), 2)).catchUp(at('12:30'));
    runner.write(0, at('12:31'), windowOf('a', at('11:10'), 2)).catchUp(at('12:31'));
    expect(runner.incidents().map(({ breaches }) => breaches)).toEqual([['11:10'], ['12:20']]);
    const [older, younger] = runner.mails().map(({ incident }) => incident);
    runner.write(0, at('12:32'), windowOf('a', at('11:40'), 2));
    const merged = runner.catchUp(at('12:32'));
    expect(merged).toMatchObject([{ transition: 'merged', incident: younger, mergedInto: older, from: iso('11:10') }]);
    expect(runner.incidents()).toEqual([{ rule: 'errors', group: 'all', breaches: ['11:10', '11:40', '12:20'] }]);
    const grown = runner.restart().catchUp(at('12:40'));
    expect(said(grown)).toEqual(['grown 11:10-12:21']);
    expect(grown).toMatchObject([{ incident: older, before: { lines: 2, from: iso('12:20'), to: iso('12:21') } }]);
    expect(said(runner.restart().catchUp(at('12:50')))).toEqual([]);
  });

  it('is mailed once, as over, when it is over before its first mail is due', () => {
    const runner = new Runner();
    runner.write(0, at('10:30'), windowOf('a', at('10:05'), 2), windowOf('a', at('10:29'), 0));
    expect(said(runner.catchUp(at('10:30')))).toEqual(['over 10:05-10:06']);
    expect(said(runner.catchUp(at('11:30')))).toEqual([]);
  });

  it('waits for groupWait before its first mail', () => {
    const runner = new Runner({ groupWaitMs: 30_000 }).write(0, at('10:06'), windowOf('a', at('10:05'), 2));
    expect(said(runner.catchUp(at('10:06') + 29_999))).toEqual([]);
    expect(said(runner.catchUp(at('10:06') + 30_000))).toEqual(['opened 10:05-10:06']);
  });

  it('reminds after repeatInterval, then after twice as long, while it lasts', () => {
    const runner = new Runner({ repeatIntervalMs: hour }).write(0, at('10:00'), windowOf('a', at('09:59'), 2));
    const mails = ['10:00', '10:59', '11:00', '12:59', '13:00', '16:59', '17:00'].map((time) => [
      time,
      ...said(runner.catchUp(at(time))),
    ]);
    expect(mails.filter((line) => line.length > 1)).toEqual([
      ['10:00', 'opened 09:59-10:00'],
      ['11:00', 'reminder 09:59-10:00'],
      ['13:00', 'reminder 09:59-10:00'],
      ['17:00', 'reminder 09:59-10:00'],
    ]);
  });

  // A consumer that was down for hours must not send one mail for each reminder that it missed.
  it('reminds once when a tick comes long after several reminders were due', () => {
    const runner = new Runner({ repeatIntervalMs: hour }).write(0, at('10:00'), windowOf('a', at('09:59'), 2));
    runner.catchUp(at('10:00'));
    const mails = runner.catchUp(at('16:59'));
    expect(mails.map((mail) => `${clock(mail.decidedAt)} ${said([mail]).join('')}`)).toEqual([
      '16:59 reminder 09:59-10:00',
    ]);
    expect(said(runner.catchUp(at('18:58')))).toEqual([]);
    expect(said(runner.catchUp(at('18:59')))).toEqual(['reminder 09:59-10:00']);
  });

  it('mails a new pattern at once when it is in a breached window', () => {
    const runner = new Runner().write(0, at('10:06'), windowOf('a', at('10:05'), 2));
    runner.catchUp(at('10:06'));
    const other = [{ pattern: 'other', count: 1 }];
    runner.write(0, at('10:07'), windowOf('a', at('10:06'), 1, { patterns: other }));
    expect(said(runner.catchUp(at('10:07')))).toEqual([]);
    runner.write(0, at('10:08'), windowOf('a', at('10:07'), 2, { patterns: other }));
    expect(said(runner.catchUp(at('10:08')))).toEqual(['new-pattern 10:05-10:08']);
    runner.write(0, at('10:09'), windowOf('a', at('10:08'), 2, { patterns: other }));
    expect(said(runner.catchUp(at('10:09')))).toEqual([]);
  });

  it('mails further new patterns after growing pauses, and misses none', () => {
    const runner = new Runner({ repeatIntervalMs: 40 * hour }).write(0, at('10:06'), windowOf('a', at('10:05'), 2));
    runner.catchUp(at('10:06'));
    const mails: string[] = [];
    for (let minute = 6; minute < 50; minute++) {
      const [start, end] = [at('10:00') + minute * 60_000, at('10:00') + (minute + 1) * 60_000];
      const patterns = [{ pattern: `one of a kind ${String.fromCharCode(65 + minute)}`, count: 2 }];
      runner.write(0, end, windowOf('a', start, 2, { patterns }));
      mails.push(...said(runner.catchUp(end)));
    }
    expect(mails).toEqual([
      'new-pattern 10:05-10:07',
      'new-pattern 10:05-10:12',
      'new-pattern 10:05-10:22',
      'new-pattern 10:05-10:42',
    ]);
  });

  it('opens again at once when it continues after it was resolved, and is resolved again under another id', () => {
    const runner = new Runner();
    runner.write(0, at('10:06'), windowOf('a', at('10:05'), 2)).catchUp(at('10:06'));
    quietUntil(runner, '10:20');
    runner.write(0, at('10:21'), windowOf('a', at('10:14'), 2), windowOf('a', at('10:20'), 2));
    expect(said(runner.catchUp(at('10:21')))).toEqual(['reopened 10:05-10:21']);
    expect(said(quietUntil(runner, '10:40'))).toEqual(['resolved 10:05-10:21']);
    expect(new Set(runner.mails().map(({ id }) => id)).size).toBe(4);
  });

  it('reports a breach inside its span when it is closed', () => {
    const runner = new Runner();
    runner.write(0, at('10:06'), windowOf('a', at('10:05'), 2), windowOf('a', at('10:08'), 2)).catchUp(at('10:09'));
    quietUntil(runner, '10:30');
    runner.write(1, at('10:31'), windowOf('b', at('10:06'), 9));
    expect(said(runner.catchUp(at('10:31')))).toEqual(['grown 10:05-10:09']);
    expect(runner.incidents()).toEqual([{ rule: 'errors', group: 'all', breaches: ['10:05', '10:06', '10:08'] }]);
  });

  it('reports growth that came at the moment of a mail, after the pause', () => {
    const runner = new Runner({ repeatIntervalMs: hour });
    runner.write(0, at('10:30'), windowOf('a', at('10:05'), 2), windowOf('a', at('10:20'), 0));
    expect(said(runner.catchUp(at('10:30')))).toEqual(['over 10:05-10:06']);
    const grows = (errors: number): string[] => {
      runner.write(0, at('10:31'), windowOf('a', at('10:05'), errors));
      return said(runner.catchUp(at('10:31')));
    };
    expect([grows(3), grows(4)]).toEqual([['grown 10:05-10:06'], []]);
    expect(said(runner.restart().catchUp(at('10:41') - 1))).toEqual([]);
    expect(runner.catchUp(at('10:41'))).toMatchObject([{ transition: 'grown', isOver: true, totals: { error: 4 } }]);
  });

  it('reports growth of a window that overlaps the one that was revised', () => {
    const rules = [thresholdRule({ ...errorsRule, threshold: 4, windowMs: 5 * minute })];
    const runner = new Runner({ rules });
    runner.write(
      0,
      at('11:30'),
      windowOf('a', at('10:05'), 5),
      windowOf('a', at('10:06'), 1),
      windowOf('a', at('11:20'), 0),
    );
    expect(runner.catchUp(at('11:30'))).toMatchObject([{ transition: 'over', worst: { count: 6 } }]);
    runner.write(0, at('11:31'), windowOf('a', at('10:05'), 6));
    expect(runner.catchUp(at('11:31'))).toMatchObject([{ transition: 'grown', worst: { count: 7 } }]);
  });

  it('is evicted when it is closed and keepWindows has passed', () => {
    const runner = new Runner({ keepWindowsMs: hour });
    runner.write(0, at('10:06'), windowOf('a', at('10:05'), 2)).catchUp(at('10:06'));
    quietUntil(runner, '10:30');
    runner.catchUp(at('11:06') - 1);
    expect(runner.incidents()).toHaveLength(1);
    runner.catchUp(at('11:06'));
    expect(runner.incidents()).toEqual([]);
  });
});

describe('a digest', () => {
  it('comes when the backlog is read, about an incident whose breaches were old on arrival and that is not over', () => {
    const runner = new Runner().write(0, at('18:00'), windowOf('a', at('10:05'), 2)).foldAll();
    expect(said(runner.flush())).toEqual([]);
    const [digest, ...others] = runner.tick(at('18:00')).flush();
    expect(others).toEqual([]);
    expect(digest).toMatchObject({ transition: 'digest', totals: { error: 2 }, group: 'all' });
    expect(said(quietUntil(runner, '18:30'))).toEqual([]);
  });

  it.each([
    { arrived: at('16:06'), transition: 'opened' },
    { arrived: at('16:06') + 1, transition: 'digest' },
  ])('covers windows that ended more than digestAfter before they arrived: $transition', ({ arrived, transition }) => {
    const runner = new Runner().write(0, arrived, windowOf('a', at('10:05'), 2));
    expect(runner.catchUp(arrived)).toMatchObject([{ transition }]);
  });
});

describe('a clock that is wrong', () => {
  const day = 24 * hour;
  const options = { groupWaitMs: 5 * minute };

  it.each([400 * day, 3 * hour, -20_000 * day])('changes no mail while it is off by %d ms for a moment', (off) => {
    const runs = [true, false].map((isWrong) => {
      const runner = new Runner(options).write(0, at('10:06'), windowOf('a', at('10:05'), 2)).foldAll();
      const mails = runner.flush();
      for (let second = 0; isWrong && second < 599; second++) {
        mails.push(...runner.tickOnce(at('10:06') + off + second * 1_000).flush());
      }
      mails.push(...runner.tickOnce(at('10:10')).flush(), ...runner.tick(at('10:11')).flush());
      runner.write(0, at('10:12'), windowOf('a', at('10:11'), 3));
      return [...mails, ...runner.catchUp(at('10:12')), ...quietUntil(runner, '10:40')];
    });
    expect(runs[0]).toEqual(runs[1]);
    expect(said(runs[0] ?? [])).toEqual(['opened 10:05-10:06', 'resolved 10:05-10:12']);
  });

  it.each(['at once', 'after a restart'])('mails again ten minutes after it was set back: %s', (when) => {
    const runner = new Runner(options).write(0, at('10:06'), windowOf('a', at('10:05'), 2));
    // Windows that were written while the clock was wrong, one of a time that has not come.
    runner.write(0, at('10:07') + 400 * day, windowOf('a', at('10:07'), 2));
    runner.write(1, at('10:07') + 400 * day, windowOf('b', at('10:07') + 400 * day, 2));
    runner.catchUp(at('10:08') + 400 * day);
    runner.catchUp(at('10:20') + 400 * day);
    runner.tickOnce(at('10:30')).tickOnce(at('10:40')).flush();
    if (when === 'after a restart') runner.restart();
    runner.write(0, at('12:06'), windowOf('a', at('12:05'), 2));
    expect(said(runner.catchUp(at('12:06')))).toEqual(['resolved 10:05-10:08']);
    expect(said(runner.catchUp(at('12:11')))).toEqual(['opened 12:05-12:06']);
    expect(said(runner.catchUp(at('12:20')))).toEqual([]);
  });
});

describe('a restart', () => {
  it('mails nothing again and continues at its position', () => {
    const runner = new Runner({ repeatIntervalMs: hour });
    runner.write(0, at('10:06'), windowOf('a', at('10:05'), 2)).catchUp(at('10:06'));
    expect(said(runner.restart().catchUp(at('10:07')))).toEqual([]);
    runner.write(0, at('10:08'), windowOf('a', at('10:05'), 4, { revision: 2 }), windowOf('a', at('10:06'), 2));
    expect(said(runner.restart().catchUp(at('10:08')))).toEqual([]);
    expect(said(runner.restart().catchUp(at('11:06')))).toEqual(['grown 10:05-10:07']);
    expect(runner.mails().at(-1)?.totals.error).toBe(6);
  });

  it('decides uncommitted mails again under the same ids', () => {
    const input = (): Runner => new Runner().write(0, at('10:06'), windowOf('a', at('10:05'), 2));
    const crashed = input().foldAll().tick(at('10:06')).restart();
    expect(crashed.catchUp(at('10:09')).map(({ id }) => id)).toEqual(
      input()
        .catchUp(at('10:06'))
        .map(({ id }) => id),
    );
  });

  it('restores each partition from the lowest offset that holds the last revision of a window still kept', () => {
    const runner = new Runner({ keepWindowsMs: hour });
    runner.write(0, at('10:00'), windowOf('a', at('09:58'), 0), windowOf('a', at('09:59'), 0));
    runner.write(0, at('11:00'), windowOf('a', at('09:59'), 0, { revision: 2 }), windowOf('a', at('10:59'), 0));
    runner.catchUp(at('11:00'));
    const state = runner.job.open(runner.committedHead());
    expect(runner.job.restoreRanges(state)).toEqual([
      { topic: 'alerting-state', from: 0 },
      { topic: 'windows', partition: 0, from: 2 },
    ]);
  });

  it('evaluates records after its position only when it folds them', () => {
    const runner = new Runner().write(0, at('10:06'), windowOf('a', at('10:05'), 1));
    runner.catchUp(at('10:06'));
    runner.write(0, at('10:10'), windowOf('a', at('10:05'), 2)).write(1, at('10:10'), windowOf('b', at('10:05'), 0));
    expect(said(runner.restart().fold(1).flush())).toEqual([]);
    expect(said(runner.fold(0).flush())).toEqual(['opened 10:05-10:06']);
  });

  it('keeps evicted windows evicted', () => {
    const runner = new Runner({
      keepWindowsMs: hour,
      rules: [thresholdRule({ ...errorsRule, threshold: 3 })],
    });
    runner.write(0, at('10:00'), windowOf('a', at('09:59'), 0), windowOf('a', at('09:58'), 2));
    runner.write(0, at('10:30'), windowOf('a', at('09:59'), 0, { revision: 2 })).catchUp(at('11:00'));
    runner.write(0, at('11:01'), windowOf('b', at('09:58'), 2));
    expect(said(runner.restart().catchUp(at('11:01')))).toEqual([]);
  });

  it('takes over no incident of a rule that was changed, and removes its record', () => {
    const runner = new Runner().write(0, at('10:06'), windowOf('a', at('10:05'), 2));
    runner.catchUp(at('10:06'));
    const changed = runner.restartAs({ rules: [thresholdRule({ ...errorsRule, threshold: 5 })] });
    expect(changed.incidents()).toEqual([]);
    changed.catchUp(at('10:07'));
    expect(changed.stateRecords().map(({ value }) => value)).toEqual([null]);
  });

  it('takes incidents over from a head of version 1, and writes a record for each', () => {
    const runner = new Runner({ repeatIntervalMs: hour });
    runner.write(0, at('10:06'), windowOf('a', at('10:05'), 2)).catchUp(at('10:06'));
    const incidents = runner.stateRecords().map(({ value }): unknown => JSON.parse(String(value)));
    const partitions = [0, 1].map(() => ({ offset: 1, restoreFrom: 0 }));
    const head = { v: 1, now: at('10:06'), partitions, incidents };
    const upgraded = runner.restartAs(
      { repeatIntervalMs: hour },
      { head: Buffer.from(JSON.stringify(head)), records: [] },
    );
    expect(said(upgraded.catchUp(at('10:07')))).toEqual([]);
    expect(upgraded.stateRecords()).toEqual(
      runner.stateRecords().map((record) => ({ ...record, timestamp: at('10:07') })),
    );
    expect(JSON.parse(String(upgraded.committedHead()))).toEqual({
      v: 2,
      now: at('10:07'),
      partitions: [{ restoreFrom: 0 }, { restoreFrom: null }],
    });
    expect(said(upgraded.restart().catchUp(at('11:06')))).toEqual(['reminder 10:05-10:06']);
  });

  it('takes closed and open incidents over from records that do not have the told figures, and reports growth since then', () => {
    const runner = new Runner();
    runner.write(0, at('10:06'), windowOf('a', at('10:05'), 2)).catchUp(at('10:06'));
    quietUntil(runner, '10:30');
    runner.write(0, at('12:06'), windowOf('a', at('12:05'), 2)).catchUp(at('12:06'));
    const records = runner.stateRecords().map((record) => {
      const { mailed, ...rest } = JSON.parse(String(record.value)) as { readonly mailed: Record<string, unknown> };
      const { told, reopenings, growths, ...known } = mailed;
      expect([told, reopenings, growths]).toEqual([expect.anything(), 0, 0]);
      return { ...record, value: Buffer.from(JSON.stringify({ ...rest, mailed: known })) };
    });
    const upgraded = runner.restartAs({}, { head: runner.committedHead(), records });
    expect(said(upgraded.catchUp(at('12:12')))).toEqual([]);
    expect(said(upgraded.restart().catchUp(at('12:13')))).toEqual([]);
    upgraded.write(1, at('12:14'), windowOf('b', at('10:05'), 400), windowOf('b', at('12:05'), 500));
    expect(said(upgraded.restart().catchUp(at('12:14')))).toEqual(['grown 10:05-10:06', 'grown 12:05-12:06']);
    expect(said(upgraded.restart().catchUp(at('12:40')))).toEqual([]);
  });

  it('writes the record of an incident only when it changes, and a tombstone when it is evicted', () => {
    const rules = [thresholdRule({ ...errorsRule, each: true, severity: 'error' })];
    const hosts = Array.from({ length: 500 }, (_, i) => windowOf(`host-${i}`, at('10:05'), 2, { idle: true }));
    const runner = new Runner({ rules, keepWindowsMs: hour }).write(0, at('10:06'), ...hosts);
    runner.catchUp(at('10:06'));
    expect(runner.stateRecords()).toHaveLength(500);
    expect(runner.committedHead()?.length).toBeLessThan(200);

    const before = runner.outputs.length;
    runner.write(0, at('10:07'), windowOf('host-7', at('10:06'), 2, { idle: true })).catchUp(at('10:07'));
    expect(runner.outputs.slice(before).map(({ topic }) => topic)).toEqual(['alerting-state']);
    runner.catchUp(at('11:30'));
    expect(runner.stateRecords().filter(({ value }) => value !== null)).toEqual([]);
  });

  it('refuses a record of an incident that it does not understand', () => {
    const key = Buffer.from('{"incident":"a"}');
    const records = [{ key, value: Buffer.from('{"v":2}'), headers: [], timestamp: 0 }];
    const head = Buffer.from('{"v":2,"now":0,"partitions":[]}');
    expect(() => new Runner().restartAs({}, { head, records })).toThrow(
      /^alerting cannot read a record of its own state: topic "alerting-state", partition 0, offset 0\. .* "telltale reset alerting"/,
    );
  });

  it('refuses a head that it does not understand', () => {
    expect(() => new Runner().job.open(Buffer.from('{"v":3}'))).toThrow(/cannot be read/);
  });
});

describe('overFinalWindows', () => {
  it('decides mails as if each window had been uploaded when it ended', () => {
    const runner = new Runner({ repeatIntervalMs: 20 * minute }, overFinalWindows);
    const starts = [5, 6, 7, 30, 36, 42, 48, 54, 59].map((n) => at('10:00') + n * minute);
    runner.write(0, at('23:00'), ...starts.map((start) => windowOf('a', start, 2)));
    expect(said(runner.foldAll().flush())).toEqual([]);
    const mails = runner.end().flush();
    expect(mails.map((mail) => `${clock(mail.decidedAt)} ${said([mail]).join('')}`)).toEqual([
      '10:06 opened 10:05-10:06',
      '10:18 resolved 10:05-10:08',
      '10:31 reopened 10:05-10:31',
      '10:51 reminder 10:05-10:49',
    ]);
  });

  it('sums all origins of a window in its first mail', () => {
    const runner = new Runner({}, overFinalWindows);
    runner.write(0, 0, windowOf('b', at('10:05'), 2)).write(1, 0, windowOf('a', at('10:05'), 3));
    expect(runner.foldAll().end().flush()).toMatchObject([{ transition: 'opened', totals: { error: 5 } }]);
  });

  it('mails at the end that it has grown within the pause after the last mail', () => {
    const runner = new Runner({}, overFinalWindows);
    runner.write(0, 0, windowOf('a', at('10:05'), 2)).write(1, 0, windowOf('b', at('10:06'), 2));
    expect(said(runner.foldAll().end().flush())).toEqual(['opened 10:05-10:06', 'grown 10:05-10:07']);
  });

  it('mails an incident that still waits for groupWait, and holds back no old one', () => {
    const runner = new Runner({ groupWaitMs: hour }, overFinalWindows);
    runner.write(0, at('23:00'), windowOf('a', at('10:05'), 2));
    expect(said(runner.foldAll().end().flush())).toEqual(['opened 10:05-10:06']);
  });
});

it('refuses reminders without an interval', () => {
  expect(() => createAlerting({ ...defaults, repeatIntervalMs: 0 })).toThrow(/repeatInterval/);
});

describe('rules', () => {
  it.each([
    { change: { windowMs: 90_000 }, message: /not a multiple of the base window/ },
    { change: {}, message: /two rules are named "errors"/ },
  ])('are refused: $message', ({ change, message }) => {
    const rules = [...defaults.rules, ...defaults.rules].map((rule) => ({ ...rule, ...change }));
    expect(() => createAlerting({ ...defaults, rules })).toThrow(message);
  });
});

it('skips records that are not windows', () => {
  const runner = new Runner()
    .append(0, { key: Buffer.from('x'), value: Buffer.from('{'), headers: [], timestamp: at('10:00') })
    .append(0, { key: null, value: null, headers: [], timestamp: at('10:00') })
    .write(0, at('10:06'), windowOf('a', at('10:05'), 2));
  expect(said(runner.catchUp(at('10:06')))).toEqual(['opened 10:05-10:06']);
});

describe('a rule whose glob matches no host', () => {
  const rules = ['web-*', 'wbe-*', '!web-1'].map((origins, i) =>
    thresholdRule({ ...errorsRule, name: `r${i}`, origins }),
  );

  it('is told once after a start, when all windows were read', () => {
    const runner = new Runner({ rules }).write(0, at('10:06'), windowOf('web-1', at('10:05'), 1));
    runner.foldAll().flush();
    expect(runner.unmatched).toEqual([]);
    runner.catchUp(at('10:06'));
    runner.catchUp(at('10:07'));
    expect(runner.unmatched).toEqual(['r1 wbe-*', 'r2 !web-1']);
    runner.restart().catchUp(at('10:08'));
    expect(runner.unmatched).toHaveLength(4);
  });

  it('is not told while no host is known', () => {
    const runner = new Runner({ rules });
    runner.catchUp(at('10:06'));
    expect(runner.unmatched).toEqual([]);
    runner.write(0, at('10:07'), windowOf('wbe-1', at('10:06'), 0)).catchUp(at('10:07'));
    expect(runner.unmatched).toEqual(['r0 web-*']);
  });
});
