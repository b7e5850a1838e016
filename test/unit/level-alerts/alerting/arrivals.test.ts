import { parseOutboxRecord } from '../../../../src/pipelines/level-alerts/alerting/outbox-records';
import { isSummary } from '../../../../src/pipelines/level-alerts/alerting/summary-report';
import { subjectOf } from '../../../../src/pipelines/level-alerts/mail/summary-words';
import { at, clock, minute, Runner, windowOf } from './runner';

/** Each message: when, its transition, subject, lines, and hosts with their lines. */
function messages({ outputs }: Runner): string[] {
  return outputs.flatMap(({ key, value }) => {
    const record = parseOutboxRecord(key, value);
    if (record?.kind !== 'mail') return [];
    const { report } = record;
    const errors = isSummary(report) ? (report.lines[0]?.count ?? 0) : report.totals.error;
    const hosts = report.origins.map(({ origin, count }) => `${origin} ${count}`).join(', ');
    return [`${clock(report.decidedAt)} ${report.transition}: ${subjectOf(report)} = ${errors}: ${hosts}`];
  });
}

/** Lines of hosts with errors at given minutes after 10:00, told as hosts upload them. */
interface Host {
  /** Errors by minute. */
  readonly errors: Readonly<Record<number, number>>;
  /** Minutes at which it uploads everything up to then. */
  readonly uploads: readonly number[];
  /** How far its clock is ahead, in minutes. */
  readonly ahead?: number;
}

const start = at('10:00');

/** Each host logs a line in every minute until its last upload, and is idle 15 minutes after that. */
function run(hosts: Readonly<Record<string, Host>>, until: number): Runner {
  const runner = new Runner();
  const read = new Map<string, number>();
  for (let now = 1; now <= until; now++) {
    const time = start + now * minute;
    for (const [name, { errors, uploads, ahead = 0 }] of Object.entries(hosts)) {
      const window = (of: number, idle: boolean) =>
        windowOf(name, start + of * minute, errors[of] ?? 0, {
          idle,
          watermark: start + (read.get(name) ?? 0) * minute,
        });
      const before = read.get(name) ?? 0;
      if (uploads.includes(now)) {
        read.set(name, now + ahead);
        const minutes = Array.from({ length: now + ahead - before }, (_, i) => before + i);
        runner.write(0, time, ...minutes.map((of) => window(of, false)));
      }
      if (now === Math.max(...uploads) + 15) runner.write(0, time, window(before - 1, true));
    }
    runner.catchUp(time);
  }
  return runner;
}

const every = (step: number, first: number, last: number): number[] =>
  Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => first + i * step);

