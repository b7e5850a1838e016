import { shortHash } from '../../../../src/pipelines/level-alerts/alerting/ids';
import { Incidents, type Incident } from '../../../../src/pipelines/level-alerts/alerting/incidents';
import { KeptWindows } from '../../../../src/pipelines/level-alerts/alerting/kept-windows';
import { checkRules, type CheckedRule } from '../../../../src/pipelines/level-alerts/alerting/rules';
import {
  hasGrown,
  IncidentFigures,
  newHosts,
  toldNow,
  type Figures,
  type Told,
} from '../../../../src/pipelines/level-alerts/alerting/told';
import { thresholdRule } from '../../../support/rules';
import { errorsRule, minute, windowOf } from './runner';

const [rule] = checkRules([thresholdRule(errorsRule)], minute) as readonly [CheckedRule];

/** Breaches at minutes. */
function incidentAt(...starts: readonly number[]): Incident {
  const incidents = new Incidents();
  for (const start of starts) {
    incidents.take({ rule, group: 'all', start: start * minute, arrivedAt: 0, late: false }, 10 * minute);
  }
  const [incident] = incidents.all();
  if (incident === undefined) throw new Error('there is no incident');
  return incident;
}

const told: Told = {
  lines: 10,
  worst: 6,
  breaches: 2,
  from: 5 * minute,
  to: 8 * minute,
  hosts: [shortHash('a')],
  hostCount: 1,
};

/** Lines in the window at minute 5, and in that at minute 7. */
function figures(changes: { readonly lines?: number; readonly later?: number } & Partial<Figures> = {}): Figures {
  const { lines = 10, later = 0, worst = 6, hosts = new Set(['a']) } = changes;
  return { worst, hosts, linesBefore: (time) => (time > 5 * minute ? lines : 0) + (time > 8 * minute ? later : 0) };
}

describe('an incident has grown past its mails', () => {
  it.each<[string, Incident, Figures, 'open' | 'over' | 'open or over' | 'never', Partial<Told>?]>([
    ['when nothing has changed', incidentAt(5, 7), figures(), 'never'],
    ['when it began earlier', incidentAt(4, 5, 7), figures(), 'open or over'],
    ['with another host', incidentAt(5, 7), figures({ hosts: new Set(['a', 'b']) }), 'open or over'],
    [
      'with another host in place of the one that was told',
      incidentAt(5, 7),
      figures({ hosts: new Set(['b']) }),
      'open or over',
    ],
    ['with twice the lines', incidentAt(5, 7), figures({ lines: 20 }), 'open or over'],
    ['with less than twice the lines', incidentAt(5, 7), figures({ lines: 19 }), 'never'],
    ['with no line, as told', incidentAt(5, 7), figures({ lines: 0 }), 'never', { lines: 0 }],
    ['with many lines after the told span', incidentAt(5, 7, 8), figures({ later: 90 }), 'over'],
    ['with twice the worst value', incidentAt(5, 7), figures({ worst: 12 }), 'open or over'],
    ['with a higher value', incidentAt(5, 7), figures({ worst: 7 }), 'over'],
    ['with the value 0, as told', incidentAt(5, 7), figures({ worst: 0 }), 'never', { worst: 0 }],
    ['with a breach inside its span', incidentAt(5, 6, 7), figures(), 'over'],
    ['with a breach after it', incidentAt(5, 8), figures(), 'over'],
    ['with a breach more than a mail can list', incidentAt(5, 6, 7), figures(), 'never', { breaches: 1000 }],
    [
      'with twice the hosts',
      incidentAt(5, 7),
      figures({ hosts: new Set(['a', 'b', 'c', 'd']) }),
      'open or over',
      { hosts: null, hostCount: 2 },
    ],
    [
      'with some more hosts of very many',
      incidentAt(5, 7),
      figures({ hosts: new Set(['a', 'b', 'c']) }),
      'never',
      { hosts: null, hostCount: 2 },
    ],
    ['with no host, as told', incidentAt(5, 7), figures({ hosts: new Set() }), 'never', { hosts: null, hostCount: 0 }],
  ])('%s', (_, incident, now, expected, changes = {}) => {
    const before = { ...told, ...changes };
    const grown = [false, true].filter((toldOver) => hasGrown(before, incident, now, toldOver));
    expect(grown).toEqual({ open: [false], over: [true], 'open or over': [false, true], never: [] }[expected]);
  });
});

