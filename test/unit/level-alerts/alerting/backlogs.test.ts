import { subjectOf } from '../../../../src/pipelines/level-alerts/mail/summary-words';
import type { Recipient } from '../../../../src/pipelines/level-alerts/alerting/gather';
import { parseOutboxRecord } from '../../../../src/pipelines/level-alerts/alerting/outbox-records';
import { isSummary, type AnyReport } from '../../../../src/pipelines/level-alerts/alerting/summary-report';
import type { WindowRecord } from '../../../../src/pipelines/level-alerts/counting/window-record';
import { thresholdRule } from '../../../support/rules';
import { at, clock, errorsRule, hour, minute, Runner, windowOf } from './runner';

/** The messages in the outbox: when, to whom, what. */
function messages({ outputs }: Runner): string[] {
  return outputs.flatMap(({ key, value }) => {
    const record = parseOutboxRecord(key, value);
    return record?.kind === 'mail' ? [shown(record.report)] : [];
  });
}

function shown(report: AnyReport): string {
  const to = report.receivers === undefined || !isSummary(report) ? '' : `${report.receivers.join(' and ')} `;
  return `${clock(report.decidedAt)} ${to}${subjectOf(report)}`;
}

const hosts = (count: number): string[] => Array.from({ length: count }, (_, i) => `web-${i}`);

/** Windows of some hosts: two errors every 11 minutes from `from` on, as long as a consumer was down. */
function whileDown(from: number, to: number, count: number): WindowRecord[] {
  const minutes = Array.from({ length: Math.round((to - from) / minute) }, (_, i) => i);
  return hosts(count).flatMap((host) =>
    minutes.map((i) => windowOf(host, from + i * minute, i % 11 === 0 ? 2 : 0, { watermark: to })),
  );
}

const each = thresholdRule({ ...errorsRule, each: true });
const cap = { messages: 20, within: 10 * minute };

/** Comes back at 18:00, reads the windows of all hosts, and continues for an hour. */
function afterDowntime(hoursDown: number, options: ConstructorParameters<typeof Runner>[0]): Runner {
  const back = at('18:00');
  const runner = new Runner({ cap, ...options });
  for (const window of whileDown(back - hoursDown * hour, back, 10)) runner.write(0, back, window);
  runner.foldAll().flush();
  runner.tick(back).flush();
  for (let time = back + minute; time <= back + hour; time += minute) {
    runner.write(0, time, ...hosts(10).map((host) => windowOf(host, time - minute, 0))).catchUp(time);
  }
  return runner;
}

describe('after a consumer was down', () => {
  // Bursts of every 11 minutes are one incident that flaps, and that is over after an hour without one.
  it.each([
    [
      2,
      [
        '18:00 mail [errors] Summary: 1 incident, 220 errors on web-0 and 9 others (16:00–17:51, open): boom',
        '18:51 [errors] Resolved: 20 errors in 1 min on web-0 and 9 others (16:00–17:51)',
      ],
    ],
    [
      5.5,
      [
        '18:00 mail [errors] Summary: 1 incident, 600 errors on web-0 and 9 others (12:30–17:50, open): boom',
        '18:50 [errors] Resolved: 20 errors in 1 min on web-0 and 9 others (12:30–17:50)',
      ],
    ],
    [
      12,
      [
        '18:00 mail [errors] Summary: 1 incident, 1,320 errors on web-0 and 9 others (06:00–17:56, open): boom',
        '18:56 [errors] Resolved: 20 errors in 1 min on web-0 and 9 others (06:00–17:56)',
      ],
    ],
  ])('%d h, one message tells all of it: ten hosts together', (hoursDown, expected) => {
    expect(messages(afterDowntime(hoursDown, {}))).toEqual(expected);
  });

  it.each([
    [
      2,
      'Summary: 10 incidents, 220 errors on web-0 and 9 others (16:00–17:51, all open): boom',
      '18:51',
      '16:00–17:51',
    ],
    [
      5.5,
      'Summary: 10 incidents, 600 errors on web-0 and 9 others (12:30–17:50, all open): boom',
      '18:50',
      '12:30–17:50',
    ],
    [
      12,
      'Summary: 10 incidents, 1,320 errors on web-0 and 9 others (06:00–17:56, all open): boom',
      '18:56',
      '06:00–17:56',
    ],
  ])('%d h, one message tells all of it: each of ten hosts', (hoursDown, summary, end, span) => {
    expect(messages(afterDowntime(hoursDown, { rules: [each] }))).toEqual([
      `18:00 mail [errors] ${summary}`,
      ...hosts(10).map((host) => `${end} [errors] Resolved: 2 errors in 1 min on ${host} (${span})`),
    ]);
  });

  it('names in the summary each incident with its figures, and no line twice', () => {
    const [summary] = afterDowntime(2, { rules: [each, thresholdRule({ ...errorsRule, name: 'all' })] }).summaries();
    expect(summary?.lines).toEqual([{ level: 'error', count: 220 }]);
    expect(summary?.rules).toEqual(['all', 'errors']);
    expect(summary?.incidents.slice(0, 2)).toMatchObject([
      { rule: 'all', group: 'all', count: 220, windows: 11, origins: ['web-0', 'web-1', 'web-2'], otherOrigins: 7 },
      { rule: 'errors', group: 'web-0', count: 22, windows: 11, isOver: false, pattern: 'boom' },
    ]);
  });

  it('says the same when it dies after any transaction', () => {
    const back = at('18:00');
    const windows = whileDown(back - 2 * hour, back, 3);
    const run = (restarts: boolean): string[] => {
      const runner = new Runner({ cap, rules: [each] });
      for (const window of windows) runner.write(0, back, window);
      while (runner.unread(0) > 0) {
        runner.fold(0, 50).flush();
        if (restarts) runner.restart();
      }
      runner.tick(back).flush();
      if (restarts) runner.restart();
      for (let time = back + minute; time <= back + hour; time += minute) {
        runner.write(0, time, ...hosts(3).map((host) => windowOf(host, time - minute, 0))).catchUp(time);
        if (restarts) runner.restart();
      }
      return messages(runner);
    };
    expect(run(true)).toEqual(run(false));
  });
});

