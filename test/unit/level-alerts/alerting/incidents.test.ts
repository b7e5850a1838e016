import { incidentId } from '../../../../src/pipelines/level-alerts/alerting/ids';
import {
  growthAt,
  newPatternAt,
  overAt,
  reminderAt,
  reopeningAt,
} from '../../../../src/pipelines/level-alerts/alerting/incident-times';
import {
  Incidents,
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
    ['just less than six times resolveAfter before it', [breach(80), breach(20)], ['20 80']],
    ['not one that ends six times resolveAfter before it', [breach(80), breach(19)], ['80', '19']],
    ['just less than six times resolveAfter after it', [breach(20), breach(80)], ['20 80']],
    ['not one that starts six times resolveAfter after it', [breach(20), breach(81)], ['20', '81']],
    ['inside it, in order', [breach(0), breach(8), breach(4), breach(6)], ['0 4 6 8']],
    ['that connects it with the next one', [breach(0), breach(90), breach(40)], ['0 40 90']],
    ['that connects it with the one before', [breach(90), breach(0), breach(40)], ['0 40 90']],
    ['that connects three', [breach(0), breach(61), breach(122), breach(30), breach(90)], ['0 30 61 90 122']],
    [
      'that connects it with the next one, and leaves others',
      [0, 61, 200, 30].map((n) => breach(n)),
      ['0 30 61', '200'],
    ],
    ['that it has, once', [breach(3), breach(3)], ['3']],
  ])('takes a breach %s', (_, breaches, expected) => {
    expect(
      taken(...breaches)
        .all()
        .map(shown),
    ).toEqual(expected.map((starts) => `errors a ${starts}`));
  });

  it.each([
    [[5], 0],
    [[5, 6, 15, 25], 0],
    [[5, 16], 1],
    [[5, 15, 26, 36, 47], 2],
    [[47, 26, 5, 36, 15], 2],
  ])('with breaches at %j has come back %d times', (starts, flaps) => {
    expect(only(taken(...starts.map((start) => breach(start)))).flaps).toBe(flaps);
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
      flaps: 0,
      late: false,
      closed: false,
      mergedInto: null,
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
    ['after its end', 7],
    ['at its end that its mail did not list', 6],
    ['inside it', 5],
    ['that it has, with more lines', 4],
    ['before it', 3],
  ])('is checked again when it is closed and takes a breach %s', (_, start) => {
    const incidents = taken(breach(4));
    const incident = only(incidents);
    // As a mail tells it: the span is known, the breaches are not.
    incident.to = 7 * minute;
    incidents.close(incident);
    incidents.takeUnwritten();
    incidents.take(breach(start), resolveAfter * minute);
    expect([incident.closed, incidents.open()]).toEqual([false, [incident]]);
    expect(incidents.takeUnwritten()).toEqual([{ id: incident.id, incident }]);
  });
});

