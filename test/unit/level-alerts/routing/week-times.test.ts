import { daysIn, hoursIn, isWithin, weekTime } from '../../../../src/pipelines/level-alerts/routing/week-times';

describe('days of a route', () => {
  it.each<[string, readonly number[] | null]>([
    ['mon', [0]],
    ['mon-fri', [0, 1, 2, 3, 4]],
    ['sat-mon', [5, 6, 0]],
    ['sun-sun', [6]],
    ['Mon', null],
    ['monday', null],
    ['mon-', null],
    ['', null],
  ])('%j are %j', (text, days) => {
    expect(daysIn(text)).toEqual(days);
  });
});

describe('hours of a route', () => {
  it.each<[string, object | null]>([
    ['09:00-17:30', { from: 540, to: 1050 }],
    ['22:00-06:00', { from: 1320, to: 360 }],
    ['00:00-24:00', { from: 0, to: 1440 }],
    ['09:00-09:00', null],
    ['24:00-06:00', null],
    ['09:00-24:01', null],
    ['9:00-17:00', null],
    ['09:60-17:00', null],
    ['09:00', null],
  ])('%j are %j', (text, hours) => {
    expect(hoursIn(text)).toEqual(hours);
  });
});

describe('times of the week', () => {
  const office = { days: ['mon-fri'], hours: ['09:00-17:00'] };
  const night = { days: ['mon-fri'], hours: ['22:00-06:00'] };
  const early = { days: null, hours: ['02:00-03:00'] };
  const berlin = 'Europe/Berlin';

  // 27 November 2026 is a Friday. In Berlin, the clock goes back on 25 October 2026 at 3:00, and forward on 29 March at 2:00.
  it.each<[string, Parameters<typeof isWithin>[0], string, string, boolean]>([
    ['the first minute', office, berlin, '2026-11-27T08:00:00Z', true],
    ['the minute before', office, berlin, '2026-11-27T07:59:59Z', false],
    ['the last minute', office, berlin, '2026-11-27T15:59:59Z', true],
    ['the end', office, berlin, '2026-11-27T16:00:00Z', false],
    ['a Saturday', office, berlin, '2026-11-28T10:00:00Z', false],
    ['another zone', office, 'America/New_York', '2026-11-27T08:00:00Z', false],
    ['the same wall time in summer', office, berlin, '2026-07-03T07:00:00Z', true],
    ['the first hour of the day in UTC', { days: ['fri'], hours: null }, 'UTC', '2026-11-27T00:00:00Z', true],
    ['a day that has begun in the zone only', { days: ['sat'], hours: null }, berlin, '2026-11-27T23:30:00Z', true],
    ['the evening before midnight', night, berlin, '2026-11-27T22:30:00Z', true],
    ['the morning after, a Saturday', night, berlin, '2026-11-28T04:59:00Z', true],
    ['the morning of Monday, which belongs to Sunday', night, berlin, '2026-11-30T03:00:00Z', false],
    ['a time that is skipped: before', early, berlin, '2026-03-29T00:59:00Z', false],
    ['a time that is skipped: after', early, berlin, '2026-03-29T01:00:00Z', false],
    ['a time that comes twice: first', early, berlin, '2026-10-25T00:30:00Z', true],
    ['a time that comes twice: second', early, berlin, '2026-10-25T01:30:00Z', true],
    ['a time that comes twice: after', early, berlin, '2026-10-25T02:00:00Z', false],
    ['before 1970', office, 'UTC', '1969-12-31T10:00:00Z', true],
    ['two ranges', { days: null, hours: ['01:00-02:00', '09:00-10:00'] }, 'UTC', '2026-11-27T09:30:00Z', true],
  ])('are right at %s', (_, times, zone, at, expected) => {
    expect(isWithin(times, zone, Date.parse(at))).toBe(expected);
  });

  it('are shown as the clock of the zone shows them', () => {
    expect(weekTime(berlin, Date.parse('2026-11-27T23:30:00Z'))).toBe('sat 00:30');
  });
});
