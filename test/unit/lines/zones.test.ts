import fc from 'fast-check';
import { instantOf, latestWall, zoneNamed } from '../../../src/lines/zones';

const wall = (text: string): number => Date.parse(`${text}Z`);

describe('zones', () => {
  it.each([
    ['UTC', '2021-10-17T12:00:00.5', '2021-10-17T12:00:00.500Z'],
    ['Europe/Berlin', '2021-10-17T12:00:00', '2021-10-17T10:00:00.000Z'],
    ['Europe/Berlin', '2021-12-17T12:00:00', '2021-12-17T11:00:00.000Z'],
    ['Asia/Kolkata', '2021-12-17T00:00:00', '2021-12-16T18:30:00.000Z'],
    ['America/New_York', '2021-11-06T23:59:59.999', '2021-11-07T03:59:59.999Z'],
    // Skipped: use the previous offset.
    ['Europe/Berlin', '2021-03-28T02:30:00', '2021-03-28T01:30:00.000Z'],
    ['Europe/Berlin', '2021-03-28T03:00:00', '2021-03-28T01:00:00.000Z'],
    ['Europe/Berlin', '2021-03-28T01:59:59', '2021-03-28T00:59:59.000Z'],
    // Ambiguous: use the earlier instant.
    ['Europe/Berlin', '2021-10-31T02:30:00', '2021-10-31T00:30:00.000Z'],
    ['Europe/Berlin', '2021-10-31T03:00:00', '2021-10-31T02:00:00.000Z'],
    // Half an hour of summer time.
    ['Australia/Lord_Howe', '2021-10-03T02:15:00', '2021-10-02T15:45:00.000Z'],
    ['Australia/Lord_Howe', '2021-10-03T02:30:00', '2021-10-02T15:30:00.000Z'],
  ])('%s at %s is %s', (name, local, expected) => {
    const zone = zoneNamed(name);
    expect(new Date(zone.toEpoch(wall(local))).toISOString()).toBe(expected);
    expect(new Date(zone.toEpoch(wall(local))).toISOString()).toBe(expected);
  });

  it('convert an instant to wall time', () => {
    expect(zoneNamed('Europe/Berlin').toWall(Date.parse('2021-07-01T23:30:00.250Z'))).toBe(
      wall('2021-07-02T01:30:00.250'),
    );
    expect(zoneNamed('UTC').toWall(5)).toBe(5);
  });

  it('throw CONFIG for an unknown name', () => {
    expect.assertions(1);
    try {
      zoneNamed('Europe/Atlantis');
    } catch (error) {
      expect(error).toMatchObject({
        code: 'CONFIG',
        message: 'Unknown time zone "Europe/Atlantis". Use an IANA name such as Europe/Berlin.',
        cause: expect.any(RangeError) as RangeError,
      });
    }
  });
});

const instant = (text: string): number => Date.parse(`${text}Z`);
const iso = (epoch: number): string => new Date(epoch).toISOString().slice(0, 19);