describe('figures of an incident', () => {
  const wide = { ...rule, name: 'wide', windowMs: 2 * minute };

  function kept(...windows: readonly (readonly [string, number, number])[]): KeptWindows {
    const all = new KeptWindows(1, minute, [rule, wide]);
    windows.forEach(([origin, start, errors], offset) =>
      all.put(windowOf(origin, start * minute, errors), { partition: 0, offset, timestamp: 0 }),
    );
    return all;
  }

  it('are its lines, hosts and worst value, without windows that are not breached', () => {
    const windows = kept(['a', 5, 2], ['b', 5, 3], ['c', 5, 0], ['d', 6, 1], ['a', 7, 4]);
    const incident = incidentAt(5, 7);
    const now = new IncidentFigures(windows).of(incident, rule);
    expect([now.worst, [...now.hosts]]).toEqual([5, ['a', 'b']]);
    expect([5, 6, 7, 8].map((time) => now.linesBefore(time * minute))).toEqual([0, 5, 5, 9]);
    expect(toldNow(incident, now)).toEqual({
      lines: 9,
      worst: 5,
      breaches: 2,
      from: 5 * minute,
      to: 8 * minute,
      hosts: ['a', 'b'].map((host) => shortHash(host)).sort(),
      hostCount: 2,
    });
  });

  it('follow revisions of the windows that were touched, and keep those of evicted ones', () => {
    const windows = kept(['a', 5, 2], ['a', 7, 4]);
    const incident = incidentAt(5, 7);
    const all = new IncidentFigures(windows);
    all.of(incident, rule);
    incident.touched.clear();
    windows.put(windowOf('b', 7 * minute, 9), { partition: 0, offset: 9, timestamp: 50 });
    expect(all.of(incident, rule).linesBefore(Infinity)).toBe(6);
    windows.evict(0);
    incident.touched.add(5 * minute).add(7 * minute);
    const now = all.of(incident, rule);
    expect([now.linesBefore(Infinity), now.worst, [...now.hosts]]).toEqual([11, 9, ['a', 'b']]);
  });

  it('count a line once when breached windows overlap', () => {
    const windows = kept(['a', 5, 2], ['a', 6, 3], ['a', 7, 4]);
    expect(new IncidentFigures(windows).of(incidentAt(5, 6), wide).linesBefore(Infinity)).toBe(9);
  });

  it('name no host when there are more than 256', () => {
    const hosts = (n: number): Figures => figures({ hosts: new Set(Array.from({ length: n }, (_, i) => `h${i}`)) });
    expect(toldNow(incidentAt(5), hosts(256)).hosts).toHaveLength(256);
    expect(toldNow(incidentAt(5), hosts(257))).toMatchObject({ hosts: null, hostCount: 257 });
  });
});

it('a breach more counts only where the mail could list all of them', () => {
  const many = incidentAt(...Array.from({ length: 1001 }, (_, i) => i));
  const all = { ...told, from: many.from, to: many.to };
  const grown = [999, 1000].map((breaches) => hasGrown({ ...all, breaches }, many, figures(), true));
  expect(grown).toEqual([true, false]);
});

it('figures evaluate the breached windows that overlap a revised one, and no others', () => {
  const evaluated: number[] = [];
  const watched: CheckedRule = {
    ...rule,
    windowMs: 3 * minute,
    evaluate: (window) => {
      evaluated.push(window.start / minute);
      return rule.evaluate(window);
    },
  };
  const all = new IncidentFigures(new KeptWindows(1, minute, [watched]));
  const incident = incidentAt(...Array.from({ length: 10 }, (_, i) => i));
  all.of(incident, watched);
  evaluated.length = 0;
  incident.touched.clear();
  incident.touched.add(5 * minute);
  all.of(incident, watched);
  expect(evaluated.sort((a, b) => a - b)).toEqual([3, 4, 5, 6, 7]);
});

it('new hosts are those that were not told, as far as that is known', () => {
  expect(newHosts(told, ['c', 'a', 'b'])).toEqual(['c', 'b']);
  expect(newHosts({ ...told, hosts: null }, ['b'])).toEqual([]);
});