describe('the messages, exactly, of', () => {
  it('five hosts that upload every 5 minutes, one minute after each other', () => {
    const hosts = Object.fromEntries(
      [0, 1, 2, 3, 4].map((i) => [`web-${i}`, { errors: { 2: 3, 3: 3 }, uploads: every(5, 5 + i, 120) }]),
    );
    expect(messages(run(hosts, 60))).toEqual([
      '10:05 opened: [errors] 3 errors in 1 min on web-0: boom = 6: web-0 6',
      '10:10 grown: [errors] Worse than reported: 15 errors in 1 min on web-0 and 4 others (since 10:02): boom = 30: web-0 6, web-1 6, web-2 6, web-3 6, web-4 6',
      '10:18 resolved: [errors] Resolved: 15 errors in 1 min on web-0 and 4 others (10:02–10:04) = 30: web-0 6, web-1 6, web-2 6, web-3 6, web-4 6',
    ]);
  });

  it('three hosts that upload hourly, at :20, :40 and :60', () => {
    const hosts = Object.fromEntries(
      [20, 40, 60].map((first, i) => [`web-${i}`, { errors: { 10: 3 }, uploads: every(60, first, 300) }]),
    );
    expect(messages(run(hosts, 240))).toEqual([
      '10:20 opened: [errors] 3 errors in 1 min on web-0: boom = 3: web-0 3',
      '10:40 grown: [errors] Worse than reported: 6 errors in 1 min on web-0 and 1 other (since 10:10): boom = 6: web-0 3, web-1 3',
      '11:00 grown: [errors] Worse than reported: 9 errors in 1 min on web-0 and 2 others (since 10:10): boom = 9: web-0 3, web-1 3, web-2 3',
      '11:20 resolved: [errors] Resolved: 9 errors in 1 min on web-0 and 2 others (10:10–10:11) = 9: web-0 3, web-1 3, web-2 3',
    ]);
  });

  it('a host whose clock is an hour ahead', () => {
    const uploads = every(5, 5, 180);
    const hosts = { fast: { errors: { 62: 3 }, uploads, ahead: 60 }, right: { errors: { 60: 2 }, uploads } };
    expect(messages(run(hosts, 150))).toEqual([
      '10:05 opened: [errors] 3 errors in 1 min on fast: boom = 3: fast 3',
      '11:05 grown: [errors] Worse than reported: 3 errors in 1 min on fast and 1 other (since 11:00): boom = 5: fast 3, right 2',
      '11:15 resolved: [errors] Resolved: 3 errors in 1 min on fast and 1 other (11:00–11:03) = 5: fast 3, right 2',
    ]);
  });

  it('a host that dies', () => {
    const hosts = { dead: { errors: { 3: 5 }, uploads: [5] }, well: { errors: {}, uploads: every(5, 5, 120) } };
    expect(messages(run(hosts, 60))).toEqual([
      '10:05 opened: [errors] 5 errors in 1 min on dead: boom = 5: dead 5',
      '10:20 resolved: [errors] Resolved: 5 errors in 1 min on dead (10:03–10:04) = 5: dead 5',
    ]);
  });

  it('a host that uploads 20 minutes late, with a burst in the minutes of a closed incident', () => {
    const hosts = {
      a: { errors: { 2: 3 }, uploads: every(1, 3, 120) },
      b: { errors: { 1: 400, 2: 500 }, uploads: [23, ...every(1, 24, 120)] },
    };
    expect(messages(run(hosts, 60))).toEqual([
      '10:03 opened: [errors] 3 errors in 1 min on a: boom = 3: a 3',
      '10:13 resolved: [errors] Resolved: 3 errors in 1 min on a (10:02–10:03) = 3: a 3',
      '10:23 grown: [errors] Worse than reported: 503 errors in 1 min on b and 1 other (10:01–10:03, over): boom = 903: b 900, a 3',
    ]);
  });

  it('two errors every 11 minutes for eight hours', () => {
    const errors = Object.fromEntries(every(11, 0, 8 * 60 - 1).map((of) => [of, 2]));
    const runner = run({ a: { errors, uploads: every(1, 1, 11 * 60) } }, 10 * 60);
    expect(messages(runner)).toEqual([
      '10:01 opened: [errors] 2 errors in 1 min on a: boom = 2: a 2',
      '10:11 resolved: [errors] Resolved: 2 errors in 1 min on a (10:00–10:01) = 2: a 2',
      '10:12 reopened: [errors] Opened again: 2 errors in 1 min on a (since 10:00): boom = 4: a 4',
      '14:12 reminder: [errors] Still open: 2 errors in 1 min on a (since 10:00): boom = 46: a 46',
      '18:54 resolved: [errors] Resolved: 2 errors in 1 min on a (10:00–17:54) = 88: a 88',
    ]);
    expect(runner.mails().at(-1)).toMatchObject({ flaps: 43 });
  });

  it('errors every 25 minutes, which are told as over less and less often', () => {
    const errors = Object.fromEntries(every(25, 0, 240).map((of) => [of, 2]));
    expect(messages(run({ a: { errors, uploads: every(1, 1, 420) } }, 400))).toEqual([
      '10:01 opened: [errors] 2 errors in 1 min on a: boom = 2: a 2',
      '10:11 resolved: [errors] Resolved: 2 errors in 1 min on a (10:00–10:01) = 2: a 2',
      '10:26 reopened: [errors] Opened again: 2 errors in 1 min on a (since 10:00): boom = 4: a 4',
      '10:46 resolved: [errors] Resolved: 2 errors in 1 min on a (10:00–10:26) = 4: a 4',
      '10:51 reopened: [errors] Opened again: 2 errors in 1 min on a (since 10:00): boom = 6: a 6',
      '14:46 resolved: [errors] Resolved: 2 errors in 1 min on a (10:00–13:46) = 20: a 20',
    ]);
  });
});