describe('the instant of a wall time', () => {
  it.each([
    // The second 02:10 goes back, continues the line above, and is not after the upload.
    ['Europe/Berlin', '2026-10-25T02:10:00', '2026-10-25T00:59:00', '2026-10-25T01:10:30', '2026-10-25T01:10:00'],
    ['Europe/Berlin', '2026-10-25T02:59:59', '2026-10-25T01:10:00', '2026-10-25T09:00:00', '2026-10-25T01:59:59'],
    // It would be after the upload.
    ['Europe/Berlin', '2026-10-25T02:10:00', '2026-10-25T00:59:00', '2026-10-25T01:00:00', '2026-10-25T00:10:00'],
    // It does not go back, or only as much as threads do.
    ['Europe/Berlin', '2026-10-25T02:59:30', '2026-10-25T00:59:00', '2026-10-25T09:00:00', '2026-10-25T00:59:30'],
    ['Europe/Berlin', '2026-10-25T02:58:30', '2026-10-25T00:59:00', '2026-10-25T09:00:00', '2026-10-25T00:58:30'],
    // The line above is from just after the hour, and from long after it.
    ['Europe/Berlin', '2026-10-25T02:59:59', '2026-10-25T02:00:01', '2026-10-25T09:00:00', '2026-10-25T01:59:59'],
    ['Europe/Berlin', '2026-10-25T02:59:59', '2026-10-25T08:00:00', '2026-10-25T09:00:00', '2026-10-25T00:59:59'],
    // A time that comes once.
    ['Europe/Berlin', '2026-10-25T01:59:00', '2026-10-25T00:59:00', '2026-10-25T09:00:00', '2026-10-24T23:59:00'],
    ['Europe/Berlin', '2026-03-29T02:30:00', '2026-03-29T03:00:00', '2026-03-29T09:00:00', '2026-03-29T01:30:00'],
    ['America/New_York', '2026-11-01T01:05:00', '2026-11-01T05:50:00', '2026-11-01T06:05:00', '2026-11-01T06:05:00'],
    ['America/New_York', '2026-11-01T01:05:00', '2026-11-01T05:00:00', '2026-11-01T06:05:00', '2026-11-01T05:05:00'],
    // Half an hour comes twice.
    ['Australia/Lord_Howe', '2026-04-05T01:40:00', '2026-04-04T14:55:00', '2026-04-04T16:00:00', '2026-04-04T15:10:00'],
    ['Australia/Lord_Howe', '2026-04-05T01:20:00', '2026-04-04T14:55:00', '2026-04-04T16:00:00', '2026-04-04T14:20:00'],
    // Without daylight saving: by a new law, and never.
    ['Europe/Moscow', '2014-10-26T01:10:00', '2014-10-25T21:50:00', '2014-10-26T00:00:00', '2014-10-25T22:10:00'],
    ['Asia/Kathmandu', '2026-10-25T02:10:00', '2026-10-24T21:00:00', '2026-10-25T09:00:00', '2026-10-24T20:25:00'],
    ['UTC', '2026-10-25T02:10:00', '2026-10-25T02:59:00', '2026-10-25T09:00:00', '2026-10-25T02:10:00'],
  ])('in %s, %s after %s, uploaded at %s, is %s', (name, local, previous, uploaded, expected) => {
    const zone = zoneNamed(name);
    expect(iso(instantOf(zone, wall(local), instant(previous), instant(uploaded)))).toBe(expected);
  });

  it.each(['UTC', 'Europe/Berlin'])('is NaN in %s for a time that no calendar has', (zone) => {
    for (const wall of [Number.NaN, Number.POSITIVE_INFINITY, 8.64e15, -8.64e15])
      expect(instantOf(zoneNamed(zone), wall, Number.NaN, 0)).toBeNaN();
  });

  it('is the earlier one without a line above', () => {
    const zone = zoneNamed('Europe/Berlin');
    const time = instantOf(zone, wall('2026-10-25T02:10:00'), Number.NaN, instant('2026-10-25T09:00:00'));
    expect(iso(time)).toBe('2026-10-25T00:10:00');
  });

  const nights: [string, string, number][] = [
    ['Europe/Berlin', '2026-10-25T01:00:00', 60],
    ['America/New_York', '2026-11-01T06:00:00', 60],
    ['Australia/Lord_Howe', '2026-04-04T15:00:00', 30],
  ];

  it.each(nights)('gives the lines of %s their times in the night of %s', (name, transition, repeatedMinutes) => {
    const zone = zoneNamed(name);
    // A log without a longer silence, uploaded at any times, so that the second time has a line before it.
    const gaps = fc.array(fc.integer({ min: 0, max: (repeatedMinutes - 3) * 60_000 }), { minLength: 1, maxLength: 60 });
    const first = fc.integer({ min: instant(transition) - 7_200_000, max: instant(transition) - 120_000 });
    const lags = fc.infiniteStream(fc.nat(86_400_000));
    fc.assert(
      fc.property(first, gaps, lags, (begin, silences, uploadedAfter) => {
        let truth = begin;
        let previous = Number.NaN;
        for (const silence of [0, ...silences]) {
          truth += silence;
          const uploaded = truth + (uploadedAfter.next() as IteratorYieldResult<number>).value;
          previous = instantOf(zone, zone.toWall(truth), previous, uploaded);
          expect(previous).toBe(truth);
        }
      }),
    );
  });
});

describe('the latest wall time', () => {
  it.each([
    ['Europe/Berlin', '2026-10-25T00:30:00', '2026-10-25T02:30:00'],
    ['Europe/Berlin', '2026-10-25T01:30:00', '2026-10-25T03:30:00'],
    ['Europe/Berlin', '2026-10-25T02:30:00', '2026-10-25T03:30:00'],
    ['UTC', '2026-10-25T01:30:00', '2026-10-25T01:30:00'],
  ])('in %s at %s is %s', (name, at, expected) => {
    expect(iso(latestWall(zoneNamed(name), instant(at)))).toBe(expected);
  });
});
