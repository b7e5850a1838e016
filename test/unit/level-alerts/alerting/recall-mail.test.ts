import { incidentId, shortHash } from '../../../../src/pipelines/level-alerts/alerting/ids';
import { Incidents, type Incident } from '../../../../src/pipelines/level-alerts/alerting/incidents';
import type { MailReport } from '../../../../src/pipelines/level-alerts/alerting/mail-report';
import { checkRules, type Rule } from '../../../../src/pipelines/level-alerts/alerting/rules';
import { recallMail } from '../../../../src/pipelines/level-alerts/alerting/told-incidents';
import { thresholdRule } from '../../../support/rules';
import { at, errorsRule, iso, minute, Runner, windowOf } from './runner';

const [decided] = new Runner().write(0, at('10:06'), windowOf('a', at('10:05'), 2)).catchUp(at('10:06'));
const id = incidentId('errors', 'all', at('10:05'));

/** A mail about an incident from 10:05 to 10:06, sent as opened. */
function mail(changes: Partial<MailReport> = {}): MailReport {
  if (decided === undefined) throw new Error('no mail was decided');
  return { ...decided, ...changes };
}

const breaches = (...times: string[]): MailReport['breaches'] =>
  times.map((time) => ({ windowStart: iso(time), windowEnd: new Date(at(time) + minute).toISOString(), count: 2 }));

function recalled(
  mails: readonly MailReport[],
  rule: Rule = thresholdRule(errorsRule),
  incidents = new Incidents(),
): Incident[] {
  const rules = new Map(checkRules([rule], minute).map((one) => [one.name, one]));
  for (const report of mails) recallMail(incidents, rules, report);
  return incidents.all();
}

