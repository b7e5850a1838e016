import {
  fromRecord,
  isIncidentRecord,
  restoreIncident,
  takeIncidentRecords,
} from '../../../../src/pipelines/level-alerts/alerting/incident-records';
import { Incidents, type Incident, type Mailed } from '../../../../src/pipelines/level-alerts/alerting/incidents';
import { checkRules, type CheckedRule } from '../../../../src/pipelines/level-alerts/alerting/rules';
import { thresholdRule } from '../../../support/rules';
import { errorsRule, minute } from './runner';

function ruleOf(threshold: number): CheckedRule {
  const [rule] = checkRules([thresholdRule({ ...errorsRule, threshold })], minute);
  if (rule === undefined) throw new Error('there is no rule');
  return rule;
}

const rule = ruleOf(1);
const rules = new Map([[rule.name, rule]]);
const mailed: Mailed = {
  lastAt: 5,
  reminders: 1,
  resolutions: 2,
  newPatterns: 3,
  reopenings: 4,
  growths: 5,
  toldOver: true,
  patterns: ['a'],
  told: null,
};

/** Its breaches are minutes. */
function incident(breaches: readonly number[], changes: Partial<Incident> = {}): Incident {
  const starts = breaches.map((start) => start * minute);
  return {
    ...{ id: 'i', rule: 'errors', group: 'all', openedBy: 0, openedAt: 1, breaches: starts, from: 2, to: 3 },
    ...{ flaps: 0, changedAt: 4, late: true, closed: false, mergedInto: null, touched: new Set(starts), mailed: null },
    ...{ owedTo: [] },
    ...changes,
  };
}

/** The record of an incident, as JSON. */
function written(one: Incident): unknown {
  const incidents = new Incidents();
  incidents.add(one);
  const [record, ...others] = takeIncidentRecords(incidents, () => rule, 9);
  expect(others).toEqual([]);
  expect(record).toMatchObject({ topic: 'alerting-state', key: Buffer.from('{"incident":"i"}'), timestamp: 9 });
  return JSON.parse(String(record?.value));
}

interface Restored {
  readonly isRead: boolean;
  readonly incidents: readonly Incident[];
  readonly unwritten: readonly string[];
}

/** Restores one record beside an incident `i` that was there. */
function restored(key: string | null, value: unknown): Restored {
  const incidents = new Incidents();
  incidents.restore('i', incident([7]));
  const isRead = restoreIncident(incidents, rules, {
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(JSON.stringify(value)),
  });
  return { isRead, incidents: incidents.all(), unwritten: [...incidents.unwritten] };
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' ? { ...value } : {};
}

const ofI = '{"incident":"i"}';

describe('the record of an incident', () => {
  it.each<[number[], [number, number][]]>([
    [[], []],
    [[5], [[5, 1]]],
    [[5, 6, 7], [[5, 3]]],
    [
      [5, 7],
      [
        [5, 1],
        [7, 1],
      ],
    ],
    [
      [1, 2, 3, 5, 6, 9],
      [
        [1, 3],
        [5, 2],
        [9, 1],
      ],
    ],
  ])('has the breaches %j as runs, and gives them back', (breaches, runs) => {
    const record = written(incident(breaches));
    expect(record).toMatchObject({ runs: runs.map(([start, n]) => [start * minute, n]) });
    expect(restored(ofI, record)).toEqual({ isRead: true, incidents: [incident(breaches)], unwritten: [] });
  });

  it('has everything else as it was', () => {
    expect(restored(ofI, written(incident([5], { mailed }))).incidents).toEqual([incident([5], { mailed })]);
    expect(written(incident([5], { mailed }))).toEqual({
      ...{ v: 1, id: 'i', rule: 'errors', definition: rule.definition, group: 'all', openedBy: 0, openedAt: 1 },
      ...{ from: 2, to: 3, changedAt: 4, late: true, closed: false, runs: [[5 * minute, 1]], mailed },
    });
  });

  it('has no patterns of a closed incident, which checks no window for new ones', () => {
    const closed = incident([5], { closed: true, mailed });
    const back = { ...closed, touched: new Set(), mailed: { ...mailed, patterns: null } };
    expect(restored(ofI, written(closed)).incidents).toEqual([back]);
    const quiet = incident([5], { closed: true });
    expect(restored(ofI, written(quiet)).incidents).toEqual([{ ...quiet, touched: new Set() }]);
  });

  it('has the last 10,000 runs', () => {
    const every = incident(Array.from({ length: 10_001 }, (_, i) => 2 * i));
    const [last] = restored(ofI, written(every)).incidents;
    expect([last?.breaches.length, last?.breaches[0]]).toEqual([10_000, 2 * minute]);
  });

  it('is a tombstone when the incident is gone', () => {
    const incidents = new Incidents();
    incidents.add(incident([5], { closed: true }));
    incidents.evict(4, 0);
    expect(takeIncidentRecords(incidents, () => rule, 9)).toMatchObject([{ key: Buffer.from(ofI), value: null }]);
  });
});

describe('restoreIncident', () => {
  it('removes an incident by its tombstone', () => {
    expect(restored(ofI, null)).toEqual({ isRead: true, incidents: [], unwritten: [] });
    expect(restored('{"incident":"j"}', null).incidents).toEqual([incident([7])]);
  });

  it.each([
    ['no key', null, written(incident([5]))],
    ['a key that names no incident', '{}', written(incident([5]))],
    ['a key that is not JSON', 'i', null],
    ['no incident', ofI, {}],
    ['another version', ofI, { ...fieldsOf(written(incident([5]))), v: 2 }],
    ['a version alone', ofI, { v: 1 }],
  ])('refuses a record with %s, and changes nothing', (_, key, value) => {
    expect(restored(key, value)).toEqual({ isRead: false, incidents: [incident([7])], unwritten: [] });
  });

  it.each([
    ['changed', { ...fieldsOf(written(incident([5]))), definition: ruleOf(2).definition }],
    ['is gone', { ...fieldsOf(written(incident([5]))), rule: 'other' }],
  ])('removes an incident whose rule %s, and its record', (_, value) => {
    expect(restored(ofI, value)).toEqual({ isRead: true, incidents: [], unwritten: ['i'] });
  });

  it('reads a record without a version, as heads of version 1 held them', () => {
    const { v, ...record } = fieldsOf(written(incident([5])));
    expect(v).toBe(1);
    if (!isIncidentRecord(record)) throw new Error('not a record');
    expect(fromRecord(record, rules)).toEqual(incident([5]));
  });
});