it('ends a backfill of five hosts over 30 days in one message', () => {
  const now = at('12:00');
  const runner = new Runner();
  // A window every half an hour keeps the test short; errors once in two hours.
  for (const [h, host] of hosts(5).entries()) {
    for (let i = 0; i < 30 * 24 * 2; i++) {
      const start = now - 30 * 24 * hour + i * 30 * minute;
      runner.write(h % 2, now, windowOf(host, start, i % 4 === 0 ? 3 : 0, { watermark: now }));
    }
  }
  runner.foldAll().flush();
  expect(messages(runner)).toEqual([]);
  runner.catchUp(now);
  runner.catchUp(now + 24 * hour);
  expect(messages(runner)).toEqual([
    '12:00 mail [errors] Summary: 360 incidents, 5,400 errors on web-0 and 4 others (2026-10-21 12:00 – 2026-11-20 10:01, all over): boom',
  ]);
});

describe('1,000 hosts that break in the same minute', () => {
  const run = (options: ConstructorParameters<typeof Runner>[0], count = 1000): string[] => {
    const runner = new Runner({ rules: [each], cap, ...options });
    const all = hosts(count);
    runner.write(0, at('10:06'), ...all.map((host) => windowOf(host, at('10:05'), 2))).catchUp(at('10:06'));
    for (let time = at('10:07'); time <= at('10:40'); time += minute) {
      const windows = all.map((host) => windowOf(host, time - minute, 0));
      runner.write(0, time, ...(time === at('10:12') || time === at('10:17') ? windows : [])).catchUp(time);
    }
    return messages(runner);
  };

  it('are one message, and one when they are over', () => {
    expect(run({})).toEqual([
      '10:06 mail [errors] Summary: 1,000 incidents, 2,000 errors on web-0 and 999 others (10:05–10:06, all open): boom',
      '10:17 mail [errors] Summary: 1,000 incidents, 2,000 errors on web-0 and 999 others (10:05–10:06, all over): boom',
    ]);
  });

  it('are one message of the rule when it waits for them', () => {
    expect(run({ groupWaitMs: minute })).toEqual([
      '10:07 mail [errors] Open: 1,000 incidents, 2,000 errors on web-0 and 999 others (10:05–10:06, all open): boom',
      '10:17 mail [errors] Over: 1,000 incidents, 2,000 errors on web-0 and 999 others (10:05–10:06, all over): boom',
    ]);
  });

  it('are a message each for a receiver that holds alerts', () => {
    const pager: Recipient = { name: 'pager', holdsAlerts: true };
    const said = run({ recipientsOf: () => [pager] }, 100);
    expect(said).toHaveLength(200);
    expect(said.filter((each) => each.includes('Resolved: '))).toHaveLength(100);
  });
});

describe('a rule that waits', () => {
  it('makes one message of five hosts that break one after the other, counted from the first', () => {
    const runner = new Runner({ rules: [{ ...each, groupWaitMs: 5 * minute }], cap });
    for (const [i, host] of hosts(5).entries()) {
      runner
        .write(0, at('10:06') + i * minute, windowOf(host, at('10:05') + i * minute, 2))
        .catchUp(at('10:06') + i * minute);
    }
    runner.catchUp(at('10:11'));
    expect(messages(runner)).toEqual([
      '10:11 mail [errors] Open: 5 incidents, 10 errors on web-0 and 4 others (10:05–10:10, all open): boom',
    ]);
  });

  it('leaves the others to themselves', () => {
    const slow = thresholdRule({ ...errorsRule, each: true, name: 'slow', groupWaitMs: 2 * minute });
    const runner = new Runner({ rules: [each, slow], cap });
    runner.write(0, at('10:06'), ...hosts(2).map((host) => windowOf(host, at('10:05'), 2))).catchUp(at('10:06'));
    runner.catchUp(at('10:08'));
    expect(messages(runner)).toEqual([
      '10:06 [errors] 2 errors in 1 min on web-0: boom',
      '10:06 [errors] 2 errors in 1 min on web-1: boom',
      '10:08 mail [slow] Open: 2 incidents, 4 errors on web-0 and 1 other (10:05–10:06, all open): boom',
    ]);
  });
});

