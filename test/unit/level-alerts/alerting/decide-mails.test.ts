import { decideMails, type Situation } from '../../../../src/pipelines/level-alerts/alerting/decide-mails';
import type { Incident, Mailed } from '../../../../src/pipelines/level-alerts/alerting/incidents';

const mailed: Mailed = { lastAt: 0, reminders: 0, resolutions: 0, newPatterns: 0, toldOver: false, patterns: [] };

function situation(changes: Partial<Omit<Situation, 'incident'>>, incident: Partial<Incident> = {}): Situation {
  return {
    incident: {
      id: 'i',
      rule: 'errors',
      group: 'all',
      openedBy: 0,
      openedAt: 0,
      breaches: [0],
      from: 0,
      to: 60_000,
      changedAt: 0,
      late: false,
      closed: false,
      touched: new Set(),
      mailed: null,
      owedTo: [],
      ...incident,
    },
    over: false,
    quiet: false,
    waited: true,
    backlogRead: true,
    past: false,
    newPattern: null,
    reminderDue: false,
    ...changes,
  };
}

describe('decideMails', () => {
  it.each<[string, Situation, string | null, 'closed' | 'open']>([
    ['a new incident', situation({}), 'opened', 'open'],
    ['a new incident within groupWait', situation({ waited: false }), null, 'open'],
    ['a new incident that is over, within groupWait', situation({ over: true, waited: false }), 'over', 'closed'],
    ['a quiet one', situation({ quiet: true }), null, 'open'],
    ['a quiet one that is over', situation({ over: true, quiet: true }), null, 'closed'],
    ['a quiet one that is late', situation({ quiet: true }, { late: true }), null, 'open'],
    ['a late one', situation({}, { late: true }), 'digest', 'open'],
    ['a late one that is over', situation({ over: true }, { late: true }), 'over', 'closed'],
    ['one that is over before the backlog is read', situation({ over: true, backlogRead: false }), null, 'open'],
    ['one that is past', situation({ past: true }), 'opened', 'open'],
    ['one that is past before the backlog is read', situation({ past: true, backlogRead: false }), null, 'open'],
    ['a new incident before the backlog is read', situation({ backlogRead: false }), 'opened', 'open'],
    [
      'a mailed one that is over, before the backlog is read',
      situation({ over: true, past: true, backlogRead: false }, { mailed }),
      'resolved',
      'closed',
    ],
    [
      'a late one before the backlog is read',
      situation({ backlogRead: false, over: true }, { late: true }),
      null,
      'open',
    ],
    ['a mailed one', situation({}, { mailed }), null, 'open'],
    ['a mailed one that is over', situation({ over: true }, { mailed }), 'resolved', 'closed'],
    [
      'one that is over and said so, opened again by a breach long ago',
      situation({ over: true }, { mailed: { ...mailed, toldOver: true } }),
      null,
      'closed',
    ],
    ['one that said it was over', situation({}, { mailed: { ...mailed, toldOver: true } }), 'reminder', 'open'],
    [
      'a late one whose digest was sent',
      situation({}, { late: true, mailed: { ...mailed, toldOver: true } }),
      null,
      'open',
    ],
    ['a new pattern', situation({ newPattern: 'boom' }, { mailed }), 'new-pattern', 'open'],
    [
      'a new pattern as the reminder is due',
      situation({ newPattern: 'boom', reminderDue: true }, { mailed }),
      'new-pattern',
      'open',
    ],
    ['a new pattern in a late one', situation({ newPattern: 'boom' }, { late: true, mailed }), null, 'open'],
    [
      'a new pattern in one that is over',
      situation({ newPattern: 'boom', over: true }, { mailed }),
      'resolved',
      'closed',
    ],
    ['a reminder that is due', situation({ reminderDue: true }, { mailed }), 'reminder', 'open'],
  ])('%s', (_, given, transition, after) => {
    const { mails, closed } = decideMails([given]);
    expect(mails).toEqual(transition === null ? [] : [{ transition, situation: given }]);
    expect(closed).toEqual(after === 'closed' ? [given.incident] : []);
  });
});
