import type { MailReport } from '../../../../src/pipelines/level-alerts/alerting/mail-report';
import { alertSummaryOf } from '../../../../src/pipelines/level-alerts/mail/alert-summary';
import { contentOf } from '../../../../src/pipelines/level-alerts/mail/content';
import { report } from './sample-reports';

const window = (minute: number, count: number): MailReport['worst'] => ({
  windowStart: `2026-11-20T10:0${minute}:00Z`,
  windowEnd: `2026-11-20T10:0${minute + 1}:00Z`,
  count,
});
const long = { from: '2026-11-20T10:05:00Z', to: '2026-11-20T10:10:00Z', breaches: [window(5, 37), window(8, 4)] };

describe('alertSummaryOf', () => {
  it.each<[string, Parameters<typeof report>[0], string]>([
    ['an open incident', {}, '[errors] 37 errors in 1 min on payments-3: Connection to <ip> refused'],
    [
      'one that is over',
      { ...long, transition: 'over' },
      '[errors] 37 errors in 1 min on payments-3 (10:05–10:10, over): Connection to <ip> refused',
    ],
    [
      'a reminder',
      { ...long, transition: 'reminder' },
      '[errors] Still open: 37 errors in 1 min on payments-3 (since 10:05): Connection to <ip> refused',
    ],
    [
      'a new error',
      { ...long, transition: 'new-pattern' },
      '[errors] New error: 37 errors in 1 min on payments-3 (since 10:05): Connection to <ip> refused',
    ],
    [
      'a resolved one',
      { ...long, transition: 'resolved' },
      '[errors] Resolved: 37 errors in 1 min on payments-3 (10:05–10:10)',
    ],
    [
      'a digest',
      { ...long, transition: 'digest' },
      '[errors] Digest: 2 windows over the threshold on payments-3 (10:05–10:10): Connection to <ip> refused',
    ],
    [
      'one that began yesterday',
      { ...long, from: '2026-11-19T23:59:00Z', transition: 'reminder' },
      '[errors] Still open: 37 errors in 1 min on payments-3 (since 2026-11-19 23:59): Connection to <ip> refused',
    ],
    [
      'another rule',
      { rule: { name: 'w', level: 'warn', threshold: 100, window: 300_000, origins: 'a*' }, worst: window(5, 1204) },
      '[w] 1,204 warnings in 5 min on payments-3: Connection to <ip> refused',
    ],
    ['a single line', { worst: window(5, 1) }, '[errors] 1 error in 1 min on payments-3: Connection to <ip> refused'],
    [
      'several origins',
      { origins: ['a', 'b', 'c'].map((origin) => ({ origin, count: 3 })) },
      '[errors] 37 errors in 1 min on a and 2 others: Connection to <ip> refused',
    ],
    [
      'a rule for each origin',
      { group: 'web-1', origins: [] },
      '[errors] 37 errors in 1 min on web-1: Connection to <ip> refused',
    ],
    ['no origin at all', { origins: [] }, '[errors] 37 errors in 1 min on all hosts: Connection to <ip> refused'],
    [
      'an origin with a line break',
      { group: 'a\r\nBcc: x' },
      '[errors] 37 errors in 1 min on a\\r\\nBcc: x: Connection to <ip> refused',
    ],
  ])('writes the subject of %s', (_, changes, subject) =>
    expect(alertSummaryOf(report(changes)).subject).toBe(subject),
  );

  it('returns the same subject whenever the mail was decided', () => {
    expect(alertSummaryOf(report({ decidedAt: '2027-01-01T00:00:00Z' }))).toEqual(alertSummaryOf(report()));
  });

  it('reports the extent of an incident', () => {
    expect(alertSummaryOf(report({ ...long, transition: 'resolved' })).lead).toBe(
      'The threshold has not been exceeded since 10:10 UTC: this incident is closed. ' +
        '2 windows over the threshold, 37 errors in them, the worst at 10:05 UTC.',
    );
  });

  it('mentions no threshold when the rule is of another kind', () => {
    for (const transition of ['opened', 'over', 'reminder', 'new-pattern', 'resolved', 'digest'] as const) {
      const { rule, ...rest } = report({ ...long, transition });
      const words = { ...rule.words, limit: 'limit 5 %' };
      const ofShare = { ...rest, rule: { ...rule, kind: 'share', words } };
      const { levels, windows } = contentOf(ofShare, { zone: 'UTC', redact: true, possibleRepeat: false });
      const { subject, headline, threshold, lead } = alertSummaryOf(ofShare);
      const said = [subject, headline, threshold, lead, levels.title, windows?.title ?? ''].join('\n');
      expect(said).not.toContain('threshold');
    }
  });
});
