import { incidentId } from '../../../../src/pipelines/level-alerts/alerting/ids';
import {
  Incidents,
  newPatternAt,
  overAt,
  reminderAt,
  type Breach,
  type Incident,
  type Mailed,
} from '../../../../src/pipelines/level-alerts/alerting/incidents';
import { checkRules, type CheckedRule } from '../../../../src/pipelines/level-alerts/alerting/rules';
import { thresholdRule } from '../../../support/rules';
import { hour, minute } from './runner';

/** All times of the tables are minutes. */
const resolveAfter = 10;

function ruleOf(windowMs = minute, name = 'errors'): CheckedRule {
  const [rule] = checkRules(
    [thresholdRule({ name, level: 'error', threshold: 1, windowMs, origins: '**', each: true, severity: 'error' })],
    minute,
  );
  if (rule === undefined) throw new Error('there is no rule');
  return rule;
}

const errors = ruleOf();

type Arrival = Partial<Omit<Breach, 'start' | 'arrivedAt'>> & { readonly arrivedAt?: number };

/** A breach that starts at a minute, and arrives at another: by default at its end. */
function breach(start: number, { arrivedAt = start + 1, ...rest }: Arrival = {}): Breach {
  return { rule: errors, group: 'a', start: start * minute, arrivedAt: arrivedAt * minute, late: false, ...rest };
}

function taken(...breaches: readonly Breach[]): Incidents {
  const incidents = new Incidents();
  for (const one of breaches) incidents.take(one, resolveAfter * minute);
  return incidents;
}

/** `errors a 5 6 9`: an incident's rule, group and breaches. */
function shown({ rule, group, breaches }: Incident): string {
  return [rule, group, ...breaches.map((start) => start / minute)].join(' ');
}

function only(incidents: Incidents): Incident {
  const [incident, ...others] = incidents.all();
  if (incident === undefined || others.length > 0) throw new Error('there is not one incident');
  return incident;
}

describe('an incident', () => {
  it.each<[string, Breach[], string[]]>([
    ['just less than resolveAfter before it', [breach(20), breach(10)], ['10 20']],
    ['not one that ends resolveAfter before it', [breach(20), breach(9)], ['20', '9']],
    ['just less than resolveAfter after it', [breach(20), breach(30)], ['20 30']],
    ['not one that starts resolveAfter after it', [breach(20), breach(31)], ['20', '31']],
    ['inside it, in order', [breach(0), breach(8), breach(4), breach(6)], ['0 4 6 8']],
    ['inside it rather than next to another', [breach(0), breach(5), breach(16), breach(4)], ['0 4 5', '16']],
    ['of two, when it is the nearer one after it', [breach(0), breach(20), breach(11)], ['0', '11 20']],
    ['of two, when it is the nearer one before it', [breach(0), breach(20), breach(9)], ['0 9', '20']],
    ['of two at one distance, when it is the earlier one', [breach(0), breach(20), breach(10)], ['0 10', '20']],
    [
      'of two at one distance, when it is the earlier one and opened last',
      [breach(20), breach(0), breach(10)],
      ['20', '0 10'],
    ],
    ['that it has, once', [breach(3), breach(3)], ['3']],
  ])('%s', (_, breaches, expected) => {
    expect(
      taken(...breaches)
        .all()
        .map(shown),
    ).toEqual(expected.map((starts) => `errors a ${starts}`));
  });

  it('takes breaches of its own rule and group only', () => {
    const other = ruleOf(minute, 'other');
    const incidents = taken(breach(5), breach(5, { group: 'b' }), breach(5, { rule: other }), breach(6));
    expect(incidents.all().map(shown)).toEqual(['errors a 5 6', 'errors b 5', 'other a 5']);
  });

  it('takes a breach inside it, also without resolveAfter', () => {
    const incidents = new Incidents();
    const [long] = [ruleOf(5 * minute)];
    for (const start of [5, 10, 5]) incidents.take(breach(start, { rule: long }), 0);
    expect(incidents.all().map(shown)).toEqual(['errors a 5', 'errors a 10']);
  });

  it('has the span of its breaches, and the latest arrival', () => {
    const incidents = taken(breach(5, { arrivedAt: 30 }), breach(9, { arrivedAt: 20 }), breach(2, { arrivedAt: 40 }));
    expect(only(incidents)).toEqual({
      id: incidentId('errors', 'a', 5 * minute),
      rule: 'errors',
      group: 'a',
      openedBy: 5 * minute,
      openedAt: 30 * minute,
      breaches: [2 * minute, 5 * minute, 9 * minute],
      from: 2 * minute,
      to: 10 * minute,
      changedAt: 40 * minute,
      late: false,
      closed: false,
      touched: new Set([5 * minute, 9 * minute, 2 * minute]),
      mailed: null,
      owedTo: [],
    });
  });

  it.each([
    [[true], true],
    [[true, true], true],
    [[true, false], false],
    [[false, true], false],
  ])('is late while each of its breaches was: %j', (late, expected) => {
    expect(only(taken(...late.map((one, i) => breach(i, { late: one })))).late).toBe(expected);
  });

  it('only notes that a window was revised when it has the breach', () => {
    const incidents = taken(breach(5));
    const incident = only(incidents);
    incident.touched.clear();
    incidents.takeUnwritten();
    incidents.take(breach(5, { arrivedAt: 50, late: true }), resolveAfter * minute);
    expect(incident).toMatchObject({ changedAt: 6 * minute, touched: new Set([5 * minute]) });
    expect(incidents.takeUnwritten()).toEqual([]);
  });

  it.each([
    ['after its end, and opens again', 7, true],
    ['at its end that its mail did not list, and stays closed', 6, false],
    ['inside it, and stays closed', 5, false],
    ['before it, and stays closed', 3, false],
  ])('takes a breach when it is closed: %s', (_, start, opensAgain) => {
    const incidents = taken(breach(4));
    const incident = only(incidents);
    // As a mail tells it: the span is known, the breaches are not.
    incident.to = 7 * minute;
    incidents.close(incident);
    incidents.takeUnwritten();
    incidents.take(breach(start), resolveAfter * minute);
    expect([incident.closed, incidents.open()]).toEqual(opensAgain ? [false, [incident]] : [true, []]);
    expect(incidents.takeUnwritten()).toEqual([{ id: incident.id, incident }]);
  });
});