describe('the cap of a receiver', () => {
  const rules = hosts(7).map((name) => thresholdRule({ ...errorsRule, name, origins: name }));
  const mail: Recipient = { name: 'mail', holdsAlerts: false };
  const slack: Recipient = { name: 'slack', holdsAlerts: false };
  const pager: Recipient = { name: 'pager', holdsAlerts: true };
  const few = { messages: 3, within: 10 * minute };

  /** A rule breaks each minute from 10:05 on; web-6 goes to Slack and the pager only. */
  const run = (restarts: boolean): Runner => {
    const runner = new Runner({
      rules,
      cap: few,
      recipientsOf: ({ rule }) => (rule === 'web-6' ? [slack, pager] : [mail, slack, pager]),
    });
    for (let i = 0; i < 30; i++) {
      const time = at('10:06') + i * minute;
      const windows = hosts(7).map((host, h) => windowOf(host, time - minute, h === i ? 2 : 0));
      runner.write(0, time, ...windows).catchUp(time);
      if (restarts) runner.restart();
    }
    return runner;
  };

  /** By receiver. */
  const receivedBy = (runner: Runner, name: string): string[] =>
    runner.outputs.flatMap(({ key, value }) => {
      const record = parseOutboxRecord(key, value);
      if (record?.kind !== 'mail') return [];
      const { report } = record;
      const routed =
        !isSummary(report) && report.rule.name === 'web-6' ? ['slack', 'pager'] : ['mail', 'slack', 'pager'];
      return (report.receivers ?? routed).includes(name) ? [`${clock(report.decidedAt)} ${subjectOf(report)}`] : [];
    });

  it('gathers beyond it, for each receiver by itself', () => {
    const runner = run(false);
    expect(receivedBy(runner, 'mail')).toEqual([
      '10:06 [web-0] 2 errors in 1 min on web-0: boom',
      '10:07 [web-1] 2 errors in 1 min on web-1: boom',
      '10:08 [web-2] 2 errors in 1 min on web-2: boom',
      '10:16 [web-0, web-3 and 2 others] Summary: 4 incidents, 8 errors on web-0 and 3 others (10:05–10:11, 3 open): boom',
      '10:17 [web-1] Resolved: 2 errors in 1 min on web-1 (10:06–10:07)',
      '10:18 [web-2] Resolved: 2 errors in 1 min on web-2 (10:07–10:08)',
      '10:26 [web-3, web-4 and 1 other] Summary: 3 incidents, 6 errors on web-3 and 2 others (10:08–10:11, all over): boom',
    ]);
    expect(receivedBy(runner, 'slack').at(-1)).toBe(
      '10:26 [web-3, web-4 and 2 others] Summary: 4 incidents, 8 errors on web-3 and 3 others (10:08–10:12, all over): boom',
    );
  });

  it('does not hold for a receiver that holds alerts: it gets each opening and each end', () => {
    const said = receivedBy(run(false), 'pager');
    expect(said).toHaveLength(14);
    expect(said.filter((each) => each.includes('Resolved: '))).toHaveLength(7);
  });

  it('survives restarts', () => {
    expect(messages(run(true))).toEqual(messages(run(false)));
  });

  it('is remembered by the outbox: after a reset, a receiver that gathered gets its summary', () => {
    const runner = new Runner({
      rules,
      cap: few,
      recipientsOf: ({ rule }) => (rule === 'web-3' || rule === 'web-4' ? [mail, slack] : [mail]),
    });
    for (let i = 0; i < 5; i++) {
      const time = at('10:06') + i * minute;
      runner.write(0, time, windowOf(`web-${i}`, time - minute, 2)).catchUp(time);
    }
    const before = messages(runner).length;
    runner.reset().catchUp(at('10:11'));
    expect(messages(runner).slice(before)).toEqual([
      '10:11 mail [web-3 and web-4] Summary: 2 incidents, 4 errors on web-3 and 1 other (10:08–10:10, all open): boom',
    ]);
    runner.restart().catchUp(at('10:12'));
    runner.reset().catchUp(at('10:13'));
    expect(messages(runner)).toHaveLength(before + 1);
  });
});

it('says everything at the end of all input', () => {
  const runner = new Runner({ rules: [each], cap: { messages: 1, within: 10 * minute } });
  runner.write(0, at('10:06'), windowOf('web-0', at('10:05'), 2)).catchUp(at('10:06'));
  runner.write(0, at('10:07'), windowOf('web-1', at('10:06'), 2)).catchUp(at('10:07'));
  expect(messages(runner)).toEqual(['10:06 [errors] 2 errors in 1 min on web-0: boom']);
  runner.end().flush();
  expect(messages(runner).slice(1)).toEqual([
    '10:07 mail [errors] Summary: 1 incident, 2 errors on web-1 (10:06–10:07, open): boom',
  ]);
});