describe('incidents that a breach connects', () => {
  const connecting = breach(40, { arrivedAt: 300, late: false });

  /** Incidents at minutes 0 and 90; what they are before another breach connects them. */
  function connected(first: Partial<Incident>, second: Partial<Incident>): Incidents {
    const incidents = taken(breach(0, { arrivedAt: 200 }), breach(90, { arrivedAt: 100 }));
    const [a, b] = incidents.all();
    if (a === undefined || b === undefined) throw new Error('there are not two incidents');
    Object.assign(a, first);
    Object.assign(b, second);
    a.touched.clear();
    incidents.takeUnwritten();
    incidents.take(connecting, resolveAfter * minute);
    return incidents;
  }
  const ids = [incidentId('errors', 'a', 0), incidentId('errors', 'a', 90 * minute)];

  it('go on as the one that opened first, with all that is known', () => {
    const incidents = connected({ late: true, changedAt: 400 * minute }, { late: true });
    expect(only(incidents)).toMatchObject({
      id: ids[1],
      openedBy: 90 * minute,
      openedAt: 100 * minute,
      from: 0,
      to: 91 * minute,
      changedAt: 400 * minute,
      flaps: 2,
      late: false,
      touched: new Set([90, 40, 0].map((n) => n * minute)),
    });
    expect(incidents.takeUnwritten()).toEqual([
      { id: ids[1], incident: only(incidents) },
      { id: ids[0], incident: null },
    ]);
    expect(only(connected({}, { openedAt: 250 * minute }))).toMatchObject({ id: ids[0], openedAt: 200 * minute });
  });

  it('go on as the one that was mailed, when the other was not', () => {
    expect(only(connected({ mailed }, {}))).toMatchObject({ id: ids[0], mailed });
  });

  it('keep the id that was mailed until it is reported as merged, and it takes no breach', () => {
    const incidents = connected({ mailed: { ...mailed, lastAt: 1 }, closed: true }, { mailed });
    expect(incidents.open().map(({ id, mergedInto, closed }) => [id, mergedInto, closed])).toEqual([
      [ids[1], null, false],
      [ids[0], ids[1], false],
    ]);
    expect(incidents.withId(ids[1] ?? '')).toMatchObject({ mailed });
    const other = incidents.withId(ids[0] ?? '');
    expect(other).toMatchObject({ breaches: [0], mailed: { lastAt: 1 } });
    incidents.take(breach(1), resolveAfter * minute);
    expect(incidents.all().map(shown)).toEqual(['errors a 0 1 40 90', 'errors a 0']);
    incidents.takeUnwritten();
    if (other !== null) incidents.forget(other);
    expect(incidents.takeUnwritten()).toEqual([{ id: ids[0], incident: null }]);
    expect(only(incidents).id).toBe(ids[1]);
  });

  it('leave what receivers wait for to the one that continues', () => {
    const incidents = connected({ mailed, owedTo: ['mail', 'slack'] }, { mailed, owedTo: ['mail'] });
    const other = incidents.withId(ids[0] ?? '');
    if (other === null) throw new Error('the merged incident is gone');
    incidents.forget(other);
    expect(incidents.owed().map(({ id, owedTo }) => [id, owedTo])).toEqual([[ids[1], ['mail', 'slack']]]);
    expect(incidents.takeUnwritten().map(({ id }) => id)).toContain(ids[1]);
  });

  it('may be those of an earlier version, which kept them apart', () => {
    const incidents = taken(breach(0), breach(200));
    const later = incidents.withId(incidentId('errors', 'a', 200 * minute));
    if (later === null) throw new Error('there is no later incident');
    for (const start of [20, 40]) {
      const starts = {
        openedBy: start * minute,
        breaches: [start * minute],
        from: start * minute,
        to: start * minute + minute,
      };
      incidents.restore(`${start}`, { ...later, id: `${start}`, ...starts });
    }
    incidents.take(breach(90), resolveAfter * minute);
    expect(incidents.all().map(shown)).toEqual(['errors a 0 20 40 90', 'errors a 200']);
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
    const incidents = taken(breach(0), breach(80));
    incidents.restore(incidentId('errors', 'a', 0), null);
    incidents.restore('unknown', null);
    incidents.take(breach(1), resolveAfter * minute);
    incidents.take(breach(81), resolveAfter * minute);
    expect(incidents.all().map(shown)).toEqual(['errors a 80 81', 'errors a 1']);
  });

  it('is not written again', () => {
    const incidents = taken(breach(5));
    const incident = only(incidents);
    incidents.takeUnwritten();
    incidents.restore(incident.id, incident);
    expect(incidents.takeUnwritten()).toEqual([]);
  });
});

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
    [0, 10],
    [1, 20],
    [2, 40],
    [3, 60],
    [9, 60],
  ])('one that has come back %d times is over after %d minutes without a breach', (flaps, quiet) => {
    expect(overAt({ ...only(taken(breach(5))), flaps }, errors, resolveAfter * minute) / minute).toBe(6 + quiet);
  });

  it.each([
    [false, 0, 5],
    [false, 1, 10],
    [false, 2, 20],
    [false, 3, 30],
    [true, 0, 0],
    [true, 1, 10],
    [true, 3, 30],
  ])(
    'growth is mailed, told as over: %j, after %d such mails, %d minutes after the last mail',
    (toldOver, growths, wait) => {
      expect(growthAt({ ...mailed, lastAt: 7, toldOver, growths }, 30 * minute)).toBe(7 + wait * minute);
    },
  );

  it.each([
    [0, 0],
    [1, 5],
    [2, 10],
    [4, 30],
  ])('the mail that it opened again comes, after %d such mails, %d minutes after the last mail', (reopenings, wait) => {
    expect(reopeningAt({ ...mailed, lastAt: 7, reopenings }, 30 * minute)).toBe(7 + wait * minute);
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
