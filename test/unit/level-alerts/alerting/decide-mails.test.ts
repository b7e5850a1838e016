import { decideMails, type Situation } from '../../../../src/pipelines/level-alerts/alerting/decide-mails';
import type { Incident, Mailed } from '../../../../src/pipelines/level-alerts/alerting/incidents';

const mailed: Mailed = {
  lastAt: 0,
  reminders: 0,
  resolutions: 0,
  newPatterns: 0,
  reopenings: 0,
  growths: 0,
  toldOver: false,
  patterns: [],
  told: null,
};

const toldOver: Mailed = { ...mailed, toldOver: true };
const grown = { grown: true, growthDue: true, reopeningDue: true };
const more = { continues: true };

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
      flaps: 0,
      late: false,
      closed: false,
      mergedInto: null,
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
    cameBack: false,
    newPattern: null,
    grown: false,
    continues: false,
    growthDue: false,
    reopeningDue: false,
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
    ['a mailed one that is over and has grown', situation({ over: true, ...grown }, { mailed }), 'resolved', 'closed'],
    ['one told as over', situation({ over: true }, { mailed: toldOver }), null, 'closed'],
    ['one told as over whose windows are read again', situation({}, { mailed: toldOver }), null, 'open'],
    ['one told as over as a reminder is due', situation({ reminderDue: true }, { mailed: toldOver }), null, 'open'],
    ['one told as over that continues', situation({ ...grown, ...more }, { mailed: toldOver }), 'reopened', 'open'],
    [
      'one told as over that continues, within the pause',
      situation({ ...grown, ...more, reopeningDue: false }, { mailed: toldOver }),
      null,
      'open',
    ],
    [
      'one told as over that continued, and is over again',
      situation({ over: true, ...grown, ...more }, { mailed: toldOver }),
      'grown',
      'closed',
    ],
    [
      'one told as over that has grown inside its span',
      situation({ over: true, ...grown }, { mailed: toldOver }),
      'grown',
      'closed',
    ],
    [
      'one told as over that has grown inside its span, while hosts are behind',
      situation(grown, { mailed: toldOver }),
      'grown',
      'open',
    ],
    [
      'one told as over that has grown, within the pause',
      situation({ over: true, ...grown, growthDue: false }, { mailed: toldOver }),
      null,
      'open',
    ],
    [
      'one told as over that has grown, before the backlog is read',
      situation({ over: true, ...grown, past: true, backlogRead: false }, { mailed: toldOver }),
      null,
      'open',
    ],
    [
      'one told as over that continues now, before the backlog is read',
      situation({ ...grown, ...more, backlogRead: false }, { mailed: toldOver }),
      'reopened',
      'open',
    ],
    ['one that has grown', situation(grown, { mailed }), 'grown', 'open'],
    ['one that has grown, within the pause', situation({ ...grown, growthDue: false }, { mailed }), null, 'open'],
    [
      'one that has grown, within the pause, as the reminder is due',
      situation({ ...grown, growthDue: false, reminderDue: true }, { mailed }),
      'reminder',
      'open',
    ],
    [
      'one that has grown and is past, before the backlog is read',
      situation({ ...grown, past: true, backlogRead: false, newPattern: 'boom', reminderDue: true }, { mailed }),
      null,
      'open',
    ],
    [
      'one that is past, as the reminder is due before the backlog is read',
      situation({ past: true, backlogRead: false, reminderDue: true }, { mailed }),
      'reminder',
      'open',
    ],
    [
      'one that has grown by a new pattern',
      situation({ ...grown, newPattern: 'boom' }, { mailed }),
      'new-pattern',
      'open',
    ],
    ['a late one told as over that continues', situation(grown, { late: true, mailed: toldOver }), 'grown', 'open'],
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
    const { mails, closed, gone } = decideMails([given]);
    expect(mails).toEqual(transition === null ? [] : [{ transition, situation: given }]);
    expect(closed).toEqual(after === 'closed' ? [given.incident] : []);
    expect(gone).toEqual([]);
  });

  it.each<[string, Partial<Incident>, string | null]>([
    ['told as open', { mailed }, 'merged'],
    ['told as over', { mailed: toldOver }, 'merged'],
    ['told as open, late', { mailed, late: true }, 'merged'],
    ['told by a digest', { mailed: toldOver, late: true }, null],
  ])('reports once that an incident was merged: %s', (_, changes, transition) => {
    for (const over of [false, true]) {
      const given = situation({ over, ...grown, quiet: over }, { mergedInto: 'j', ...changes });
      const { mails, closed, gone } = decideMails([given]);
      expect(mails).toEqual(transition === null ? [] : [{ transition, situation: given }]);
      expect([closed, gone]).toEqual([[], [given.incident]]);
    }
  });
});