describe('open incidents', () => {
  it('come in the order in which they opened, then by their first breach, then by rule and group', () => {
    const other = ruleOf(minute, 'other');
    const breaches = [
      breach(7, { group: 'd', arrivedAt: 20 }),
      breach(5, { group: 'c', arrivedAt: 20 }),
      breach(5, { group: 'b', arrivedAt: 20, rule: other }),
      breach(5, { group: 'b', arrivedAt: 20 }),
      breach(9, { group: 'a', arrivedAt: 10 }),
    ];
    const expected = ['errors a 9', 'errors b 5', 'errors c 5', 'other b 5', 'errors d 7'];
    expect(
      taken(...breaches)
        .open()
        .map(shown),
    ).toEqual(expected);
    expect(
      taken(...breaches.toReversed())
        .open()
        .map(shown),
    ).toEqual(expected);
  });

  it('are those that were neither closed nor removed', () => {
    const incidents = taken(breach(5), breach(5, { group: 'b' }), breach(5, { group: 'c' }));
    const [a, b, c] = incidents.open();
    if (a === undefined || b === undefined) throw new Error('too few are open');
    incidents.close(a);
    incidents.restore(b.id, null);
    expect(incidents.open()).toEqual([c]);
    expect(incidents.all()).toEqual([a, c]);
    expect(incidents.withId(b.id)).toBeNull();
    expect(incidents.withId(a.id)).toBe(a);
  });
});

describe('a restored incident', () => {
  it('replaces the one with its id, and takes breaches in its place', () => {
    const incidents = taken(breach(5));
    const before = only(incidents);
    incidents.restore(before.id, { ...before, breaches: [...before.breaches], closed: true });
    expect(incidents.open()).toEqual([]);
    incidents.take(breach(5), resolveAfter * minute);
    incidents.take(breach(8), resolveAfter * minute);
    expect(incidents.all().map(shown)).toEqual(['errors a 5 8']);
    expect(incidents.open()).toEqual(incidents.all());
  });

  it('takes no breach when it was removed, and leaves the others of its group', () => {
    const incidents = taken(breach(0), breach(20));
    incidents.restore(incidentId('errors', 'a', 0), null);
    incidents.restore('unknown', null);
    incidents.take(breach(1), resolveAfter * minute);
    incidents.take(breach(21), resolveAfter * minute);
    expect(incidents.all().map(shown)).toEqual(['errors a 20 21', 'errors a 1']);
  });

  it('is not written again', () => {
    const incidents = taken(breach(5));
    const incident = only(incidents);
    incidents.takeUnwritten();
    incidents.restore(incident.id, incident);
    expect(incidents.takeUnwritten()).toEqual([]);
  });
});

const mailed: Mailed = { lastAt: 0, reminders: 0, resolutions: 0, newPatterns: 0, toldOver: false, patterns: [] };

describe('unwritten incidents', () => {
  it.each<[string, (incidents: Incidents, incident: Incident) => void]>([
    ['took a breach', (incidents) => incidents.take(breach(6), resolveAfter * minute)],
    ['were closed', (incidents, incident) => incidents.close(incident)],
    ['were mailed', (incidents, incident) => incidents.noteMail(incident, mailed)],
    ['were added', (incidents, incident) => incidents.add(incident)],
  ])('are taken once, when they %s', (_, change) => {
    const incidents = taken(breach(5));
    const incident = only(incidents);
    expect(incidents.takeUnwritten()).toEqual([{ id: incident.id, incident }]);
    expect(incidents.takeUnwritten()).toEqual([]);
    change(incidents, incident);
    expect(incidents.takeUnwritten()).toEqual([{ id: incident.id, incident }]);
  });

  it('have their mail', () => {
    const incidents = taken(breach(5));
    incidents.noteMail(only(incidents), mailed);
    expect(only(incidents).mailed).toEqual(mailed);
  });
});