describe('recallMail', () => {
  it('restores the incident of a mail', () => {
    expect(recalled([mail()])).toEqual([
      {
        id,
        rule: 'errors',
        group: 'all',
        openedBy: at('10:05'),
        openedAt: at('10:06'),
        breaches: [at('10:05')],
        from: at('10:05'),
        to: at('10:06'),
        flaps: 0,
        changedAt: at('10:06'),
        late: false,
        closed: false,
        mergedInto: null,
        touched: new Set(),
        mailed: {
          lastAt: at('10:06'),
          reminders: 0,
          resolutions: 0,
          newPatterns: 0,
          reopenings: 0,
          growths: 0,
          toldOver: false,
          patterns: [shortHash('boom')],
          told: {
            lines: 2,
            worst: 2,
            breaches: 1,
            from: at('10:05'),
            to: at('10:06'),
            hosts: [shortHash('a')],
            hostCount: 1,
          },
        },
        owedTo: [],
      },
    ]);
  });

  it.each<[MailReport['transition'], object]>([
    ['opened', {}],
    ['over', { toldOver: true }],
    ['resolved', { toldOver: true, resolutions: 1 }],
    ['reminder', { reminders: 1 }],
    ['new-pattern', { newPatterns: 1 }],
    ['digest', { toldOver: true }],
  ])('knows what a mail has said: %s', (transition, said) => {
    const none = { reminders: 0, resolutions: 0, newPatterns: 0, toldOver: false };
    const [incident] = recalled([mail({ transition })]);
    expect(incident).toMatchObject({ closed: 'toldOver' in said, late: transition === 'digest' });
    expect(incident?.mailed).toMatchObject({ ...none, ...said });
  });

  it('replaces an incident that was not mailed', () => {
    const [told] = recalled([mail()]);
    const incidents = new Incidents();
    if (told !== undefined) incidents.add({ ...told, from: 0, mailed: null });
    expect(recalled([mail()], thresholdRule(errorsRule), incidents)).toEqual([told]);
  });

  it('knows no pattern when the mail did not list all', () => {
    expect(recalled([mail({ otherPatterns: 1 })])[0]?.mailed?.patterns).toBeNull();
  });

  it.each<[string, Partial<MailReport>]>([
    ['another rule', { rule: { ...mail().rule, name: 'other' } }],
    ['another kind', { rule: { ...mail().rule, kind: 'other' } }],
    ['another level', { rule: { ...mail().rule, level: 'warn' } }],
    ['another window', { rule: { ...mail().rule, window: 1 } }],
    ['other origins', { rule: { ...mail().rule, origins: 'a' } }],
    ['another threshold', { rule: Object.assign({ ...mail().rule }, { threshold: 5 }) }],
    ['one origin, where the rule has all together', { group: 'a' }],
  ])('restores nothing from a mail about %s', (_, changes) => {
    expect(recalled([mail(changes)])).toEqual([]);
  });

  const each = thresholdRule({ ...errorsRule, each: true, severity: 'error' });

  it('restores nothing from a mail about all origins, where the rule has each by itself', () => {
    expect(recalled([mail()], each)).toEqual([]);
    expect(recalled([mail({ group: 'a' })], each)).toHaveLength(1);
  });

  it('finds the breach that opened the incident by its id, where the incident has grown backward', () => {
    const { from, to } = { from: iso('10:03'), to: iso('10:06') };
    const grown = mail({ from, to, breaches: breaches('10:03', '10:05') });
    expect(recalled([grown])).toMatchObject([{ openedBy: at('10:05'), from: at('10:03') }]);
    const unknown = mail({ from, to, breaches: breaches('10:03', '10:04') });
    expect(recalled([unknown])).toMatchObject([{ openedBy: at('10:03') }]);
  });

  it('restores each incident of a digest with the breaches in its span', () => {
    const members = [
      { incident: 'i', group: 'a', openedBy: at('10:05'), from: at('10:05'), to: at('10:07') },
      { incident: 'j', group: 'b', openedBy: at('10:20'), from: at('10:10'), to: at('10:30') },
    ];
    const digest = mail({ transition: 'digest', members, breaches: breaches('10:04', '10:05', '10:06', '10:07') });
    expect(recalled([digest], each)).toMatchObject([
      { id: 'i', group: 'a', openedBy: at('10:05'), breaches: [at('10:05'), at('10:06')], to: at('10:07') },
      { id: 'j', group: 'b', openedBy: at('10:20'), breaches: [at('10:10')], from: at('10:10') },
    ]);
  });

  describe('a digest of an earlier version, which did not name its incidents', () => {
    const span = { from: iso('10:05'), to: iso('10:07'), breaches: breaches('10:05', '10:06') };
    const origins = ['a', 'b'].map((origin) => ({ origin, count: 1 }));

    it('counts as a mail about each of its origins', () => {
      const digest = mail({ ...span, transition: 'digest', origins });
      expect(recalled([digest], each)).toMatchObject(
        ['a', 'b'].map((group) => ({
          id: incidentId('errors', group, at('10:05')),
          group,
          openedBy: at('10:05'),
          breaches: [at('10:05'), at('10:06')],
          from: at('10:05'),
          to: at('10:07'),
          late: true,
        })),
      );
    });

    it('counts as one mail when it is about one origin, or about all together', () => {
      const one = mail({ ...span, transition: 'digest', origins, group: 'a' });
      expect(recalled([one], each)).toMatchObject([{ id, group: 'a' }]);
      const together = mail({ ...span, transition: 'digest', origins });
      expect(recalled([together])).toMatchObject([{ id, group: 'all' }]);
    });
  });

  describe('with several mails about an incident', () => {
    const opened = mail();
    const reminder = mail({
      transition: 'reminder',
      from: iso('10:03'),
      to: iso('10:09'),
      breaches: breaches('10:08', '10:03', '10:05'),
      decidedAt: iso('11:06'),
      otherPatterns: 1,
    });
    const resolved = mail({ transition: 'resolved', decidedAt: iso('12:00'), patterns: [] });

    const combined = {
      id,
      openedAt: at('10:06'),
      breaches: [at('10:03'), at('10:05'), at('10:08')],
      from: at('10:03'),
      to: at('10:09'),
      late: false,
    };

    it.each([
      ['in order', [opened, reminder, resolved]],
      ['in another order', [resolved, reminder, opened]],
    ])('sums them, and stands as the last one said: %s', (_, mails) => {
      expect(recalled(mails)).toMatchObject([
        {
          ...combined,
          changedAt: at('12:00'),
          closed: true,
          mailed: { lastAt: at('12:00'), reminders: 1, resolutions: 1, newPatterns: 0, toldOver: true, patterns: [] },
        },
      ]);
    });

    it('is open again after a reminder, and counts each mail', () => {
      const again = mail({ transition: 'reminder', decidedAt: iso('13:00') });
      const pattern = mail({ transition: 'new-pattern', decidedAt: iso('13:01') });
      expect(recalled([opened, reminder, resolved, again, pattern, pattern])).toMatchObject([
        { closed: false, mailed: { reminders: 2, resolutions: 1, newPatterns: 2, toldOver: false } },
      ]);
    });

    it('is the later of two mails of one moment', () => {
      expect(recalled([opened, mail({ transition: 'over' })])).toMatchObject([{ closed: true }]);
      expect(recalled([mail({ transition: 'over' }), opened])).toMatchObject([{ closed: false }]);
    });

    it('is late while all of its mails are digests', () => {
      const digest = mail({ transition: 'digest' });
      expect(recalled([digest, digest])).toMatchObject([{ late: true }]);
      expect(recalled([digest, opened])).toMatchObject([{ late: false }]);
      expect(recalled([opened, digest])).toMatchObject([{ late: false }]);
    });
  });
});