describe('eviction', () => {
  /** Closed incidents that last changed at these minutes, and an open one that has not changed for longer. */
  function closedAt(...changes: readonly number[]): Incidents {
    const incidents = taken(breach(0, { group: 'open' }));
    for (const at of changes) {
      incidents.take(breach(1, { group: `changed at ${at}`, arrivedAt: at }), resolveAfter * minute);
      const incident = incidents.withId(incidentId('errors', `changed at ${at}`, minute));
      if (incident !== null) incidents.close(incident);
    }
    incidents.takeUnwritten();
    return incidents;
  }

  it.each([
    ['those that last changed at or before a time', 30, 9, ['20', '30']],
    ['none that changed later', 19, 9, []],
    ['the oldest of too many', 0, 2, ['20', '30']],
    ['none of as many as may stay', 0, 4, []],
    ['all when none may stay', 0, 0, ['20', '30', '40', '50']],
  ])('takes away %s', (_, changedBy, most, gone) => {
    const incidents = closedAt(30, 50, 20, 40);
    expect(incidents.evict(changedBy * minute, most)).toBe(gone.length > 0);
    const written = incidents.takeUnwritten();
    expect(written.map(({ incident }) => incident)).toEqual(gone.map(() => null));
    expect(written.map(({ id }) => id)).toEqual(gone.map((at) => incidentId('errors', `changed at ${at}`, minute)));
    expect(incidents.all()).toHaveLength(5 - gone.length);
    expect(incidents.open()).toHaveLength(1);
  });
});

describe('a clock that was ahead and is set back', () => {
  const now = 10;
  const at = (n: number): Partial<Incident> => ({ openedAt: n, changedAt: n, mailed: { ...mailed, lastAt: n } });

  it.each<[string, Partial<Incident>, Partial<Incident> | null]>([
    ['leaves an incident of earlier times', { from: 9, ...at(9) }, null],
    ['leaves an incident of this time', { from: 10, ...at(10) }, null],
    ['leaves an incident without a mail', { from: 10, ...at(10), mailed: null }, null],
    ['moves the opening', { from: 9, ...at(9), openedAt: 11 }, { openedAt: 10 }],
    ['moves the last change', { from: 9, ...at(9), changedAt: 11 }, { changedAt: 10 }],
    [
      'moves the last mail',
      { from: 9, ...at(9), mailed: { ...mailed, lastAt: 11, reminders: 3 } },
      { mailed: { ...mailed, lastAt: 10, reminders: 3 } },
    ],
    ['moves the opening of one without a mail', { from: 9, ...at(11), mailed: null }, { openedAt: 10, changedAt: 10 }],
    ['leaves one open that begins at this time', { from: 10, ...at(10), openedAt: 11 }, { openedAt: 10 }],
    ['closes an incident of a time that has not come', { from: 11, ...at(9) }, { closed: true }],
    ['leaves a closed one closed', { from: 9, ...at(9), openedAt: 11, closed: true }, { openedAt: 10 }],
  ])('%s', (_, changes, expected) => {
    const incidents = taken(breach(0));
    const incident = { ...only(incidents), ...changes };
    incidents.restore(incident.id, incident);
    incidents.takeUnwritten();
    incidents.setBack(now);
    const after = { ...incident, ...expected };
    expect(only(incidents)).toEqual(after);
    expect(incidents.open()).toEqual(after.closed ? [] : [after]);
    expect(incidents.takeUnwritten()).toEqual(expected === null ? [] : [{ id: incident.id, incident: after }]);
  });
});

describe('times', () => {
  it.each([
    [1, 10, 16],
    [1, 0.5, 7],
    [5, 10, 24],
    [5, 5, 19],
    [5, 7, 21],
    [5, 7.5, 22],
  ])('an incident from 5 is over, with windows of %d and resolveAfter %d, at %d', (window, quiet, over) => {
    const rule = ruleOf(window * minute);
    expect(overAt(only(taken(breach(5, { rule }))), rule, quiet * minute) / minute).toBe(over);
  });

  it.each([
    [0, 1],
    [1, 2],
    [2, 4],
    [5, 32],
  ])('after %d reminders, the next one is due after %d intervals', (reminders, intervals) => {
    expect(reminderAt({ ...mailed, lastAt: 7, reminders }, hour)).toBe(7 + intervals * hour);
  });

  it.each([
    [0, 0],
    [1, 5],
    [2, 10],
    [3, 20],
    [4, 30],
  ])(
    'after %d mails about new patterns, the next one waits %d minutes, at most repeatInterval',
    (newPatterns, wait) => {
      expect(newPatternAt({ ...mailed, lastAt: 7, newPatterns }, 30 * minute)).toBe(7 + wait * minute);
    },
  );
});
